import logging
import os

import pytest
import torch
from detectron2.engine import default_argument_parser
from engine.stand_in import StandInTrainer, make_samples, stand_in_options

from adaanchor_d2.engine import setup as engine_setup
from adaanchor_d2.engine.setup import main, run
from adaanchor_d2.errors import InputError, run_command


def parse(*words):
    return default_argument_parser().parse_args([str(word) for word in words])


def run_to_exit(capsys, caplog, trainer_class, *words):
    """Return (exit status, last line on stderr); no stack may be shown or logged."""
    with caplog.at_level(logging.INFO), pytest.raises(SystemExit) as caught:
        run_command(lambda: run(parse(*words), trainer_class))
    output = capsys.readouterr()
    assert "Traceback" not in output.out + output.err + caplog.text
    return caught.value.code, output.err.splitlines()[-1]


class LoadingError(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        if index == 3:
            raise InputError("Image image_3.jpg cannot be decoded.")
        return make_samples()[index]


class BadImageTrainer(StandInTrainer):
    @classmethod
    def build_train_loader(cls, cfg):
        return torch.utils.data.DataLoader(
            LoadingError(), batch_size=2, num_workers=1, collate_fn=list
        )


def test_error_of_a_loader_worker_is_one_sentence(tmp_path, capsys, caplog):
    status, sentence = run_to_exit(capsys, caplog, BadImageTrainer, *stand_in_options(tmp_path))
    assert (status, sentence) == (2, "error: Image image_3.jpg cannot be decoded.")


class InterruptedTrainer(StandInTrainer):
    def run_step(self):
        raise KeyboardInterrupt


def test_interrupt_ends_without_a_stack(tmp_path, capsys, caplog):
    status, sentence = run_to_exit(capsys, caplog, InterruptedTrainer, *stand_in_options(tmp_path))
    assert (status, sentence) == (130, "interrupted")


def test_missing_gpu_is_told_before_anything_starts(tmp_path, capsys, caplog, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    output = tmp_path / "output"
    options = ["--num-gpus", 8, *stand_in_options(output), "MODEL.DEVICE", "cuda"]
    status, sentence = run_to_exit(capsys, caplog, StandInTrainer, *options)
    assert status == 2 and "'MODEL.DEVICE cpu'" in sentence and not output.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["INPUT.PERSON_BOXES", "grund_truth"], "INPUT.PERSON_BOXES is 'grund_truth', but must be"),
        (["DATASETS.TRAIN", "('coco_keypoints_train',)"], "'coco_keypoints_train' is not there"),
        (["MODEL.WEIGHTS", "nowhere.pth"], "There is no checkpoint nowhere.pth"),
        (["--eval-only", "MODEL.WEIGHTS", "nowhere.pth"], "There is no checkpoint nowhere.pth"),
        (["--eval-only", "DATASETS.TEST", "()"], "DATASETS.TEST is empty"),
    ],
)
def test_mistakes_are_told_before_the_log_begins(
    tmp_path, monkeypatch, capsys, caplog, options, sentence
):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    output = tmp_path / "output"
    flags = [option for option in options if option.startswith("--")]
    words = [*flags, *stand_in_options(output), *options[len(flags) :]]
    with pytest.raises(SystemExit):
        run_command(lambda: run(parse(*words), StandInTrainer))
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and sentence in error
    assert not output.exists() and not caplog.records


def test_output_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="OUTPUT_DIR .*file/output cannot be written"):
        main(parse(*stand_in_options(tmp_path / "file" / "output")), StandInTrainer)


def test_train_then_evaluate(tmp_path):
    options = [*stand_in_options(tmp_path), "SOLVER.EMA.ENABLED", True]
    trained = main(parse(*options), StandInTrainer)
    assert {"config.yaml", "log.txt", "metrics.json"} <= set(os.listdir(tmp_path))
    assert "adaanchor_d2.engine.trainer" in (tmp_path / "log.txt").read_text()
    final = ["MODEL.WEIGHTS", str(tmp_path / "model_final.pth")]
    assert main(parse("--eval-only", *options, *final), StandInTrainer) == trained
    assert main(parse("--eval-only", "--resume", *options), StandInTrainer) == trained


def test_missing_weights_are_named(tmp_path):
    options = [*stand_in_options(tmp_path), "MODEL.WEIGHTS", "nowhere.pth"]
    for flags in ([], ["--eval-only"]):
        with pytest.raises(InputError, match="no checkpoint nowhere.pth"):
            main(parse(*flags, *options), StandInTrainer)


def test_expected_results_are_verified(tmp_path):
    results = main(parse(*stand_in_options(tmp_path)), StandInTrainer)
    evaluate = ["--eval-only", "--resume", *stand_in_options(tmp_path), "TEST.EXPECTED_RESULTS"]
    value = results["keypoints"]["AP"]
    main(parse(*evaluate, [["keypoints", "AP", value, 1e-6]]), StandInTrainer)
    for flags in (evaluate, evaluate[1:]):  # the finished run, evaluated by resuming it, too
        with pytest.raises(InputError, match=r"keypoints/AP is \S+, not \S+ \+- 0.5\."):
            main(parse(*flags, [["keypoints", "AP", value + 1, 0.5]]), StandInTrainer)


@pytest.fixture
def launched(monkeypatch):
    """Record the processes that ``run`` would launch, and launch none."""
    calls = []
    monkeypatch.setattr(engine_setup, "launch", lambda main, number, **_: calls.append(number))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "as it was")
    return calls


def test_no_gpus_is_one_process(tmp_path, launched):
    run(parse("--num-gpus", 0, *stand_in_options(tmp_path)), StandInTrainer)
    assert launched == [1]
    for flags in (["--num-gpus", -1], ["--num-gpus", 0, "--num-machines", 2]):
        with pytest.raises(InputError, match="--num-gpus is"):
            run(parse(*flags, *stand_in_options(tmp_path)), StandInTrainer)


def test_numbered_cpu_is_a_cpu(tmp_path, launched):
    options = [*stand_in_options(tmp_path), "MODEL.DEVICE", "cpu:0"]
    run(parse("--num-gpus", 2, *options), StandInTrainer)
    assert launched == [2] and os.environ["CUDA_VISIBLE_DEVICES"] == ""


def test_settings_are_checked_as_scaled_to_the_processes(tmp_path, launched):
    options = [*stand_in_options(tmp_path), "SOLVER.REFERENCE_WORLD_SIZE", 4]
    run(parse("--num-gpus", 3, *options), StandInTrainer)  # 4 samples for 4 processes: 3 for 3
    assert launched == [3]
    with pytest.raises(InputError, match="REFERENCE_WORLD_SIZE is 3, but must be"):
        run(parse(*options, "SOLVER.REFERENCE_WORLD_SIZE", 3), StandInTrainer)


class PretrainedTrainer(StandInTrainer):
    seen = []

    @classmethod
    def build_model(cls, cfg):
        cls.seen.append(cfg.MODEL.TIMM.PRETRAINED)
        return super().build_model(cfg)


def test_no_pretrained_backbone_where_a_checkpoint_replaces_it(tmp_path, monkeypatch):
    monkeypatch.setattr(PretrainedTrainer, "seen", [])
    for flags in (["--resume"], ["--resume"], ["--eval-only", "--resume"], []):
        main(parse(*flags, *stand_in_options(tmp_path)), PretrainedTrainer)
    assert PretrainedTrainer.seen == [True, False, False, True]
    assert "PRETRAINED: true" in (tmp_path / "config.yaml").read_text()
