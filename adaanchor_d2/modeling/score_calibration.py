"""From a keypoint's score to the probability that the keypoint is right.

Fitted by ``tools/analyze_results.py``; right means a keypoint similarity of at least 0.5. All kinds
are monotone: what scores higher does not become less probable.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import ClassVar

import numpy as np
import torch
from detectron2.config import CfgNode
from torch import Tensor, nn

from ..errors import InputError

KEY = "MODEL.KEYPOINT_HEAD.CALIBRATION"
# Logits are taken of scores this far from 0 and 1, and no located keypoint gets less.
_MARGIN = 1e-6


class ScoreCalibration:
    """Base of the kinds; call it with scores."""

    kind: ClassVar[str]

    def __call__(self, scores: np.ndarray | Tensor) -> np.ndarray | Tensor:
        """Return probabilities, of the shape and type of the scores.

        A score of 0 stays 0, because it stands for a keypoint that was not located; NaN stays NaN.
        """
        values = torch.as_tensor(scores).detach().cpu().double().numpy()
        probability = np.clip(self._apply(values), _MARGIN, 1.0)
        probability = np.where(values > 0, probability, values)
        return (
            torch.from_numpy(probability).to(scores) if isinstance(scores, Tensor) else probability
        )

    def _apply(self, scores: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    @staticmethod
    def read(path: str) -> "ScoreCalibration":
        """Read what :meth:`write` wrote.

        Raises:
            InputError: the file cannot be read, or holds no calibration.
        """
        content = _read_object(path)
        kind = content.pop("kind", None)
        if not isinstance(kind, str) or kind not in KINDS:
            raise InputError(
                f"Calibration file {path} names no 'kind' of calibration: {' or '.join(KINDS)}."
            )
        names = [field.name for field in fields(KINDS[kind])]
        if set(content) != set(names):
            raise InputError(
                f"Calibration file {path} is no {kind} calibration: it must hold "
                f"{' and '.join(names)}."
            )
        try:
            return KINDS[kind](**content)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"Calibration file {path} is no {kind} calibration: {error}."
            ) from None

    def write(self, path: str) -> None:
        try:
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"kind": self.kind, **asdict(self)}, file)
        except OSError as error:
            raise InputError(
                f"Calibration file {path} cannot be written: {error.strerror}."
            ) from None


@dataclass(frozen=True)
class TemperatureCalibration(ScoreCalibration):
    """p = sigmoid(logit(score) / temperature + bias)."""

    kind = "temperature"
    temperature: float
    bias: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.temperature) or self.temperature <= 0:
            raise ValueError(f"its temperature {self.temperature} is no number above 0")
        if not math.isfinite(self.bias):
            raise ValueError(f"its bias {self.bias} is no finite number")

    def _apply(self, scores: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-logit(scores) / self.temperature - self.bias))


@dataclass(frozen=True)
class IsotonicCalibration(ScoreCalibration):
    """Linear between knots, constant outside of them.

    Attributes:
        score: ascending.
        probability: as many, from 0 to 1, nowhere falling.
    """

    kind = "isotonic"
    score: Sequence[float]
    probability: Sequence[float]

    def __post_init__(self) -> None:
        score, probability = np.asarray(self.score, float), np.asarray(self.probability, float)
        if score.ndim != 1 or score.shape != probability.shape or not len(score):
            raise ValueError("its score and probability are not two lists of one length")
        if not (np.isfinite(score).all() and (np.diff(score) > 0).all()):
            raise ValueError("its score does not ascend")
        if not ((np.diff(probability) >= 0).all() and 0 <= probability[0] and probability[-1] <= 1):
            raise ValueError("its probability does not rise from 0 or more to 1 or less")

    def _apply(self, scores: np.ndarray) -> np.ndarray:
        return np.interp(scores, self.score, self.probability)


KINDS = {kind.kind: kind for kind in (TemperatureCalibration, IsotonicCalibration)}


def logit(scores: np.ndarray) -> np.ndarray:
    """Log odds, those of 0 and 1 kept finite."""
    scores = np.clip(scores, _MARGIN, 1 - _MARGIN)
    return np.log(scores) - np.log1p(-scores)


def build_calibration(cfg: CfgNode, head: nn.Module) -> ScoreCalibration | None:
    """Read the file of ``MODEL.KEYPOINT_HEAD.CALIBRATION``; None where that is empty.

    Raises:
        InputError: what :meth:`ScoreCalibration.read` refuses; a head without scores.
    """
    path = cfg.MODEL.KEYPOINT_HEAD.CALIBRATION
    if not path:
        return None
    if not head.has_confidence:
        raise InputError(
            f"{KEY} {path}: {cfg.MODEL.KEYPOINT_HEAD.NAME} gives no scores to calibrate."
        )
    try:
        return ScoreCalibration.read(path)
    except InputError as error:
        raise InputError(f"{KEY}: {error}") from None


def _read_object(path: str) -> dict:
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except OSError as error:
        raise InputError(f"Calibration file {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise InputError(f"Calibration file {path} is not JSON.") from None
    if not isinstance(content, dict):
        raise InputError(f"Calibration file {path} is no JSON object.")
    return content
