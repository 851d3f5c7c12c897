import json
import logging

import pytest
import torch
from engine.stand_in import FixedBatches, StandInTrainer, make_samples, read_losses

from adaanchor_d2.data.seeded_loader import SeededLoader
from adaanchor_d2.errors import InputError


def train(cfg, resume=False, trainer_class=StandInTrainer):
    trainer = trainer_class(cfg)
    trainer.resume_or_load(resume=resume)
    trainer.results = trainer.train()
    return trainer


def weights(trainer):
    return {name: value.clone() for name, value in trainer.checkpointer.model.state_dict().items()}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=0, msg=name)


class ContinuingTrainer(StandInTrainer):
    """Its data go on where the first run, of three iterations, stopped."""

    @classmethod
    def build_train_loader(cls, cfg):
        batches = iter(FixedBatches(make_samples(), cfg))
        for _ in range(3 * cfg.SOLVER.ACCUMULATE_STEPS):
            next(batches)
        return batches


def test_trains_evaluates_and_leaves_the_usual_files(cfg, tmp_path):
    trainer = train(cfg("SOLVER.CHECKPOINT_PERIOD", 2, "TEST.EVAL_PERIOD", 2))
    files = {path.name for path in tmp_path.iterdir()}
    assert files >= {
        *("model_0000001.pth", "model_0000003.pth", "model_final.pth", "model_best.pth"),
        *("last_checkpoint", "metrics.json"),
    }
    assert any(name.startswith("events.out.tfevents") for name in files)
    assert (tmp_path / "last_checkpoint").read_text() == "model_final.pth"
    assert len(read_losses(tmp_path)) == 4
    last = json.loads((tmp_path / "metrics.json").read_text().splitlines()[-1])
    assert last["iteration"] == 3 and last["keypoints/AP"] == trainer.results["keypoints"]["AP"]
    assert last["total_loss"] == pytest.approx(
        last["loss_square"] + last["loss_absolute"], rel=1e-5
    )


