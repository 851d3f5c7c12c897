"""A synthetic person: a posed body with clothes, drawn part by part from far to near."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..synthetic_drawing.canvas import Canvas
from ..synthetic_drawing.polygons import discs
from .body import (
    KEYPOINT_NAMES,
    SPHERE_ROWS,
    Body,
    Shape,
    build_body,
    random_shape,
)
from .clothes import Outfit, random_outfit
from .head import draw_head
from .parts import LayerTable, Part, layer_table, part_code
from .pose import Pose, random_pose

_ROWS_PER_STATURE = 150  # of cloth textures
_KEYPOINT_ROWS = [SPHERE_ROWS[name] for name in KEYPOINT_NAMES]
_SKULL = SPHERE_ROWS["skull"]
_EARS = {Part.LEFT_EAR: SPHERE_ROWS["left_ear"], Part.RIGHT_EAR: SPHERE_ROWS["right_ear"]}
_HEAD_BIAS = 0.03


@dataclass
class Figure:
    """A person at its place in the picture.

    Attributes:
        pose, shape, body, outfit: what is drawn.
        stature_px: pixels of one stature.
        origin: (2,) pixels, the place of the pelvis.
        light: -1 (from the left) to 1 (from the right).
    """

    pose: Pose
    shape: Shape
    body: Body
    outfit: Outfit
    stature_px: float
    origin: np.ndarray
    light: float

    def __post_init__(self) -> None:
        reach = (self.body.radii * self.body.nearness)[:, None]
        low, high = (self.body.flat - reach).min(axis=0), (self.body.flat + reach).max(axis=0)
        self._extent = np.array((low, high)) * self.stature_px

    def bounds(self) -> np.ndarray:
        """Return (2, 2) the lowest and highest x, y of the spheres in pixels."""
        return self._extent + self.origin

    def keypoints(self) -> np.ndarray:
        """Return the keypoints (K, 2) in continuous pixels, in COCO's order."""
        return self.body.flat[_KEYPOINT_ROWS] * self.stature_px + self.origin

    def draw(self, canvas: Canvas, index: int, rng: np.random.Generator) -> None:
        """Draw the person, the one with this index in its picture."""
        wear, px = self.outfit, self.stature_px
        table = layer_table(wear.sleeves, wear.legs, wear.tucked, wear.head.long_hair)
        centres = self.body.flat * px + self.origin
        radii = self.body.radii * self.body.nearness * px
        extra = self.shape.looseness * px
        points = discs(np.concatenate((centres, centres)), np.concatenate((radii, radii + extra)))
        points = points.reshape(-1, 2)
        first = self._new_layers(canvas, table, centres, radii, extra, index)
        depths = self._depths(table)
        order = np.argsort(depths)
        in_front = int(np.searchsorted(depths[order], self._head_depth()))
        order = order.tolist()
        for rows in (order[:in_front], None, order[in_front:]):
            if rows is None:
                self._draw_head(canvas, centres[_SKULL], index, rng)
                continue
            for row in rows:
                for hull_points in table.hull_points[row]:
                    canvas.cover(cv2.convexHull(points.take(hull_points, axis=0)), first + row)

    def _new_layers(
        self,
        canvas: Canvas,
        table: LayerTable,
        centres: np.ndarray,
        radii: np.ndarray,
        extra: float,
        index: int,
    ) -> int:
        across, along, columns = self._cloth_maps(table, centres, radii, extra)
        light = self.light * across[:, 0] / np.hypot(across[:, 0], across[:, 1])
        cloths = [getattr(self.outfit, layer.cloth) for layer in table.layers]
        codes = [part_code(index, layer.part) for layer in table.layers]
        return canvas.new_cloth_layers(across, along, columns, light, cloths, codes)

    def _head_depth(self) -> float:
        return float(self.body.centres[_SKULL, 2]) + _HEAD_BIAS

    def _depths(self, table: LayerTable) -> np.ndarray:
        """Return (L,) how near each layer is to the viewer."""
        z = self.body.centres[:, 2]
        depths = table.depth_weights @ z + table.bias
        head = self._head_depth()
        forward = self.body.head_axes[2, 2] / np.linalg.norm(self.body.head_axes[:, 2])
        for row, layer in enumerate(table.layers):
            if layer.part is Part.NOSE:  # it is in front of the face or hidden by the head
                depths[row] = head + 0.001 if forward > -0.1 else -np.inf
            elif layer.part in _EARS and z[_EARS[layer.part]] > z[_SKULL] - 0.026:
                depths[row] = head + 0.002
        return depths

    def _cloth_maps(
        self, table: LayerTable, centres: np.ndarray, radii: np.ndarray, extra: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return across (L, 3), along (L, 3) and columns (L,) as ``Canvas.dress`` takes them."""
        px = self.stature_px
        start, end = centres[table.ends[:, 0]], centres[table.ends[:, 1]]
        span = np.maximum(np.hypot(*(end - start).T), 1e-6)
        down = (end - start) / span[:, None]
        right = np.column_stack((-down[:, 1], down[:, 0]))
        sideways = np.einsum("lsc,lc->ls", centres[table.spheres], right)
        reach = radii[table.spheres] + (table.loose * extra)[:, None]
        low, high = (sideways - reach).min(axis=1), (sideways + reach).max(axis=1)
        wide = 2 / (high - low)
        ends = self.body.centres[table.ends]
        length = np.sqrt(((ends[:, 1] - ends[:, 0]) ** 2).sum(axis=1))
        dense = length * _ROWS_PER_STATURE / np.maximum(span, 0.2 * length * px)
        across = np.column_stack((right * wide[:, None], -0.5 * (high + low) * wide))
        along = np.column_stack((down, -(start * down).sum(axis=1))) * dense[:, None]
        return across, along, (high - low) * (_ROWS_PER_STATURE / px)

    def _draw_head(
        self, canvas: Canvas, centre: np.ndarray, index: int, rng: np.random.Generator
    ) -> None:
        axes = self.body.head_axes * (self.stature_px * self.body.nearness[_SKULL])
        codes = part_code(index, Part.HEAD), part_code(index, Part.HAIR)
        draw_head(canvas, centre, axes, self.outfit.head, self.light, codes, rng)


def random_figure(
    rng: np.random.Generator,
    stature_px: float,
    pitch: float,
    light: float,
    any_pose_probability: float,
) -> Figure:
    """Return a random person with its pelvis at (0, 0).

    Args:
        rng: the source of chance.
        stature_px: pixels of one stature.
        pitch: degrees by which the camera looks down.
        light: -1 (from the left) to 1 (from the right).
        any_pose_probability: see ``random_pose``.
    """
    pose, shape = random_pose(rng, any_pose_probability), random_shape(rng)
    body = build_body(pose, shape, pitch)
    return Figure(pose, shape, body, random_outfit(rng), stature_px, np.zeros(2), light)
