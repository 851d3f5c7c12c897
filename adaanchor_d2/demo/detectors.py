"""Person detectors for models that see one person at a time, by local weights."""

from collections.abc import Callable

import numpy as np
import torch
from detectron2.config import get_cfg
from detectron2.data import MetadataCatalog
from detectron2.modeling import build_model

from ..engine.checkpointer import SafeCheckpointer, check_weight_path
from ..engine.weight_files import read_tensors
from ..errors import InputError

_PERSON_LABEL = 1  # torchvision's detectors count COCO's categories as COCO does
DETECTORS = ("torchvision", "detectron2")

# BGR image (H, W, 3) -> boxes (N, 4), x1, y1, x2, y2, and scores (N,).
Detector = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def build_detector(
    kind: str, weights: str, config_file: str, device: str, min_score: float
) -> Detector:
    """Build the detector of --detector.

    Args:
        kind: one of ``DETECTORS``.
        weights: path of a weight file; for "detectron2" may be "", then the config names it.
        config_file: of "detectron2".
        min_score: boxes with a lower score are no people.

    Raises:
        InputError: files that are not there or do not fit.
    """
    if kind == "torchvision":
        if not weights:
            raise InputError("--detector torchvision needs --detector-weights.")
        return TorchvisionDetector(weights, device, min_score)
    if not config_file:
        raise InputError("--detector detectron2 needs --detector-config.")
    return Detectron2Detector(config_file, weights, device, min_score)


class TorchvisionDetector:
    """torchvision's ``fasterrcnn_resnet50_fpn``, trained on COCO's 91 categories."""

    def __init__(self, weights: str, device: str, min_score: float) -> None:
        from torchvision.models.detection import fasterrcnn_resnet50_fpn

        check_weight_path(weights)
        state = read_tensors(weights)
        model = fasterrcnn_resnet50_fpn(
            weights=None, weights_backbone=None, box_score_thresh=min_score
        )
        try:
            model.load_state_dict(state)
        except (RuntimeError, TypeError, AttributeError):
            raise InputError(
                f"--detector-weights {weights} is no state dict of torchvision's "
                "fasterrcnn_resnet50_fpn."
            ) from None
        self._model = model.eval().to(device)
        self._device = device

    @torch.no_grad()
    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rgb = torch.from_numpy(image[:, :, ::-1].transpose(2, 0, 1).copy())
        found = self._model([rgb.to(self._device).float() / 255])[0]
        is_person = found["labels"] == _PERSON_LABEL
        return found["boxes"][is_person].cpu().numpy(), found["scores"][is_person].cpu().numpy()


class Detectron2Detector:
    """A detector of genuine Detectron2, for instance of its model zoo."""

    def __init__(self, config_file: str, weights: str, device: str, min_score: float) -> None:
        transforms = _import_transforms()
        cfg = _read_config(config_file)
        cfg.MODEL.DEVICE = device
        cfg.MODEL.WEIGHTS = weights or cfg.MODEL.WEIGHTS
        for section in (cfg.MODEL.ROI_HEADS, cfg.MODEL.RETINANET):
            section.SCORE_THRESH_TEST = min_score
        check_weight_path(cfg.MODEL.WEIGHTS)
        self._person = _person_class(cfg)
        self._model = build_model(cfg).eval()
        SafeCheckpointer(self._model).load(cfg.MODEL.WEIGHTS)
        sizes = [cfg.INPUT.MIN_SIZE_TEST] * 2
        self._resize = transforms.ResizeShortestEdge(sizes, cfg.INPUT.MAX_SIZE_TEST)
        self._is_rgb = cfg.INPUT.FORMAT == "RGB"

    @torch.no_grad()
    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        height, width = image.shape[:2]
        image = image[:, :, ::-1] if self._is_rgb else image
        resized = self._resize.get_transform(image).apply_image(image)
        pixels = torch.as_tensor(resized.astype("float32").transpose(2, 0, 1))
        found = self._model([{"image": pixels, "height": height, "width": width}])[0]["instances"]
        people = found[found.pred_classes == self._person].to("cpu")
        boxes = people.pred_boxes.tensor.numpy()
        is_box = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)  # those clipped away are none
        return boxes[is_box], people.scores.numpy()[is_box]


def _import_transforms():
    try:
        from detectron2.data import transforms
    except ImportError:
        raise InputError(
            "--detector detectron2 needs genuine Detectron2: the detectron2_lite that is installed "
            "has no detectors. Use --detector torchvision, or follow Detectron2's installation "
            "guide."
        ) from None
    return transforms


def _read_config(config_file: str):
    cfg = get_cfg()
    try:
        cfg.merge_from_file(config_file, allow_unsafe=False)
    except OSError as error:
        raise InputError(f"--detector-config {config_file}: {error.strerror}.") from None
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"--detector-config {config_file} is no config of Detectron2: "
            f"{str(error.args[0]).rstrip('.!')}."
        ) from None
    return cfg


def _person_class(cfg) -> int:
    """The number of the class "person"; 0, as in COCO, where the config does not tell."""
    names = cfg.DATASETS.TEST or cfg.DATASETS.TRAIN
    classes = MetadataCatalog.get(names[0]).get("thing_classes") if names else None
    if not classes:
        return 0
    if "person" not in classes:
        raise InputError(f"--detector-config: {names[0]} has no class 'person'.")
    return classes.index("person")
