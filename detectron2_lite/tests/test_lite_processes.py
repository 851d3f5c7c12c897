"""launch, comm, samplers and training with two gloo processes."""

import itertools
import json
from pathlib import Path

import pytest
import torch
from torch import nn

import detectron2
from detectron2.checkpoint import DetectionCheckpointer
from detectron2.data import build_detection_train_loader
from detectron2.data.samplers import InferenceSampler, TrainingSampler
from detectron2.engine import SimpleTrainer, create_ddp_model, launch
from detectron2.evaluation import DatasetEvaluator, DatasetEvaluators
from detectron2.utils import comm

IS_LITE = "lite" in detectron2.__version__


class OnMainProcess(DatasetEvaluator):
    def evaluate(self):
        values = comm.gather(comm.get_rank() + 1)
        return {"sum": sum(values)} if comm.is_main_process() else None


class Loss(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return {"loss": x * self.weight.sum()}


def observe(folder):
    """Run in each process: write what this process saw."""
    rank = comm.get_rank()
    seen = {
        "ranks": [rank, comm.get_world_size(), comm.get_local_rank(), comm.get_local_size()],
        "is_main": comm.is_main_process(),
        "all_gather": comm.all_gather({"rank": rank}),
        "gather": comm.gather(f"from {rank}"),
        "gather_1": comm.gather(rank, dst=1),
        "seed": comm.shared_random_seed(),
    }
    seen["inference"] = list(InferenceSampler(7))
    seen["training"] = list(itertools.islice(TrainingSampler(6, seed=4), 6))
    unseeded = TrainingSampler(6)
    seen["unseeded"] = list(itertools.islice(unseeded, 3))
    loader = build_detection_train_loader(
        list(range(8)),
        mapper=None,
        sampler=TrainingSampler(8, shuffle=False),
        total_batch_size=4,
        aspect_ratio_grouping=False,
    )
    seen["batches"] = list(itertools.islice(loader, 2))
    seen["results"] = DatasetEvaluators([OnMainProcess()]).evaluate()
    DetectionCheckpointer(Loss(), f"{folder}/checkpoints_{rank}").save("model")

    # Genuine create_ddp_model names a GPU, so it fails on the CPU.
    wrap = create_ddp_model if IS_LITE else nn.parallel.DistributedDataParallel
    model = wrap(Loss())
    assert isinstance(model, nn.parallel.DistributedDataParallel)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    trainer = SimpleTrainer(model, [torch.tensor(1.0 + 2 * rank)], optimizer)
    trainer.train(0, 1)
    seen["weight"] = model.module.weight.item()
    seen["total_loss"] = trainer.storage.latest().get("total_loss")
    comm.synchronize()
    with open(f"{folder}/{rank}.json", "w") as file:
        json.dump(seen, file)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two_processes")
    (folder / "checkpoints_0").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        # The new processes must find this module, under the name that pytest gave it.
        patch.syspath_prepend(Path(__file__).resolve().parents[__name__.count(".")])
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        patch.setenv("OMP_NUM_THREADS", "1")
        launch(observe, 2, dist_url="auto", args=(str(folder),))
    found = [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]
    found.append(folder)
    return found


def test_ranks(seen):
    assert seen[0]["ranks"] == [0, 2, 0, 2]
    assert seen[1]["ranks"] == [1, 2, 1, 2]
    assert [seen[0]["is_main"], seen[1]["is_main"]] == [True, False]


def test_gathering(seen):
    assert seen[0]["all_gather"] == seen[1]["all_gather"] == [{"rank": 0}, {"rank": 1}]
    assert [seen[0]["gather"], seen[1]["gather"]] == [["from 0", "from 1"], []]
    assert [seen[0]["gather_1"], seen[1]["gather_1"]] == [[], [0, 1]]


def test_shared_seed(seen):
    assert seen[0]["seed"] == seen[1]["seed"]


def test_inference_sampler_parts(seen):
    assert [seen[0]["inference"], seen[1]["inference"]] == [[0, 1, 2, 3], [4, 5, 6]]


def test_training_sampler_parts(seen):
    generator = torch.Generator().manual_seed(4)
    stream = [i for _ in range(2) for i in torch.randperm(6, generator=generator).tolist()]
    assert seen[0]["training"] == stream[0::2]
    assert seen[1]["training"] == stream[1::2]
    # Without a seed the processes agree on one, so that together they still see every sample.
    assert sorted(seen[0]["unseeded"] + seen[1]["unseeded"]) == list(range(6))


def test_total_batch_size_is_shared(seen):
    assert seen[0]["batches"] == [[0, 2], [4, 6]]
    assert seen[1]["batches"] == [[1, 3], [5, 7]]


def test_results_are_the_main_processs(seen):
    assert [seen[0]["results"], seen[1]["results"]] == [{"sum": 3}, {}]


def test_only_the_main_process_saves(seen):
    folder = seen[2]
    assert (folder / "checkpoints_0/model.pth").exists()
    assert not (folder / "checkpoints_1").exists()


def test_training_averages_gradients_and_logged_losses(seen):
    assert seen[0]["weight"] == seen[1]["weight"] == 1.0 - 2.0
    assert seen[0]["total_loss"] == [2.0, 0]
    assert seen[1]["total_loss"] is None


@pytest.mark.parametrize("num_gpus", [0, 1])
def test_one_process_runs_here(num_gpus):
    calls = []
    launch(calls.append, num_gpus, args=("here",))
    assert calls == ["here"]
    assert comm.get_world_size() == 1
    assert comm.get_rank() == comm.get_local_rank() == 0
    assert comm.get_local_size() == 1
    assert comm.all_gather("x") == comm.gather("x") == ["x"]
    comm.synchronize()


def test_no_gpus_and_one_gpu_run_in_this_process():
    called = []
    for num_gpus in (0, 1):
        launch(called.append, num_gpus, args=(num_gpus,))
    assert called == [0, 1]
