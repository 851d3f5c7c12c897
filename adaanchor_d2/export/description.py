"""What an exported network is, for those who run it without this project."""

from detectron2.config import CfgNode
from torch import Tensor, nn

from ..data.build import get_training_skeleton
from ..errors import InputError
from ..version import __version__

OFFSETS = "(x, y) in stride units, from the candidate to"
# Output -> what it holds; those of the person centres begin with "center_".
MEANINGS = {
    "confidence_logits": "its sigmoid is the confidence of a candidate",
    "offsets": f"{OFFSETS} the keypoint, coarse",
    "local_offsets": "what is added to the coarse estimate, sampled bilinearly there",
    "quality_logits": "its sigmoid is the score of a candidate's estimate; it chooses nothing",
    "heatmaps": "Gaussian heatmaps; the height is the confidence",
    "coarse_heatmaps": "heatmaps at half the resolution of the fine ones; results use their mean",
    "fine_heatmaps": "heatmaps at the description's stride",
    "offsets_from_center": "(x, y) from the input's centre, as fractions of its width and height",
    "tags": "keypoints of one person have nearly equal tags, sampled bilinearly",
    "pose_offsets": f"{OFFSETS} the keypoints of its person, sampled bilinearly",
    "keypoint_heatmaps": "heatmaps of the keypoints, for their scores",
}


def describe(
    cfg: CfgNode,
    model: nn.Module,
    maps: dict[str, Tensor],
    image_size: tuple[int, int] | None,
    example_size: tuple[int, int],
    batch: int | None,
) -> dict:
    """Return the description that is written with a network; plain values, for JSON.

    Args:
        model: built from ``cfg``.
        maps: the network's outputs for one image of ``example_size``.
        image_size: (height, width) of the input; None where it may change.
        batch: number of images; None where it may change.
    """
    height, width = image_size or (None, None)
    return {
        "project": f"adaanchor_d2 {__version__}",
        "meta_architecture": cfg.MODEL.META_ARCHITECTURE,
        "anchor_rule": cfg.MODEL.KEYPOINT_HEAD.NAME,
        **_keypoints(cfg),
        "input": {
            "name": "images",
            "shape": [batch or "batch", 3, height or "height", width or "width"],
            "type": "float32",
            "channels": cfg.INPUT.FORMAT,
            "values": "0 to 255; the network normalizes them",
            "height": height,
            "width": width,
            "padding": list(cfg.MODEL.PIXEL_MEAN),
            **_fitting(cfg, model),
        },
        "outputs": [
            {
                "name": name,
                "shape": _shape(values, image_size, example_size, batch),
                "meaning": MEANINGS.get(name.removeprefix("center_"), ""),
            }
            for name, values in maps.items()
        ],
        **_decoding(cfg, model),
    }


def _keypoints(cfg: CfgNode) -> dict:
    """The skeleton of the training data; names are None where it is not registered here."""
    try:
        skeleton = get_training_skeleton(cfg)
    except InputError:
        return {"skeleton": None, "keypoints": None}
    return {"skeleton": skeleton.name, "keypoints": list(skeleton.names)}


def _fitting(cfg: CfgNode, model: nn.Module) -> dict:
    """How an image becomes the input; see ``deployment.py``."""
    if cfg.INPUT.MAPPER == "PersonCropMapper":
        return {"box_padding": cfg.INPUT.BOX_PADDING}
    return {
        "divisor": model.size_divisor,
        "min_size": cfg.INPUT.MIN_SIZE_TEST,
        "max_size": cfg.INPUT.MAX_SIZE_TEST,
    }


def _shape(
    values: Tensor,
    image_size: tuple[int, int] | None,
    example_size: tuple[int, int],
    batch: int | None,
) -> list[int | str]:
    shape = [batch or "batch", *values.shape[1:]]
    if image_size is None:
        for axis, side, name in zip((-2, -1), example_size, ("height", "width"), strict=True):
            shape[axis] = f"{name}/{side // values.shape[axis]}"
    return shape


def _decoding(cfg: CfgNode, model: nn.Module) -> dict:
    """What decoding needs to know beside the outputs."""
    entries = {"stride": model.head.stride}
    if hasattr(model.head, "place"):
        entries["place"] = model.head.place.item()
    if cfg.INPUT.MAPPER != "PersonCropMapper":
        entries["gamma"] = cfg.MODEL.KEYPOINT_HEAD.GAMMA
        entries["max_people"] = cfg.MODEL.MAX_PEOPLE
    tagger = getattr(model, "tagger", None)
    if tag_head := getattr(getattr(tagger, "tagger", tagger), "head", None):
        entries.update(tag_stride=tag_head.stride, tag_place=tag_head.place.item())
    if keypoint_head := getattr(model, "keypoint_head", None):
        entries["heatmap_place"] = keypoint_head.place.item()
        entries["rescore"] = cfg.TEST.RESCORE
    return entries
