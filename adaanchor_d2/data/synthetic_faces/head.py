"""One head before the camera: surface, hair, ears and neck, made into pixels."""

from dataclasses import dataclass

import numpy as np

from ..synthetic_drawing.canvas import Canvas
from ..synthetic_drawing.rotation import rotation
from ..synthetic_drawing.textures import texture_pool
from .hair import skull_and_hair
from .landmarks import Landmarks, place_landmarks
from .look import Look
from .mesh import JoinedMesh, Mesh, ellipsoid, grid_normals, joined, tube
from .raster import rasterize
from .skin import SkinPainter
from .skin_map import SkinMap
from .surface import ANGLES, HeadSurface, build_surface
from .traits import Expression, Proportions, Turn

CODES_PER_FACE = 8
SKIN, NOSE, HAIR, EAR, NECK = _PARTS = range(5)
_VIEWER_DISTANCE = 12.0
_NOSE_ANGLE = 15.0
_PIVOT = np.array((0.0, 0.0, 0.35))  # what the head turns about


def face_code(face: int, part: int) -> int:
    """Return the canvas label of a part of the face with this index in its picture."""
    return 1 + face * CODES_PER_FACE + part


@dataclass(frozen=True)
class Light:
    """Light on a face; colours are factors (B, G, R).

    Attributes:
        direction: (3,) unit vector towards the light, camera axes (y up, z to the viewer).
        ambient: what every place gets.
        direct: what a place that faces the light gets.
        shine: strength of the highlights.
    """

    direction: np.ndarray
    ambient: np.ndarray
    direct: np.ndarray
    shine: float


