"""Predictions spread over two processes give what one process gives."""

import json

import numpy as np
import pytest
from detectron2.engine import launch
from detectron2.utils import comm

from .cases import detector_pairs, ground_truth_pairs, make_evaluator, process, write_small_set

# Case -> (box source, samples, how many of the two processes have samples).
CASES = {
    "detector": ("detector", detector_pairs, 2),
    "ground_truth": ("ground_truth", ground_truth_pairs, 2),
    "second_has_none": ("ground_truth", ground_truth_pairs, 1),
}


def evaluate_case(json_file, folder, case, rank=0, world_size=1):
    """Evaluate every ``world_size``-th sample, so that one image's people are split."""
    boxes, make_pairs, _ = CASES[case]
    pairs = make_pairs(json_file, np.random.default_rng(0))
    evaluator = make_evaluator(json_file, person_boxes=boxes, output_dir=str(folder / case))
    process(evaluator, pairs[rank::world_size] if rank < world_size else [])
    return evaluator.evaluate()


def evaluate_all_cases(json_file, folder):
    rank = comm.get_rank()
    results = {
        case: evaluate_case(json_file, folder, case, rank, num_with_samples)
        for case, (_, _, num_with_samples) in CASES.items()
    }
    (folder / f"results_{rank}.json").write_text(json.dumps(results))


def read(path):
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """The data set, and the folder with what two gloo processes wrote."""
    folder = tmp_path_factory.mktemp("two")
    json_file = write_small_set(folder / "small.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        launch(evaluate_all_cases, 2, dist_url="auto", args=(json_file, folder))
    return json_file, folder


@pytest.mark.parametrize("case", CASES)
def test_two_processes_equal_one(two_processes, tmp_path, case):
    json_file, folder = two_processes
    expected = evaluate_case(json_file, tmp_path, case)
    assert read(folder / "results_0.json")[case] == expected
    assert read(folder / "results_1.json")[case] == {}
    people = read(tmp_path / case / "coco_instances_results.json")
    assert read(folder / case / "coco_instances_results.json") == people
    num_people = len(CASES[case][1](json_file, np.random.default_rng(0)))
    if case == "detector":
        assert len(people) < num_people  # OKS-NMS had something to remove
    else:
        assert len(people) == num_people
