"""COCO's AP and AR of resampled images, without evaluating them again.

Shapes: N predicted people of all images, T = 10 OKS thresholds, R = 101 recall values, I images,
B resamples. A resample is given by how often it holds each image: weights (B, I).

People are matched within their image, so that one evaluation of all images knows every match; an
image that a resample holds m times counts its people m times.
"""

import contextlib
import io
from collections.abc import Sequence

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from ..data.datasets.coco_json import PERSON_CATEGORY

# Numbers in an array that is computed at once: what a processor's cache holds.
_ENTRIES_AT_ONCE = 200_000


class PersonMatches:
    """Who is matched to whom at each OKS threshold."""

    def __init__(self, ground_truth: dict, results: Sequence[dict], sigmas: Sequence[float]):
        """
        Args:
            ground_truth: content of a COCO keypoint file.
            results: COCO results with ``area`` and ``num_keypoints``.
            sigmas: (K,), the skeleton's.
        """
        evaluation = _match(ground_truth, results, sigmas)
        self.image_ids = np.array(evaluation.params.imgIds)
        self.thresholds = np.asarray(evaluation.params.iouThrs)
        self._recalls = np.asarray(evaluation.params.recThrs)
        images = evaluation.evalImgs  # None for an image without people
        self._num_counted = np.array(
            [0 if e is None else np.sum(np.asarray(e["gtIgnore"]) == 0) for e in images], float
        )
        self._collect_predictions(images)

    def _collect_predictions(self, images: list[dict | None]) -> None:
        """Sort the predictions by score: the image, and whether each is right or wrong (T, N)."""
        seen = [(index, e) for index, e in enumerate(images) if e is not None]
        counts = [len(e["dtScores"]) for _, e in seen]
        image = np.repeat([index for index, _ in seen], counts)
        empty = [np.zeros((len(self.thresholds), 0))]
        matched = np.concatenate([*empty, *(e["dtMatches"] for _, e in seen)], axis=1) > 0
        ignored = np.concatenate([*empty, *(e["dtIgnore"] for _, e in seen)], axis=1) > 0
        scores = np.concatenate([[], *(e["dtScores"] for _, e in seen)])
        order = np.argsort(-scores, kind="mergesort")
        self._image = image[order].astype(np.int64)
        self._right = (matched & ~ignored)[:, order]
        self._wrong = (~matched & ~ignored)[:, order]

    def average_precision(self, weights: np.ndarray, threshold: float | None = None) -> np.ndarray:
        """AP (B,) in percent, of all thresholds or of one; NaN without anybody to find."""
        return self._in_chunks(weights, threshold, self._mean_precision)

    def average_recall(self, weights: np.ndarray) -> np.ndarray:
        """AR (B,) in percent."""
        return self._in_chunks(weights, None, self._mean_recall)

    def _in_chunks(self, weights, threshold, compute) -> np.ndarray:
        weights = np.asarray(weights, dtype=np.float64)
        chosen = slice(None) if threshold is None else np.isclose(self.thresholds, threshold)
        right, wrong = self._right[chosen], self._wrong[chosen]
        num_at_once = max(1, _ENTRIES_AT_ONCE // max(1, right.size))
        chunks = [
            compute(weights[start : start + num_at_once], right, wrong)
            for start in range(0, len(weights), num_at_once)
        ]
        return 100 * np.concatenate(chunks)

    def _mean_recall(self, weights: np.ndarray, right: np.ndarray, wrong: np.ndarray):
        found = np.einsum("bn,tn->bt", weights[:, self._image], right)
        return _divide(found, (weights @ self._num_counted)[:, None]).mean(axis=1)

    def _mean_precision(self, weights: np.ndarray, right: np.ndarray, wrong: np.ndarray):
        of_person = weights[:, None, self._image]
        num_right = np.cumsum(of_person * right, axis=2)
        num_wrong = np.cumsum(of_person * wrong, axis=2)
        recall = _divide(num_right, (weights @ self._num_counted)[:, None, None])
        precision = num_right / (num_right + num_wrong + np.spacing(1))
        # The best precision at this recall or a higher one.
        envelope = np.maximum.accumulate(precision[..., ::-1], axis=2)[..., ::-1]
        means = [
            [self._precision_at_recalls(r, p) for r, p in zip(of_t, envelope_t, strict=True)]
            for of_t, envelope_t in zip(recall, envelope, strict=True)
        ]
        return np.array(means).mean(axis=1)

    def _precision_at_recalls(self, recall: np.ndarray, envelope: np.ndarray) -> float:
        if np.isnan(recall).any():
            return np.nan
        place = np.searchsorted(recall, self._recalls, side="left")
        return envelope[place[place < len(envelope)]].sum() / len(self._recalls)


def _match(ground_truth: dict, results: Sequence[dict], sigmas: Sequence[float]) -> COCOeval:
    """Run COCOeval's matching; what it prints is swallowed."""
    images, categories = ground_truth["images"], ground_truth["categories"]
    numbered = [{**result, "id": number} for number, result in enumerate(results, start=1)]
    truth, predicted = COCO(), COCO()
    # The annotations are copied: COCOeval writes into them.
    truth.dataset = {**ground_truth, "annotations": [*map(dict, ground_truth["annotations"])]}
    predicted.dataset = {"images": images, "categories": categories, "annotations": numbered}
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        predicted.createIndex()
        evaluation = COCOeval(truth, predicted, "keypoints")
        evaluation.params.kpt_oks_sigmas = np.asarray(sigmas, dtype=np.float64)
        evaluation.params.catIds = [PERSON_CATEGORY]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
    return evaluation


def _divide(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    return np.divide(values, by, out=np.full(np.broadcast(values, by).shape, np.nan), where=by > 0)