class Head:
    """A head at its place in a picture.

    Args:
        shape, expression, turn, look: the face.
        span_px: pixels of an eye span.
        origin: (2,) continuous pixel coordinates of the point between the eyes.
    """

    def __init__(
        self,
        shape: Proportions,
        expression: Expression,
        turn: Turn,
        look: Look,
        span_px: float,
        origin: np.ndarray,
    ) -> None:
        self.shape, self.expression, self.turn, self.look = shape, expression, turn, look
        self.span_px, self.origin = span_px, np.asarray(origin, float)
        self.rotation = rotation(turn.pitch, turn.yaw, turn.roll)
        self.surface: HeadSurface = build_surface(shape, expression)
        level = rotation(turn.pitch, turn.yaw, 0)
        self.landmarks: Landmarks = place_landmarks(self.surface, shape, expression, level[0])
        points = self.surface.points_at(self.landmarks.angles, self.landmarks.heights)
        self._landmark_points = self.to_camera(points)

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Return points (..., 3) of the head's axes in camera axes, eye spans."""
        return (points - _PIVOT) @ self.rotation.T

    def to_picture(self, camera: np.ndarray) -> np.ndarray:
        """Return continuous pixels (..., 2) of points (..., 3) in camera axes."""
        near = self.span_px / (1 - camera[..., 2:] / _VIEWER_DISTANCE)
        return camera[..., :2] * (1, -1) * near + self.origin

    def keypoints(self) -> np.ndarray:
        """Return the 98 landmarks (98, 2) in continuous pixel coordinates."""
        return self.to_picture(self._landmark_points)

    def draw(self, canvas: Canvas, face: int, light: Light, rng: np.random.Generator) -> None:
        """Draw everything of the head, with the labels of the face with this index."""
        skin_map = SkinMap(self.surface, self.span_px)
        painter = SkinPainter(
            skin_map, self.landmarks.flat, self.shape, self.expression, self.look, rng
        )
        self.draw_skin(canvas, face, light, skin_map, painter.paint(), rng)

    def draw_skin(
        self,
        canvas: Canvas,
        face: int,
        light: Light,
        skin_map: SkinMap,
        skin: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        """Draw the head with a painted map of its skin."""
        mesh = joined(self._meshes(rng))
        places = self.to_picture(mesh.points)
        size = (canvas.width, canvas.height)
        low = np.clip(np.floor(places.min(axis=0)), 0, size).astype(int)
        high = np.clip(np.ceil(places.max(axis=0)) + 1, 0, size).astype(int)
        (left, top), (width, height) = low.tolist(), (high - low).tolist()
        if width <= 0 or height <= 0:
            return
        values = np.vstack((*_lit(mesh, light), mesh.attributes))
        seen = rasterize(
            places - low, mesh.points[:, 2], values, mesh.triangles, width, height, cover=4
        )
        parts = mesh.parts[seen.triangles]
        direct, shine, *values = seen.attributes
        parts, colours = self._colours(parts, values, skin_map, skin)
        source = np.zeros((height, width, 3), np.uint8)
        for channel, colour in enumerate(colours):
            gain = light.direct[channel] * direct + light.ambient[channel]
            source.reshape(-1, 3)[seen.pixels, channel] = np.minimum(colour * gain + shine, 255)
        shown = np.full((height, width), len(_PARTS), np.uint8)
        shown.reshape(-1)[seen.pixels] = parts
        canvas.stamp_parts(source, left, top, shown, [face_code(face, part) for part in _PARTS])

    def _meshes(self, rng: np.random.Generator) -> list[Mesh]:
        return [*self._ears(), self._neck(), *skull_and_hair(self, self._skull(), rng)]

    def _colours(
        self, parts: np.ndarray, values: list[np.ndarray], skin_map: SkinMap, skin: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the parts (N,), the nose now set off, and the unlit colours (3, N)."""
        colours = np.empty((3, len(parts)), np.float32)
        at = np.flatnonzero(parts == SKIN)
        angles, heights = values[0][at], values[1][at]
        colours[:, at] = skin_map.sample(skin, angles, heights).T
        low = -self.shape.nose_length - 0.11
        on_nose = (np.abs(angles) < _NOSE_ANGLE) & (heights < -0.1) & (heights > low)
        at_nose = at[on_nose]
        at = np.flatnonzero(parts == HAIR)
        rows, columns = (values[1][at] * 42).astype(int) & 511, (values[0][at] * 2.6).astype(int)
        streaks = 0.55 + texture_pool().noise[3][rows, columns & 511] * (0.6 / 255)
        colours[:, at] = np.outer(self.look.hair, streaks)
        at = np.flatnonzero(parts > HAIR)  # ears and neck
        colours[:, at] = np.outer(self.look.skin, values[0][at])
        parts[at_nose] = NOSE
        return parts, colours

    def _skull(self) -> Mesh:
        vertices = self.surface.vertices
        rows, columns = vertices.shape[:2]
        angles = np.broadcast_to(ANGLES, (rows, columns)).ravel()
        heights = np.broadcast_to(self.surface.heights[:, None], (rows, columns)).ravel()
        normals = grid_normals(vertices).reshape(-1, 3) @ self.rotation.T
        points = self.to_camera(vertices.reshape(-1, 3))
        return Mesh.from_grid(
            SKIN,
            points,
            normals,
            (rows, columns),
            np.stack((angles, heights, np.ones(angles.size))),
        )

    def _ears(self) -> list[Mesh]:
        half_width = float(np.interp(0.0, self.surface.heights, self.surface.half_widths))
        meshes = []
        for side in (-1, 1):
            centre, axes = (side * (half_width + 0.03), -0.12, -0.02), (0.075, 0.23, 0.13)
            points, normals, unit = ellipsoid(centre, axes)
            hollow = np.hypot(unit[:, 1] - 0.1, unit[:, 2] - 0.15)
            tone = np.where(hollow < 0.55, 0.68, 0.95)
            meshes.append(
                Mesh.from_grid(
                    EAR,
                    self.to_camera(points),
                    normals @ self.rotation.T,
                    (9, 13),
                    np.stack((tone, tone, tone)),
                )
            )
        return meshes

    def _neck(self) -> Mesh:
        """A tube from below the jaw, which turns with the head, to the shoulders."""
        top = self.to_camera(np.array((0.0, -0.55, -0.15)))
        across, forward = self.rotation[:, 0], self.rotation[:, 2]
        bottom = np.array((0.4 * top[0], top[1] - 1.75, top[2] - 0.25))
        upright = np.eye(3)
        rings = [
            (top, 0.50 * across, 0.52 * forward),
            (0.7 * top + 0.3 * bottom, 0.48 * upright[0], 0.46 * upright[2]),
            (0.4 * top + 0.6 * bottom, 0.47 * upright[0], 0.45 * upright[2]),
            (bottom, 0.62 * upright[0], 0.50 * upright[2]),
        ]
        points, normals = tube(rings)
        tone = np.repeat((0.9, 0.85, 0.75, 0.6), len(points) // 4)
        return Mesh.from_grid(
            NECK, points, normals, (4, len(points) // 4), np.stack((tone, tone, tone))
        )

    def shoulder_place(self) -> np.ndarray:
        """Return (2,) pixels of the neck's lower end."""
        top = self.to_camera(np.array((0.0, -0.55, -0.15)))
        return self.to_picture(np.array((0.4 * top[0], top[1] - 1.55, top[2] - 0.25)))


def _lit(mesh: JoinedMesh, light: Light) -> tuple[np.ndarray, np.ndarray]:
    """Return how much direct light and what highlight (grey levels) each vertex gets."""
    facing = np.clip(mesh.normals @ light.direction, 0, 1)
    half_way = light.direction + (0, 0, 1)
    half_way = half_way / np.linalg.norm(half_way)
    shine = np.square(np.square(np.clip(mesh.normals @ half_way, 0, 1) ** 3))
    shine = np.square(shine) * (55 * light.shine)
    return facing, np.where(np.isin(mesh.vertex_parts, (SKIN, HAIR)), shine, 0)
