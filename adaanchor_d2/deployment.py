"""Run an exported network: from an image to its input, and from its outputs to keypoints.

This file needs numpy alone and imports nothing of the project: copy it to where the network runs.
``tools/export_model.py`` writes a description beside the network (JSON), which every function here
takes as the dict that :func:`read_description` gives. With onnxruntime and OpenCV:

    description = read_description("ada.json")
    image = cv2.imread("street.jpg")
    if description["input"]["channels"] == "RGB":  # OpenCV reads BGR
        image = image[..., ::-1].copy()
    height, width = description["input"]["height"], description["input"]["width"]
    matrix = crop_to_image(box, description)
    crop = cv2.warpAffine(image, opencv_matrix(matrix), (width, height),
                          flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    images = to_input([crop], description)
    names = [output["name"] for output in description["outputs"]]
    outputs = dict(zip(names, session.run(names, {"images": images})))
    keypoints = decode_keypoints(outputs, description)
    xy = move_points(keypoints.xy[0], matrix)

Coordinates are continuous pixels, (x, y), the centre of the pixel in column c at c + 0.5; COCO's
files have 0.5 less. Shape letters: B images, K keypoint types, H W map size, N points, M located
candidates of a type, P people of an image.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# Candidates whose estimates are this near (stride units) are one keypoint.
MERGE_RADIUS = 2.0


class Keypoints(NamedTuple):
    """Located keypoints, in pixels of the network's input.

    Attributes:
        xy: (..., 2).
        score: (...), from 0 to 1: the quality where the network predicts one, else the confidence;
            1 where the rule has none.
        anchor_xy: (..., 2), the anchors that they were found from.
    """

    xy: np.ndarray
    score: np.ndarray
    anchor_xy: np.ndarray


class Candidates(NamedTuple):
    """Everybody's keypoints in one image, in pixels of the network's input, best first by type.

    Attributes:
        xy, score, anchor_xy: (M, 2), (M,), (M, 2), as in :class:`Keypoints`.
        type: (M,), keypoint types.
        tag: (M,): keypoints of a person have nearly equal ones; None where the network has none.
    """

    xy: np.ndarray
    score: np.ndarray
    anchor_xy: np.ndarray
    type: np.ndarray
    tag: np.ndarray | None


class Poses(NamedTuple):
    """Candidates for the people of one image, in pixels of the network's input, best centre first.

    Attributes:
        xy: (P, K, 2).
        score: (P, K), of the keypoints: the centre's times the keypoint heatmap's, where there is
            one.
        center: the centres, (P, ...).
    """

    xy: np.ndarray
    score: np.ndarray
    center: Keypoints


def read_description(path: str) -> dict:
    """Read the JSON file that was written beside the network."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


# The input.


def crop_to_image(box: Sequence[float], description: dict) -> np.ndarray:
    """Return the map (2, 3) from the crop that the network sees to the image.

    Args:
        box: x1, y1, x2, y2 of the person or face, pixels of the image.

    Raises:
        ValueError: such a box shows nothing, or the network sees whole images.
    """
    size = description["input"]
    x1, y1, x2, y2 = box
    if not (np.isfinite(box).all() and x1 < x2 and y1 < y2):
        shown = [float(value) for value in box]
        raise ValueError(f"box {shown} is not x1, y1, x2, y2 with x1 < x2 and y1 < y2")
    if "box_padding" not in size:
        raise ValueError("the network sees whole images: use input_to_image")
    aspect_ratio = size["width"] / size["height"]
    width = max(x2 - x1, (y2 - y1) * aspect_ratio) * size["box_padding"]
    scale = width / size["width"]
    return _scaling(scale, (x1 + x2 - width) / 2, (y1 + y2 - width / aspect_ratio) / 2)


def input_to_image(
    image_size: tuple[int, int], description: dict
) -> tuple[np.ndarray, tuple[int, int]]:
    """Return the map (2, 3) from the input to a whole image, and the input's (height, width).

    The shorter side becomes ``min_size`` pixels, the longer one at most ``max_size``; where the
    input's size is fixed, the whole image lies in the middle of it.

    Args:
        image_size: (height, width) of the image.

    Raises:
        ValueError: the network sees crops.
    """
    size = description["input"]
    if "box_padding" in size:
        raise ValueError("the network sees crops: use crop_to_image")
    if size["height"] is not None:
        fixed = (size["height"], size["width"])
        scale = max(side / target for side, target in zip(image_size, fixed, strict=True))
        y, x = ((side - target * scale) / 2 for side, target in zip(image_size, fixed, strict=True))
        return _scaling(scale, x, y), fixed
    factor = min(size["min_size"] / min(image_size), size["max_size"] / max(image_size))
    height, width = (max(1, round(side * factor)) for side in image_size)
    return _scaling(1 / factor, 0.0, 0.0), (height, width)


