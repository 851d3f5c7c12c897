"""Meshes of a head's parts: grids of points with normals and values to interpolate."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .raster import grid_triangles


@lru_cache(maxsize=16)
def _triangles(rows: int, columns: int) -> np.ndarray:
    return grid_triangles(rows, columns)


@dataclass(frozen=True)
class Mesh:
    """A part of a head in camera axes (x right, y up, z to the viewer), eye spans.

    Attributes:
        part: what it is.
        points, normals: (V, 3).
        triangles: (F, 3).
        attributes: (3, V) two values that its colour is made from, and one that is above 0 where
            there is something.
    """

    part: int
    points: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    attributes: np.ndarray

    @classmethod
    def from_grid(
        cls,
        part: int,
        points: np.ndarray,
        normals: np.ndarray,
        shape: tuple[int, int],
        attributes: np.ndarray,
    ) -> "Mesh":
        """Make a mesh of points that lie row by row, rows upward and columns to the right."""
        return cls(part, points, normals, _triangles(*shape), attributes)


@dataclass(frozen=True)
class JoinedMesh:
    """Several meshes as one; as in ``Mesh``, and

    Attributes:
        parts: (F,) the part that each triangle belongs to.
        vertex_parts: (V,) likewise of each vertex.
    """

    points: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    attributes: np.ndarray
    parts: np.ndarray
    vertex_parts: np.ndarray


def joined(meshes: list[Mesh]) -> JoinedMesh:
    """Return the meshes as one."""
    counts = [len(mesh.points) for mesh in meshes]
    firsts = np.cumsum([0, *counts[:-1]])
    numbers = np.array([mesh.part for mesh in meshes])
    return JoinedMesh(
        points=np.concatenate([mesh.points for mesh in meshes]),
        normals=np.concatenate([mesh.normals for mesh in meshes]),
        triangles=np.concatenate(
            [mesh.triangles + first for mesh, first in zip(meshes, firsts, strict=True)]
        ),
        attributes=np.concatenate([mesh.attributes for mesh in meshes], axis=1),
        parts=np.repeat(numbers, [len(mesh.triangles) for mesh in meshes]),
        vertex_parts=np.repeat(numbers, counts),
    )


def grid_normals(vertices: np.ndarray) -> np.ndarray:
    """Return the unit normals (R, C, 3) of a closed grid whose columns go once around."""
    around = np.empty_like(vertices)
    around[:, 1:-1] = vertices[:, 2:] - vertices[:, :-2]
    around[:, 0] = around[:, -1] = vertices[:, 1] - vertices[:, -2]
    upward = np.empty_like(vertices)
    upward[1:-1] = vertices[2:] - vertices[:-2]
    upward[0], upward[-1] = vertices[1] - vertices[0], vertices[-1] - vertices[-2]
    ax, ay, az = np.moveaxis(around, -1, 0)
    bx, by, bz = np.moveaxis(upward, -1, 0)
    normals = np.stack((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx), axis=-1)
    length = np.sqrt((normals * normals).sum(axis=-1, keepdims=True))
    return normals / np.maximum(length, 1e-9)


_UP = np.radians(np.linspace(-90, 90, 9))[:, None]
_AROUND = np.radians(np.linspace(-180, 180, 13))
_UNIT_SPHERE = np.stack(
    np.broadcast_arrays(np.cos(_UP) * np.sin(_AROUND), np.sin(_UP), np.cos(_UP) * np.cos(_AROUND)),
    axis=-1,
).reshape(-1, 3)


def ellipsoid(
    centre: tuple[float, float, float], axes: tuple[float, float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points, normals and places on the unit sphere, (117, 3) each, of a 9 x 13 grid."""
    return _UNIT_SPHERE * axes + centre, _ellipsoid_normals(axes), _UNIT_SPHERE


@lru_cache(maxsize=4)
def _ellipsoid_normals(axes: tuple[float, float, float]) -> np.ndarray:
    normals = _UNIT_SPHERE / axes
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def tube(
    rings: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Return points and normals (N * 17, 3) of a tube through rings, listed from above.

    Each ring is (centre, half axis to the right, half axis forward); rows run upward.
    """
    angles = np.radians(np.linspace(-180, 180, 17))
    sine, cosine = np.sin(angles)[:, None], np.cos(angles)[:, None]
    points = [centre + sine * across + cosine * forward for centre, across, forward in rings]
    outward = [sine * across + cosine * forward for _, across, forward in rings]
    normals = np.concatenate(outward[::-1])
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    return np.concatenate(points[::-1]), normals


def both_sides(triangles: np.ndarray) -> np.ndarray:
    """Return triangles (2 F, 3) that are seen from either side."""
    return np.concatenate((triangles, triangles[:, ::-1]))
