"""Images spread over two processes give what one process gives."""

import json

import pytest
from detectron2.engine import launch
from detectron2.utils import comm

from .cases import process, write_small_set
from .image_cases import (
    make_coco_evaluator,
    make_crowdpose_evaluator,
    noisy_pairs,
    write_crowdpose_set,
)

# Case -> (writer of the file, evaluator, keypoints, how many of the two processes have images).
CASES = {
    "coco": (write_small_set, make_coco_evaluator, 17, 2),
    "crowdpose": (write_crowdpose_set, make_crowdpose_evaluator, 14, 2),
    "second_has_none": (write_small_set, make_coco_evaluator, 17, 1),
}


def evaluate_case(folder, case, rank=0, world_size=1):
    _, make_evaluator, num_keypoints, _ = CASES[case]
    json_file = folder / f"{case}.json"
    evaluator = make_evaluator(json_file)
    pairs = noisy_pairs(json_file, num_keypoints=num_keypoints, gammas=(0.1, 0.2))
    process(evaluator, pairs[rank::world_size] if rank < world_size else [], batch_size=2)
    return evaluator.evaluate()


def evaluate_all_cases(folder):
    rank = comm.get_rank()
    results = {case: evaluate_case(folder, case, rank, CASES[case][3]) for case in CASES}
    (folder / f"results_{rank}.json").write_text(json.dumps(results))


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """The folder with the data sets and with what two gloo processes wrote."""
    folder = tmp_path_factory.mktemp("two")
    for case, (write, *_) in CASES.items():
        write(folder / f"{case}.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        launch(evaluate_all_cases, 2, dist_url="auto", args=(folder,))
    return folder


@pytest.mark.parametrize("case", CASES)
def test_two_processes_equal_one(two_processes, case):
    results = [json.loads((two_processes / f"results_{rank}.json").read_text()) for rank in (0, 1)]
    assert results[0][case] == evaluate_case(two_processes, case)
    assert results[1][case] == {}