def opencv_matrix(matrix: np.ndarray) -> np.ndarray:
    """Return a map between continuous pixels as ``cv2.warpAffine`` wants it, between indices.

    Use ``flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP``.
    """
    moved = np.array(matrix, dtype=np.float64)
    moved[:, 2] += moved[:, :2].sum(axis=1) / 2 - 0.5
    return moved


def to_input(images: Sequence[np.ndarray], description: dict) -> np.ndarray:
    """Return images (H, W, 3), values 0 to 255, as float32 (B, 3, H, W).

    Whole images are padded at the right and lower side to the largest one, and to sides that the
    network can see. Padding changes what is found beside it: let all images of a batch be padded to
    one size by the divisor alone, as the model does.

    Args:
        images: channels in the order that the description names.

    Raises:
        ValueError: an image is not of the network's fixed size.
    """
    size = description["input"]
    fixed = (size.get("height"), size.get("width"))
    for image in images:
        if None not in fixed and image.shape[:2] != fixed:
            raise ValueError(f"the network takes images of {fixed}, not {image.shape[:2]}")
    divisor = size.get("divisor", 1)
    sides = zip(*(image.shape[:2] for image in images), strict=True)
    height, width = (-(-max(side) // divisor) * divisor for side in sides)
    batch = np.empty((len(images), height, width, 3), dtype=np.float32)
    batch[:] = size["padding"]
    for row, image in zip(batch, images, strict=True):
        row[: image.shape[0], : image.shape[1]] = image
    return np.ascontiguousarray(batch.transpose(0, 3, 1, 2))


def move_points(xy: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return points (..., 2) moved by a map (2, 3)."""
    return xy @ matrix[:, :2].T + matrix[:, 2]


def _scaling(scale: float, x: float, y: float) -> np.ndarray:
    return np.array([[scale, 0.0, x], [0.0, scale, y]])


# One keypoint of each type.


def decode_keypoints(outputs: dict[str, np.ndarray], description: dict) -> Keypoints:
    """Return one keypoint of each type and image: xy (B, K, 2), score (B, K), anchor_xy (B, K, 2).

    Args:
        outputs: the network's, by name.

    Raises:
        ValueError: outputs of a model that finds several people.
    """
    if "max_people" in description:
        raise ValueError("the network finds several people: use decode_candidates or decode_poses")
    if "offsets_from_center" in outputs:
        offsets = outputs["offsets_from_center"]
        size = np.array([description["input"][side] for side in ("width", "height")], np.float32)
        centers = np.broadcast_to(size / 2, offsets.shape)
        return Keypoints(centers + offsets * size, np.ones(offsets.shape[:2], np.float32), centers)
    grid = _grid(outputs, description)
    batch, num_types = grid.confidence.shape[:2]
    best = grid.confidence.reshape(batch, num_types, -1).argmax(axis=2)
    found = [
        grid.locate(image, kind, best[image, [kind]])
        for image in range(batch)
        for kind in range(num_types)
    ]
    xy, score, anchor_xy = map(np.concatenate, zip(*found, strict=True))
    shape = (batch, num_types)
    return Keypoints(xy.reshape(*shape, 2), score.reshape(shape), anchor_xy.reshape(*shape, 2))


# Several keypoints of each type.


def decode_candidates(
    outputs: dict[str, np.ndarray],
    description: dict,
    image_sizes: Sequence[tuple[int, int]] | None = None,
    gamma: float | None = None,
) -> list[Candidates]:
    """Return all keypoints of each image that a bottom-up model locates.

    Group those of a person by their tags, for instance by ``group_by_tags`` of
    ``adaanchor_d2/modeling/decoders/grouping.py`` (numpy and scipy), as the model does.

    Args:
        outputs: the network's, by name.
        image_sizes: (height, width) of each image without padding; what is found in the padding is
            left out.
        gamma: least confidence, whatever the score is; the description's when None.

    Raises:
        ValueError: outputs of another kind of model, or a gamma that is not between 0 and 1.
    """
    if "max_people" not in description:
        raise ValueError("the network locates one keypoint of each type: use decode_keypoints")
    if "pose_offsets" in outputs:
        raise ValueError("the network finds whole poses: use decode_poses")
    grid = _grid(outputs, description)
    gamma = description["gamma"] if gamma is None else gamma
    if not 0 < gamma < 1:
        raise ValueError(f"gamma is {gamma}, but must be between 0 and 1")
    results = []
    for image in range(len(grid.confidence)):
        size = None if image_sizes is None else image_sizes[image]
        found = [
            grid.locate_many(image, kind, gamma, description["max_people"])
            for kind in range(grid.confidence.shape[1])
        ]
        kinds = np.repeat(np.arange(len(found)), [len(points.score) for points in found])
        points = Keypoints(*map(np.concatenate, zip(*found, strict=True)))
        inside = _inside(points, size)
        points, kinds = Keypoints(*(part[inside] for part in points)), kinds[inside]
        results.append(
            Candidates(*points, kinds, _tags(outputs, description, image, kinds, points))
        )
    return results


def decode_poses(
    outputs: dict[str, np.ndarray],
    description: dict,
    image_sizes: Sequence[tuple[int, int]] | None = None,
    gamma: float | None = None,
) -> list[Poses]:
    """Return the poses of each image that a single-stage model finds.

    Several may be of one person: remove duplicates, for instance by ``same_person`` and
    ``keep_best_poses`` of ``adaanchor_d2/modeling/decoders/pose_nms.py`` (numpy alone), as the
    model does.

    Args:
        outputs, image_sizes, gamma: as for :func:`decode_candidates`.

    Raises:
        ValueError: as there.
    """
    if "pose_offsets" not in outputs:
        raise ValueError("the network finds no poses: use decode_candidates or decode_keypoints")
    centers = {
        name.removeprefix("center_"): values
        for name, values in outputs.items()
        if name.startswith("center_")
    }
    stride, place = description["stride"], description["place"]
    results = []
    for image, found in enumerate(decode_candidates(centers, description, image_sizes, gamma)):
        offsets = outputs["pose_offsets"][image]
        moves = bilinear(offsets.reshape(-1, *offsets.shape[-2:]), found.xy / stride - place)
        xy = found.xy[:, None] + moves.reshape(-1, *offsets.shape[:2]) * stride
        score = np.broadcast_to(found.score[:, None], xy.shape[:2])
        if "keypoint_heatmaps" in outputs and description["rescore"]:
            places = xy / stride - description["heatmap_place"]
            heat = [
                bilinear(heatmap[None], places[:, kind])[:, 0]
                for kind, heatmap in enumerate(outputs["keypoint_heatmaps"][image])
            ]
            score = score * np.clip(np.stack(heat, axis=1), 0.0, 1.0)
        results.append(Poses(xy, score, Keypoints(*found[:3])))
    return results


def bilinear(maps: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Sample maps (C, H, W) at index coordinates (N, 2), the border outside; return (N, C)."""
    last = np.array([maps.shape[2] - 1, maps.shape[1] - 1])
    xy = np.clip(xy, 0, last)
    lower = np.floor(xy).astype(np.int64)
    (x0, y0), (x1, y1) = lower.T, np.minimum(lower + 1, last).T
    x, y = (xy - lower).T.astype(maps.dtype)
    above = maps[:, y0, x0] * (1 - x) + maps[:, y0, x1] * x
    below = maps[:, y1, x0] * (1 - x) + maps[:, y1, x1] * x
    return (above * (1 - y) + below * y).T


class _AnchorGrid:
    """Candidates of AdaAnchor and FixAnchor: confidence, which chooses, and offsets."""

    def __init__(self, outputs: dict[str, np.ndarray], description: dict) -> None:
        self.stride, self.place = description["stride"], np.float32(description["place"])
        self.confidence = outputs["confidence_logits"]
        self.offsets, self.local_offsets = outputs["offsets"], outputs.get("local_offsets")
        self.scores = outputs.get("quality_logits", self.confidence)

    def locate(self, image: int, kind: int, index: np.ndarray) -> Keypoints:
        """Return what candidates (N,), row * W + column, of a map estimate."""
        row, column = np.divmod(index, self.confidence.shape[3])
        anchor = np.stack([column, row], axis=1).astype(np.float32) + self.place
        xy = anchor + self.offsets[image, kind][:, row, column].T
        if self.local_offsets is not None:
            xy = xy + bilinear(self.local_offsets[image, kind], xy - self.place)
        score = _sigmoid(self.scores[image, kind, row, column])
        return Keypoints(xy * self.stride, score, anchor * self.stride)

    def locate_many(self, image: int, kind: int, gamma: float, limit: int) -> Keypoints:
        """Return the best candidates of a map; of those that estimate one place, the best one."""
        logits = self.confidence[image, kind].ravel()
        points = self.locate(
            image, kind, _best_first(logits, logits >= np.log(gamma / (1 - gamma)))
        )
        kept, left = [], np.arange(len(points.score))
        while len(left) and len(kept) < limit:
            first, left = left[0], left[1:]
            kept.append(first)
            distance = np.linalg.norm(points.xy[left] - points.xy[first], axis=1)
            left = left[~(distance <= MERGE_RADIUS * self.stride)]
        return Keypoints(*(part[kept] for part in points))


class _HeatmapGrid:
    """Cells of heatmaps: the height is the confidence, a peak moves to its higher neighbours."""

    def __init__(self, outputs: dict[str, np.ndarray], description: dict) -> None:
        self.stride, self.place = description["stride"], np.float32(description["place"])
        if "fine_heatmaps" in outputs:
            coarse = _upsampled(outputs["coarse_heatmaps"])
            self.confidence = (outputs["fine_heatmaps"] + coarse) / 2
        else:
            self.confidence = outputs["heatmaps"]

    def locate(self, image: int, kind: int, index: np.ndarray) -> Keypoints:
        """Return cells (N,), row * W + column, of a map, moved a quarter cell (SimplePose)."""
        heatmap = self.confidence[image, kind]
        height, width = heatmap.shape
        row, column = np.divmod(index, width)
        inside = (row > 0) & (row < height - 1) & (column > 0) & (column < width - 1)
        # Read around the inner cells only: the others are not moved.
        y, x = np.where(inside, row, 1), np.where(inside, column, 1)
        padded = np.pad(heatmap, ((0, 2), (0, 2)))
        slope = (padded[y, x + 1] - padded[y, x - 1], padded[y + 1, x] - padded[y - 1, x])
        anchor = np.stack([column, row], axis=1).astype(np.float32) + self.place
        xy = anchor + np.float32(0.25) * (np.sign(slope) * inside).T
        score = np.clip(heatmap[row, column], 0.0, 1.0)
        return Keypoints(xy.astype(np.float32) * self.stride, score, anchor * self.stride)

    def locate_many(self, image: int, kind: int, gamma: float, limit: int) -> Keypoints:
        """Return the highest peaks (3x3) of a map."""
        heatmap = self.confidence[image, kind]
        peaks = (heatmap >= gamma) & _is_peak(heatmap)
        return self.locate(image, kind, _best_first(heatmap.ravel(), peaks.ravel())[:limit])


def _grid(outputs: dict[str, np.ndarray], description: dict) -> _AnchorGrid | _HeatmapGrid:
    has_anchors = "confidence_logits" in outputs
    return (_AnchorGrid if has_anchors else _HeatmapGrid)(outputs, description)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0, -logits))


def _best_first(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the indices of wanted values (N,), highest first, equal ones in their order."""
    index = np.flatnonzero(wanted)
    return index[np.argsort(-values[index], kind="stable")]


def _is_peak(heatmap: np.ndarray) -> np.ndarray:
    """Return where a map (H, W) is the maximum of its 3x3; of equal neighbours the first one is."""
    height, width = heatmap.shape
    padded = np.pad(heatmap, 1, constant_values=-np.inf)
    around = [
        padded[y : y + height, x : x + width]
        for y in range(3)
        for x in range(3)
        if (y, x) != (1, 1)
    ]
    before, after = np.stack(around[:4]), np.stack(around[4:])
    return (heatmap > before).all(axis=0) & (heatmap >= after).all(axis=0)


def _upsampled(heatmaps: np.ndarray) -> np.ndarray:
    """Return maps (B, K, H, W) at twice their size, bilinearly, pixels as areas."""
    batch, kinds, height, width = heatmaps.shape
    row, column = np.indices((2 * height, 2 * width)).reshape(2, -1)
    places = np.stack([column, row], axis=1) / 2 - 0.25
    sampled = bilinear(heatmaps.reshape(-1, height, width), places)
    return sampled.T.reshape(batch, kinds, 2 * height, 2 * width)


def _inside(points: Keypoints, size: tuple[int, int] | None) -> np.ndarray:
    """Return which points have their anchor in an image of this (height, width)."""
    if size is None:
        return np.ones(len(points.score), dtype=bool)
    return (points.anchor_xy < np.array(size[::-1])).all(axis=1)


def _tags(
    outputs: dict[str, np.ndarray],
    description: dict,
    image: int,
    kinds: np.ndarray,
    points: Keypoints,
) -> np.ndarray | None:
    if "tags" not in outputs:
        return None
    places = points.xy / description["tag_stride"] - description["tag_place"]
    tags = np.empty(len(kinds), dtype=np.float32)
    for kind in np.unique(kinds):
        own = kinds == kind
        tags[own] = bilinear(outputs["tags"][image, kind][None], places[own])[:, 0]
    return tags