OPTIONS = [
    ("SOLVER.OPTIMIZER", "SGD"),
    ("SOLVER.OPTIMIZER", "Adam", "SOLVER.EMA.ENABLED", True, "SOLVER.EMA.DECAY", 0.3),
    ("SOLVER.ACCUMULATE_STEPS", 2, "SOLVER.LR_SCHEDULER_NAME", "WarmupCosineLR",
     "SOLVER.WARMUP_ITERS", 2),
    ("SOLVER.AMP.ENABLED", True),
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
def test_stop_and_resume_equals_one_run(cfg, tmp_path, options):
    options = (*options, "SOLVER.MAX_ITER", 6, "SOLVER.STEPS", (2, 4))
    options = (*options, "SOLVER.CHECKPOINT_PERIOD", 3)
    whole = train(cfg(*options, "OUTPUT_DIR", str(tmp_path / "whole")))

    config = cfg(*options, "OUTPUT_DIR", str(tmp_path / "parts"))
    stopped = StandInTrainer(config)
    stopped.max_iter = 3
    stopped.train()
    (tmp_path / "parts" / "last_checkpoint").write_text("model_0000002.pth")  # not the final one
    resumed = train(config, resume=True, trainer_class=ContinuingTrainer)

    assert resumed.start_iter == 3
    assert_same(weights(whole), weights(resumed))
    assert whole.results == resumed.results
    losses = read_losses(tmp_path / "parts")
    assert losses == read_losses(tmp_path / "whole")
    told = resumed.checkpointer.model.told
    assert told == [3, 4, 5] and whole.checkpointer.model.told == list(range(6))
    if resumed.ema is not None:
        assert resumed.ema.num_updates == 6
        assert_same(whole.ema.module.state_dict(), resumed.ema.module.state_dict())


def test_evaluated_and_published_weights_are_the_average(cfg, tmp_path):
    options = ("SOLVER.EMA.ENABLED", True, "SOLVER.EMA.DECAY", 0.9, "SOLVER.BASE_LR", 0.1)
    trainer = train(cfg(*options))
    for name in ("model_final.pth", "model_best.pth"):
        stored = torch.load(tmp_path / name, weights_only=True)
        assert_same(stored["model"], trainer.ema.module.state_dict())
        assert_same(stored["raw_model"], weights(trainer))
    output = trainer.ema.module([make_samples()[0]])[0]["output"][0].item()
    assert trainer.results["keypoints"]["AP"] == pytest.approx(output, rel=1e-5)
    raw_output = trainer.checkpointer.model.eval()([make_samples()[0]])[0]["output"][0].item()
    assert raw_output != pytest.approx(output, rel=1e-3)


def test_resume_tells_file_and_iteration(cfg, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        train(cfg("SOLVER.MAX_ITER", 2), resume=True)
        assert f"Nothing to resume in {tmp_path}" in caplog.text
        train(cfg("SOLVER.MAX_ITER", 4), resume=True)
    assert f"Resumed from {tmp_path}/model_final.pth: going on at iteration 2 of 4" in caplog.text


@pytest.mark.parametrize("options", [(), ("SOLVER.EMA.ENABLED", True)])
def test_resuming_a_finished_run_evaluates_it(cfg, tmp_path, options):
    first = train(cfg())
    again = train(cfg(*options), resume=True)  # a new average holds what was loaded
    assert again.results == first.results and len(read_losses(tmp_path)) == 4


class SeedRecordingTrainer(StandInTrainer):
    seeds = []

    @classmethod
    def build_train_loader(cls, cfg):
        def make_loader(seed):
            cls.seeds.append(seed)
            return FixedBatches(make_samples(), cfg)

        return SeededLoader(make_loader, seed=20)


def test_a_resumed_run_sees_other_samples(cfg, monkeypatch):
    monkeypatch.setattr(SeedRecordingTrainer, "seeds", [])
    train(cfg("SOLVER.MAX_ITER", 4), trainer_class=SeedRecordingTrainer)
    train(cfg("SOLVER.MAX_ITER", 5), resume=True, trainer_class=SeedRecordingTrainer)
    train(cfg("SOLVER.MAX_ITER", 4), trainer_class=SeedRecordingTrainer)
    assert SeedRecordingTrainer.seeds == [20, 24, 20]


def test_all_iterations_are_scaled_to_the_processes(cfg):
    written = cfg(
        *("SOLVER.REFERENCE_WORLD_SIZE", 4, "SOLVER.IMS_PER_BATCH", 8, "SOLVER.MAX_ITER", 100),
        *("MODEL.KEYPOINT_HEAD.FIXED_ITERS", 30),
    )
    scaled = StandInTrainer.auto_scale_workers(written, 2)
    assert (scaled.SOLVER.IMS_PER_BATCH, scaled.SOLVER.MAX_ITER) == (4, 200)
    assert scaled.MODEL.KEYPOINT_HEAD.FIXED_ITERS == 60
    assert written.MODEL.KEYPOINT_HEAD.FIXED_ITERS == 30
    written.freeze()
    assert StandInTrainer.auto_scale_workers(written, 8).is_frozen()
    assert StandInTrainer.auto_scale_workers(written, 4) is written


def test_best_survives_resuming(cfg, tmp_path):
    train(cfg("SOLVER.MAX_ITER", 2, "TEST.EVAL_PERIOD", 1))
    best = torch.load(tmp_path / "model_best.pth", weights_only=True)["best"]
    resumed = train(cfg("SOLVER.MAX_ITER", 3, "SOLVER.STEPS", ()), resume=True)
    hook = next(hook for hook in resumed._hooks if type(hook).__name__ == "BestCheckpoint")
    assert hook.best_value >= best["value"]
    assert torch.load(tmp_path / "model_best.pth", weights_only=True)["best"]["run"] == best["run"]
    assert (tmp_path / "last_checkpoint").read_text() == "model_final.pth"


class NanTrainer(StandInTrainer):
    @classmethod
    def build_train_loader(cls, cfg):
        samples = make_samples()
        samples[9]["target"][0] = float("nan")
        return FixedBatches(samples, cfg)


def test_non_finite_loss_leaves_the_last_checkpoint(cfg, tmp_path, caplog):
    with caplog.at_level(logging.INFO), pytest.raises(InputError, match="iteration 2, .*image_9"):
        train(cfg("SOLVER.CHECKPOINT_PERIOD", 1), trainer_class=NanTrainer)
    assert (tmp_path / "last_checkpoint").read_text() == "model_0000001.pth"
    assert not (tmp_path / "model_0000002.pth").exists()
    assert not (tmp_path / "model_final.pth").exists()
    stored = torch.load(tmp_path / "model_0000001.pth", weights_only=True)["model"]
    assert all(value.isfinite().all() for value in stored.values())
    assert "Traceback" not in caplog.text


class BuggyTrainer(StandInTrainer):
    def run_step(self):
        raise RuntimeError("a bug")


def test_a_real_bug_keeps_its_stack_in_the_log(cfg, caplog):
    with caplog.at_level(logging.INFO), pytest.raises(RuntimeError, match="a bug"):
        train(cfg(), trainer_class=BuggyTrainer)
    assert "Traceback" in caplog.text and "in iteration 0" in caplog.text


def test_failing_in_the_last_iteration_does_not_evaluate(cfg, monkeypatch):
    def fail(*_):
        raise AssertionError("evaluated after a failed training")

    monkeypatch.setattr(BuggyTrainer, "evaluate", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        train(cfg("SOLVER.MAX_ITER", 1), trainer_class=BuggyTrainer)


def test_settings_are_checked_before_anything_is_built(cfg, monkeypatch):
    def fail(*_):
        raise AssertionError("the model was built")

    monkeypatch.setattr(StandInTrainer, "build_model", fail)
    with pytest.raises(InputError, match="IMS_PER_BATCH"):
        StandInTrainer(cfg("SOLVER.IMS_PER_BATCH", 5, "SOLVER.ACCUMULATE_STEPS", 2))


def test_bad_schedules_get_a_sentence(cfg):
    with pytest.raises(InputError, match="learning-rate schedule of SOLVER .* Sometimes"):
        StandInTrainer(cfg("SOLVER.LR_SCHEDULER_NAME", "Sometimes"))


def test_compilation_is_in_place(cfg, monkeypatch):
    compiled = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: compiled.append(module))
    trainer = StandInTrainer(cfg("MODEL.COMPILE", True))
    assert compiled == [trainer.model.backbone]
