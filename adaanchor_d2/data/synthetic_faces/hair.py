"""Hair as meshes: a cap on the skull that ends at the hairline, and a curtain when it is long."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .mesh import Mesh, both_sides
from .surface import ANGLES, TOP

if TYPE_CHECKING:
    from .head import Head

_HAIR_PART = 2
# Height of the hairline at angles from the front backward.
_LINE_ANGLES = np.array((0, 25, 50, 66, 76, 86, 94, 104, 114, 180.0))
_LINES = {
    "short": (0.80, 0.78, 0.66, 0.42, 0.10, -0.10, -0.10, 0.00, -0.55, -0.65),
    "long": (0.82, 0.80, 0.68, 0.46, 0.15, -0.10, -0.30, -0.5, -0.6, -0.65),
    "fringe": (0.26, 0.27, 0.26, 0.24, 0.00, -0.10, -0.30, -0.5, -0.6, -0.65),
    "receding": (1.02, 1.06, 0.95, 0.62, 0.20, -0.05, -0.10, 0.00, -0.55, -0.65),
    "bald": (1.60, 1.60, 1.60, 1.60, 1.60, 0.9, 0.30, 0.10, -0.55, -0.65),
    "headscarf": (0.70, 0.68, 0.52, 0.25, -0.10, -0.55, -1.6, -1.6, -1.6, -1.6),
}
_FEATHER = 0.20  # height over which the hair gets its full thickness


def skull_and_hair(head: "Head", skull: Mesh, rng: np.random.Generator) -> list[Mesh]:
    """Return the meshes of the skull, without what lies deep under hair, and of the hair."""
    look = head.look
    above = _above_hairline(head, rng)
    hidden = (above.ravel() > _FEATHER)[skull.triangles].all(axis=1)
    meshes = [replace(skull, triangles=skull.triangles[~hidden]), _cap(head, skull, above)]
    long_fringe = look.hair_style == "fringe" and look.hair_length > 1.4
    if look.hair_style in ("long", "headscarf") or long_fringe:
        meshes.append(_curtain(head, rng))
    return meshes


def _above_hairline(head: "Head", rng: np.random.Generator) -> np.ndarray:
    """Return (R, C) how far the vertices of the surface are above the hairline."""
    look = head.look
    line = np.interp(np.abs(ANGLES), _LINE_ANGLES, _LINES[look.hair_style]) + look.hairline
    raggedness = {"fringe": 0.07, "headscarf": 0.0}.get(look.hair_style, 0.03)
    line = line + raggedness * rng.uniform(-1, 1, len(ANGLES))
    if look.hair_style != "headscarf":  # parted or combed to a side
        line = line + 0.10 * rng.uniform(-1, 1) * np.sin(np.radians(2 * ANGLES))
    return head.surface.heights[:, None] - line


def _cap(head: "Head", skull: Mesh, above: np.ndarray) -> Mesh:
    """A shell that stands off the skull; through its open edge the far side's inside is seen."""
    look = head.look
    thickness = look.hair_volume * np.clip(above / _FEATHER, 0, 1) + 0.006
    thickness = thickness * (1 + 0.5 * np.clip(head.surface.heights[:, None] / TOP, 0, 1))
    if look.hair_style == "fringe":
        thickness = thickness + 0.04
    points = skull.points + skull.normals * thickness.reshape(-1, 1)
    attributes = np.vstack((skull.attributes[:2], above.ravel()))
    grown = (above.ravel() > 0)[skull.triangles].any(axis=1)
    triangles = both_sides(skull.triangles[grown])
    return Mesh(_HAIR_PART, points, skull.normals, triangles, attributes)


def _curtain(head: "Head", rng: np.random.Generator) -> Mesh:
    """Hair that falls from the head's sides and back; its ends hang down whatever the head does."""
    look = head.look
    rows, columns = 9, 27
    front = rng.uniform(84, 104)
    angles = np.linspace(front, 360 - front, columns)
    heights = np.linspace(-look.hair_length, 0.55, rows)
    down = (0.55 - heights) / (0.55 + look.hair_length)
    radius_x = (
        0.86 + look.hair_volume * 0.6 + 0.16 * np.sin(np.pi * np.minimum(1.3 * down, 1) / 1.6)
    )
    sine, cosine = np.sin(np.radians(angles)), np.cos(np.radians(angles))
    wave = 1 + 0.03 * np.sin(6 * heights[:, None] + rng.uniform(0, 6)) * (down[:, None] > 0.2)
    x = -radius_x[:, None] * wave * sine * -1
    z = -0.15 + 0.95 * cosine[None] * (1 - 0.25 * down[:, None])
    x, z, y = np.broadcast_arrays(x, z, heights[:, None])
    vertices = np.stack((x, y, z), axis=-1)
    normals = np.stack((sine + 0 * z, 0 * z, cosine + 0 * z), axis=-1)
    points = head.to_camera(vertices.reshape(-1, 3))
    hanging = head.to_camera(np.array((0.0, 0.3, -0.2))) + vertices.reshape(-1, 3) - (0, 0.3, -0.2)
    share = (down**1.5)[:, None].repeat(columns, axis=1).reshape(-1, 1)
    points = points * (1 - share) + hanging * share
    inside = np.minimum(1.0, 0.02 + np.minimum(1 - down, 0.3))[:, None] - 0.05 * rng.random(columns)
    attributes = np.stack(
        (
            np.broadcast_to(angles, x.shape).ravel(),
            np.broadcast_to(0.35 * heights[:, None], x.shape).ravel(),
            np.broadcast_to(inside, x.shape).ravel(),
        )
    )
    normals = normals.reshape(-1, 3) @ head.rotation.T
    mesh = Mesh.from_grid(_HAIR_PART, points, normals, (rows, columns), attributes)
    return replace(mesh, triangles=both_sides(mesh.triangles))
