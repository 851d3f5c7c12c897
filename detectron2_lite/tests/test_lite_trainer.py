"""The default trainer: whole trainings, resuming, evaluation."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

import detectron2
from detectron2.config import get_cfg
from detectron2.data import build_detection_test_loader, build_detection_train_loader
from detectron2.engine import DefaultTrainer, HookBase
from detectron2.evaluation import DatasetEvaluator

IS_LITE = "lite" in detectron2.__version__
only_lite = pytest.mark.skipif(not IS_LITE, reason="what only detectron2_lite does")


class Regression(nn.Module):
    """y = w x, to be learned from y = 3 x."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, batch):
        x = torch.tensor([float(sample["x"]) for sample in batch])
        if not self.training:
            return [{"y": value} for value in (self.weight * x).tolist()]
        return {"loss_fit": ((self.weight - 3.0) * x).square().mean(), "loss_zero": 0 * x.sum()}


class LastError(DatasetEvaluator):
    def reset(self):
        self.errors = []

    def process(self, inputs, outputs):
        for sample, output in zip(inputs, outputs, strict=True):
            self.errors.append(abs(output["y"] - 3.0 * sample["x"]))

    def evaluate(self):
        return {"fit": {"error": max(self.errors)}}


SAMPLES = [{"x": 0.5 + i / 10} for i in range(10)]


class Trainer(DefaultTrainer):
    @classmethod
    def build_model(cls, cfg):
        return Regression()

    @classmethod
    def build_train_loader(cls, cfg):
        return build_detection_train_loader(
            SAMPLES,
            mapper=None,
            total_batch_size=cfg.SOLVER.IMS_PER_BATCH,
            aspect_ratio_grouping=False,
        )

    @classmethod
    def build_test_loader(cls, cfg, dataset_name):
        return build_detection_test_loader(SAMPLES, mapper=None, batch_size=4)

    @classmethod
    def build_evaluator(cls, cfg, dataset_name):
        return LastError()


@pytest.fixture
def cfg(tmp_path):
    result = get_cfg()
    result.MODEL.DEVICE = "cpu"
    result.OUTPUT_DIR = str(tmp_path / "out")
    result.DATASETS.TEST = ("some_test_set",)
    result.SOLVER.IMS_PER_BATCH = 5
    result.SOLVER.MAX_ITER = 30
    result.SOLVER.BASE_LR = 0.1
    result.SOLVER.MOMENTUM = 0.0
    result.SOLVER.STEPS = (25,)
    result.SOLVER.WARMUP_ITERS = 0
    result.SOLVER.CHECKPOINT_PERIOD = 10
    result.TEST.EVAL_PERIOD = 10
    return result


def train(cfg, resume=False):
    trainer = Trainer(cfg)
    trainer.resume_or_load(resume=resume)
    trainer.train()
    return trainer


def read_metrics(cfg):
    lines = (Path(cfg.OUTPUT_DIR) / "metrics.json").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_default_trainer(cfg):
    trainer = train(cfg)
    assert trainer.iter == trainer.max_iter == 30
    assert trainer.model.weight.item() == pytest.approx(3.0, abs=0.1)
    assert trainer.optimizer.param_groups[0]["lr"] == pytest.approx(0.01)
    files = {path.name for path in Path(cfg.OUTPUT_DIR).iterdir()}
    assert {
        "model_0000009.pth",
        "model_0000019.pth",
        "model_0000029.pth",
        "model_final.pth",
        "last_checkpoint",
        "metrics.json",
    } <= files
    assert any("tfevents" in name for name in files)
    metrics = read_metrics(cfg)
    # The writers come every 20 iterations, and at the end; after the end with the last evaluation.
    assert {line["iteration"] for line in metrics} == {19, 29, 30}
    at_19 = next(line for line in metrics if line["iteration"] == 19)
    assert {"total_loss", "loss_fit", "lr", "time", "data_time", "rank_data_time"} <= set(at_19)
    assert at_19["lr"] == pytest.approx(0.1)
    assert "fit/error" in at_19
    assert metrics[-1]["fit/error"] < 0.5


