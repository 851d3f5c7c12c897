"""MPII's and WFLW's predictions, spread over two processes, give what one process gives."""

import json

import pytest
from detectron2.engine import launch
from detectron2.utils import comm
from helpers.entry_sets import write_mpii, write_wflw

from adaanchor_d2.evaluation import MpiiEvaluator, WflwEvaluator

from .cases import process
from .entry_cases import predict

EVALUATORS = {"mpii_keypoints_val": MpiiEvaluator, "wflw_test": WflwEvaluator}


def evaluate(dataset_name, folder, rank=0, world_size=1):
    evaluator = EVALUATORS[dataset_name](
        dataset_name=dataset_name,
        output_dir=str(folder / dataset_name),
        person_boxes="ground_truth",
    )
    process(evaluator, predict(dataset_name)[rank::world_size])
    return evaluator.evaluate()


def evaluate_all(folder):
    rank = comm.get_rank()
    results = {name: evaluate(name, folder, rank, 2) for name in EVALUATORS}
    (folder / f"results_{rank}.json").write_text(json.dumps(results))


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """The folder with what two gloo processes wrote."""
    folder = tmp_path_factory.mktemp("two")
    write_mpii(folder / "mpii", num_people=7)
    write_wflw(folder / "wflw", num_faces=7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        patch.setenv("DETECTRON2_DATASETS", str(folder))
        launch(evaluate_all, 2, dist_url="auto", args=(folder,))
        yield folder


@pytest.mark.parametrize("dataset_name", EVALUATORS)
def test_two_processes_equal_one(two_processes, tmp_path, dataset_name):
    expected = evaluate(dataset_name, tmp_path)
    for rank, results in enumerate([expected, {}]):
        written = json.loads((two_processes / f"results_{rank}.json").read_text())
        assert written[dataset_name] == results
    name = f"{dataset_name}/keypoint_predictions.json"
    assert (two_processes / name).read_text() == (tmp_path / name).read_text().replace(
        str(tmp_path), str(two_processes)
    )
