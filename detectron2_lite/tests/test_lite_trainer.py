"""Trainers, hooks, command line and set-up."""

import argparse
import json
import logging
import sys
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

import detectron2
from detectron2.config import get_cfg
from detectron2.data import build_detection_test_loader, build_detection_train_loader
from detectron2.engine import (
    DefaultTrainer,
    HookBase,
    SimpleTrainer,
    TrainerBase,
    default_argument_parser,
    default_setup,
    hooks,
)
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


class Recorder(HookBase):
    def __init__(self, calls):
        self.calls = calls

    def before_train(self):
        self.calls.append("before_train")

    def after_train(self):
        self.calls.append(f"after_train {self.trainer.iter}")

    def before_step(self):
        self.calls.append(f"before {self.trainer.iter} {self.trainer.storage.iter}")

    def after_step(self):
        self.calls.append(f"after {self.trainer.iter}")


class Idle(TrainerBase):
    def run_step(self):
        if self.iter == 7:
            raise RuntimeError("stop")


def test_order_of_hooks():
    calls = []
    trainer = Idle()
    trainer.register_hooks([Recorder(calls), None])
    trainer.train(2, 4)
    assert calls == [
        "before_train",
        *("before 2 2", "after 2"),
        *("before 3 3", "after 3"),
        "after_train 4",
    ]


def test_hooks_end_after_a_failure():
    calls, evaluations = [], []
    trainer = Idle()
    trainer.register_hooks([Recorder(calls), hooks.EvalHook(0, lambda: evaluations.append(1))])
    with pytest.raises(RuntimeError, match="stop"):
        trainer.train(6, 10)
    assert calls[-1] == "after_train 7"
    assert not evaluations


def test_eval_hook_periods():
    seen = []
    trainer = Idle()

    def evaluate():
        seen.append(trainer.iter)
        return {"task": {"metric": len(seen)}}

    trainer.register_hooks([hooks.EvalHook(2, evaluate)])
    trainer.train(0, 6)
    assert seen == [1, 3, 6]  # in the place of iteration 5, once the training is complete
    assert trainer.storage.latest()["task/metric"] == (3.0, 6)


def test_eval_hook_refuses_what_is_no_number():
    trainer = Idle()
    trainer.register_hooks([hooks.EvalHook(1, lambda: {"task": {"metric": "high"}})])
    with pytest.raises(ValueError, match="task/metric"):
        trainer.train(0, 3)


def test_logged_learning_rate_is_that_of_the_largest_group():
    def rates(*groups):
        parameters = [
            {"params": [nn.Parameter(torch.zeros(1)) for _ in range(count)], "lr": lr}
            for count, lr in groups
        ]
        return hooks.LRScheduler.get_best_param_group_id(torch.optim.SGD(parameters, lr=1))

    assert rates((1, 0.1), (3, 0.2), (2, 0.3)) == 1
    assert rates((1, 0.1), (1, 0.2), (1, 0.2)) == 1


def simple_trainer(loss, **arguments):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def forward(self, batch):
            return loss(self.weight, batch)

    model = Model().eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    return SimpleTrainer(model, [1.0, 2.0, 3.0], optimizer, **arguments)


@pytest.mark.parametrize("early", [True, False])
def test_simple_trainer(early):
    trainer = simple_trainer(lambda weight, x: weight.sum() * x, zero_grad_before_forward=early)
    assert trainer.model.training
    trainer.train(0, 3)
    assert trainer.model.weight.item() == 1.0 - 6.0
    assert trainer.storage.history("total_loss").values() == [(1.0, 0), (0.0, 1), (-6.0, 2)]


def test_simple_trainer_gathers_metrics_now_and_then():
    trainer = simple_trainer(lambda weight, x: {"a": weight.sum()}, gather_metric_period=3)
    trainer.train(0, 3)
    assert trainer.storage.history("total_loss").values() == [(-1.0, 2)]


def test_simple_trainer_stops_when_the_loss_is_not_finite():
    trainer = simple_trainer(lambda weight, x: weight.sum() * float("nan"))
    with pytest.raises(FloatingPointError, match="iteration=0"):
        trainer.train(0, 3)


def test_argument_parser():
    args = default_argument_parser().parse_args(
        ["--config-file", "a.yaml", "--resume", "--num-gpus", "2", "SEED", "3", "VIS_PERIOD", "1"]
    )
    assert args.opts == ["SEED", "3", "VIS_PERIOD", "1"]
    assert (args.config_file, args.resume, args.num_gpus) == ("a.yaml", True, 2)
    defaults = vars(default_argument_parser().parse_args([]))
    url = defaults.pop("dist_url")
    assert url.startswith("tcp://127.0.0.1:") and 49152 <= int(url.rsplit(":", 1)[1]) < 65536
    assert defaults == {
        "config_file": "",
        "resume": False,
        "eval_only": False,
        "num_gpus": 1,
        "num_machines": 1,
        "machine_rank": 0,
        "opts": [],
    }


@pytest.fixture
def restored_loggers():
    loggers = [logging.getLogger(name) for name in ("detectron2", "fvcore")]
    before = [(list(logger.handlers), logger.propagate, logger.level) for logger in loggers]
    yield
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def test_default_setup(cfg, restored_loggers):
    cfg.SEED = 11
    default_setup(cfg, argparse.Namespace(config_file="", eval_only=False))
    first = torch.rand(1)
    default_setup(cfg, argparse.Namespace(config_file="", eval_only=False))
    assert torch.equal(torch.rand(1), first)
    written = yaml.safe_load((Path(cfg.OUTPUT_DIR) / "config.yaml").read_text())
    assert written["SEED"] == 11
    log = (Path(cfg.OUTPUT_DIR) / "log.txt").read_text()
    assert "Rank of current process: 0. World size: 1" in log
    assert sys.version.split()[0] in log


@only_lite
def test_what_the_default_trainer_lacks(cfg):
    cfg.SOLVER.AMP.ENABLED = True
    with pytest.raises(KeyError, match="SOLVER.AMP.* belongs to Detectron2"):
        Trainer(cfg)
    cfg.SOLVER.AMP.ENABLED = False
    cfg.TEST.PRECISE_BN.ENABLED = True
    with pytest.raises(KeyError, match="TEST.PRECISE_BN belongs to Detectron2"):
        Trainer(cfg)