def test_interrupted_training_is_resumed_from_its_last_checkpoint(cfg):
    class Interrupted(Exception):
        pass

    class Interrupter(HookBase):
        def after_step(self):
            if self.trainer.iter == 14:
                raise Interrupted

    def checkpoint(name):
        return torch.load(Path(cfg.OUTPUT_DIR) / name, weights_only=True)

    cfg.SOLVER.MOMENTUM = 0.9
    trainer = Trainer(cfg)
    trainer.register_hooks([Interrupter()])
    with pytest.raises(Interrupted):
        trainer.train()
    saved = checkpoint("model_0000009.pth")
    assert saved["iteration"] == 9
    assert saved["trainer"]["iteration"] == 9
    assert saved["trainer"]["hooks"]["LRScheduler"]["last_epoch"] == 10
    assert "state" in saved["trainer"]["_trainer"]["optimizer"]

    resumed = Trainer(cfg)
    resumed.resume_or_load(resume=True)
    assert resumed.start_iter == 10
    assert resumed.model.weight.item() == saved["model"]["weight"].item()
    momentum = saved["trainer"]["_trainer"]["optimizer"]["state"][0]["momentum_buffer"]
    assert momentum.abs() > 0
    assert resumed.optimizer.state_dict()["state"][0]["momentum_buffer"] == momentum
    resumed.train()
    assert resumed.iter == 30
    assert resumed.scheduler.last_epoch == 30
    assert resumed.optimizer.param_groups[0]["lr"] == pytest.approx(0.01)
    assert checkpoint("model_final.pth")["iteration"] == 29
    iterations = [line["iteration"] for line in read_metrics(cfg) if "total_loss" in line]
    assert iterations == [14, 19, 29]  # the second run appended to the first one's file


def test_new_training_ignores_old_checkpoints(cfg):
    train(cfg)
    again = Trainer(cfg)
    again.resume_or_load(resume=False)
    assert again.start_iter == 0
    assert again.model.weight.item() == 0.0


def test_expected_results(cfg):
    cfg.SOLVER.MAX_ITER = 3
    cfg.TEST.EXPECTED_RESULTS = [["fit", "error", 0.0, 100.0]]
    trainer = Trainer(cfg)
    assert set(trainer.train()) == {"fit"}
    cfg.TEST.EXPECTED_RESULTS = [["fit", "error", 0.0, 1e-6]]
    with pytest.raises(SystemExit):
        Trainer(cfg).train()


def test_test_of_several_sets(cfg):
    cfg.DATASETS.TEST = ("a", "b")
    results = Trainer.test(cfg, Regression())
    assert list(results) == ["a", "b"]
    assert results["a"]["fit"]["error"] == pytest.approx(3 * 1.4)
    cfg.DATASETS.TEST = ("a",)
    assert set(Trainer.test(cfg, Regression(), [LastError()])) == {"fit"}


def test_auto_scale_workers(cfg):
    assert DefaultTrainer.auto_scale_workers(cfg, 4) is cfg
    cfg.merge_from_list(["SOLVER.REFERENCE_WORLD_SIZE", 8, "SOLVER.IMS_PER_BATCH", 16])
    cfg.freeze()
    scaled = DefaultTrainer.auto_scale_workers(cfg, 16)
    assert (scaled.SOLVER.IMS_PER_BATCH, scaled.SOLVER.MAX_ITER) == (32, 15)
    assert scaled.SOLVER.BASE_LR == pytest.approx(0.2)
    assert scaled.SOLVER.REFERENCE_WORLD_SIZE == 16
    assert scaled.is_frozen()
    assert cfg.SOLVER.IMS_PER_BATCH == 16


@only_lite
def test_what_the_default_trainer_lacks(cfg):
    cfg.SOLVER.AMP.ENABLED = True
    with pytest.raises(KeyError, match="SOLVER.AMP.* belongs to Detectron2"):
        Trainer(cfg)
    cfg.SOLVER.AMP.ENABLED = False
    cfg.TEST.PRECISE_BN.ENABLED = True
    with pytest.raises(KeyError, match="TEST.PRECISE_BN belongs to Detectron2"):
        Trainer(cfg)
