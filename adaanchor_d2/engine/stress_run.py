"""Predictions for people who are hidden by growing shares of their boxes."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from detectron2.data import DatasetCatalog, build_detection_test_loader
from torch import nn

from ..data.build import build_mapper, get_dataset_skeleton
from ..data.person_records import ANNOTATED_BOXES, has_ground_truth
from ..data.stress import StressMapper
from ..errors import InputError
from ..evaluation.metadata import choose_sigmas
from ..evaluation.person_predictions import (
    PersonPredictions,
    collect_predictions,
    concatenate_predictions,
)
from ..evaluation.stress_report import stress_report
from .trained_models import ModelChoice


class StressTest:
    """Models of one kind of input, and the people whom they all see."""

    def __init__(self, choices: Sequence[ModelChoice], limit: int, seed: int, threshold: float):
        """
        Args:
            choices: with equal ``INPUT`` sections; evaluated on the first's data set.
            limit: people at most, evenly over the data set.
            seed: of what hides them.
            threshold: keypoints with a lower score are not found.

        Raises:
            InputError: other inputs, models of whole images, a detector's boxes, no ground truth.
        """
        _check_equal_inputs(choices)
        self.cfg = choices[0].cfg
        self.dataset_name = self.cfg.DATASETS.TEST[0]
        self.records = stress_records(self.cfg, self.dataset_name, limit)
        self.seed = seed
        self.threshold = threshold
        self._runs = [(choice, path) for choice in choices for path in choice.weight_files]
        self._models = [model for choice in choices for model in choice.load()]

    def rows(self, kind: str, fractions: Sequence[float]) -> Iterator[dict]:
        """Yield a row for each fraction, run and group of keypoints: ``kind, model, weights,
        fraction, hidden_fraction`` (the mean of what was measured), ``group`` and the figures of
        ``stress_report``.
        """
        untouched = self._predict(kind, 0.0)
        for fraction in fractions:
            predictions = self._predict(kind, fraction) if fraction else untouched
            for run, model, *both in zip(
                self._runs, self._models, predictions, untouched, strict=True
            ):
                report = self._report(*both, model.head.has_confidence)
                head = {"kind": kind, "model": run[0].title, "weights": run[1]}
                head |= {
                    "fraction": fraction,
                    "hidden_fraction": float(both[0]["hidden_fraction"].mean()),
                }
                yield from ({**head, "group": group, **row} for group, row in report.items())

    def samples(self, kind: str, fraction: float, records: list[dict]) -> list[dict]:
        """Return the samples of some people."""
        batches = stressed_batches(self.cfg, records, kind, fraction, self.seed)
        return [sample for batch in batches for sample in batch]

    def _predict(self, kind: str, fraction: float) -> list[PersonPredictions]:
        batches = stressed_batches(self.cfg, self.records, kind, fraction, self.seed)
        return predict_batches(self._models, batches)

    def _report(self, predictions, untouched, has_confidence: bool) -> dict:
        skeleton = get_dataset_skeleton(self.dataset_name)
        return stress_report(
            predictions,
            untouched,
            np.array([record["area"] for record in self.records]),
            choose_sigmas(self.cfg.TEST.KEYPOINT_OKS_SIGMAS, skeleton),
            self.threshold,
            has_confidence,
        )


def _check_equal_inputs(choices: Sequence[ModelChoice]) -> None:
    first = choices[0]
    for choice in choices[1:]:
        for key, value in choice.cfg.INPUT.items():
            if value != first.cfg.INPUT[key]:
                raise InputError(
                    f"INPUT.{key} is {value} in {choice.config_file} but {first.cfg.INPUT[key]} in "
                    f"{first.config_file}: only models of the same input are shown the same "
                    "pictures."
                )


def stress_records(cfg, dataset_name: str, limit: int) -> list[dict]:
    """Return at most ``limit`` people, evenly over the data set; their records have keypoints.

    Raises:
        InputError: a model of whole images, a detector's boxes or no ground truth.
    """
    if cfg.INPUT.MAPPER != "PersonCropMapper":
        raise InputError(
            f"INPUT.MAPPER is {cfg.INPUT.MAPPER}, but the stress test hides a share of one "
            "person's box: it needs a model of person crops (PersonCropMapper)."
        )
    if cfg.INPUT.PERSON_BOXES not in ANNOTATED_BOXES:
        raise InputError(
            f"INPUT.PERSON_BOXES is {cfg.INPUT.PERSON_BOXES}, but the stress test needs boxes of "
            f"annotated people ({' or '.join(ANNOTATED_BOXES)})."
        )
    image_records = DatasetCatalog.get(dataset_name)
    if not has_ground_truth(image_records):
        raise InputError(f"Data set '{dataset_name}' has no ground truth to compare with.")
    records = build_mapper(cfg, is_train=False).records(image_records, dataset_name)
    return spread_evenly(records, limit)


def spread_evenly(items: Sequence, limit: int) -> list:
    """Return at most ``limit`` items, evenly spaced from the first to the last, in their order."""
    if limit < 1:
        raise InputError(f"--limit is {limit}, but must be at least 1.")
    places = np.linspace(0, len(items) - 1, min(limit, len(items)))
    return [items[place] for place in places.round().astype(int)]


def stressed_batches(cfg, records: list[dict], kind: str, fraction: float, seed: int) -> Iterator:
    """Yield lists of at most TEST.BATCH_SIZE samples of ``StressMapper``."""
    mapper = StressMapper(
        build_mapper(cfg, is_train=False),
        kind=kind,
        fraction=fraction,
        seed=seed,
        image_format=cfg.INPUT.FORMAT,
    )
    yield from build_detection_test_loader(
        dataset=records,
        mapper=mapper,
        batch_size=cfg.TEST.BATCH_SIZE,
        num_workers=cfg.DATALOADER.NUM_WORKERS,
    )


@torch.no_grad()
def predict_batches(
    models: Sequence[nn.Module], batches: Iterator[list[dict]]
) -> list[PersonPredictions]:
    """Return each model's predictions of the very same samples, in their order.

    Beside what ``person_predictions`` lists they hold ``hidden`` and ``outside`` (N, K) bool, the
    keypoints behind a thing or beyond a border, and those outside the network's input; and
    ``hidden_fraction`` (N,).
    """
    parts: list[list[PersonPredictions]] = [[] for _ in models]
    for samples in batches:
        stress = _stress_fields(samples)
        for model, model_parts in zip(models, parts, strict=True):
            model_parts.append(collect_predictions(samples, model(samples), True) | stress)
    return [concatenate_predictions(model_parts) for model_parts in parts]


def _stress_fields(samples: list[dict]) -> PersonPredictions:
    xy = np.stack([sample["keypoints"][:, :2].numpy() for sample in samples])
    size = np.array([sample["image"].shape[:0:-1] for sample in samples])[:, None]
    return {
        "hidden": np.stack([sample["hidden"] for sample in samples]),
        "outside": ((xy < 0) | (xy >= size)).any(axis=2),
        "hidden_fraction": np.array([sample["hidden_fraction"] for sample in samples]),
    }
