"""Triangles to pixels with hidden surfaces removed, all of a mesh at once in numpy."""

from dataclasses import dataclass

import numpy as np

_LEAST_AREA = 1e-6  # twice a triangle's, square pixels
_DEPTH_STEPS = 65535


@dataclass(frozen=True)
class Fragments:
    """The pixels that a mesh covers, each once, with what is nearest there.

    Attributes:
        pixels: (N,) row * width + column, in ascending order.
        triangles: (N,) rows of the triangles.
        attributes: (A, N) float32, interpolated.
    """

    pixels: np.ndarray
    triangles: np.ndarray
    attributes: np.ndarray


def grid_triangles(rows: int, columns: int) -> np.ndarray:
    """Return the triangles (F, 3) of a grid of vertices, numbered row by row.

    Seen from outside with rows upward and columns to the right they run clockwise, as
    ``rasterize`` wants them in a picture whose y points down.
    """
    i, j = np.mgrid[0 : rows - 1, 0 : columns - 1]
    a = (i * columns + j).ravel()
    b, c, d = a + 1, a + columns, a + columns + 1
    return np.concatenate((np.column_stack((a, b, c)), np.column_stack((b, d, c))))


def rasterize(
    points: np.ndarray,
    depths: np.ndarray,
    attributes: np.ndarray,
    triangles: np.ndarray,
    width: int,
    height: int,
    cover: int | None = None,
) -> Fragments:
    """Find what each pixel's centre (at + 0.5) sees of a mesh.

    Args:
        points: (V, 2) continuous pixel coordinates.
        depths: (V,) larger is nearer.
        attributes: (A, V) what to interpolate.
        triangles: (F, 3) rows of vertices, in the order of ``grid_triangles`` where they are seen
            from in front; the others are not drawn.
        width, height: of the picture.
        cover: the attribute that says by being above 0 where the mesh has no hole.
    """
    corners = np.ascontiguousarray(triangles.T)
    x, y = points[:, 0].take(corners), points[:, 1].take(corners)
    area = (x[2] - x[0]) * (y[1] - y[0]) - (x[1] - x[0]) * (y[2] - y[0])
    top = np.maximum(np.ceil(_least(y) - 0.5), 0).astype(np.int64)
    bottom = np.minimum(np.floor(-_least(-y) - 0.5), height - 1).astype(np.int64)
    kept = np.flatnonzero((area > _LEAST_AREA) & (top <= bottom))
    x, y, top, bottom = x[:, kept], y[:, kept], top[kept], bottom[kept]
    owner, row, column = _covered(x, y, top, bottom, width)
    values = np.vstack((depths, attributes))
    planes = _planes(x, y, area[kept], values.take(corners[:, kept], axis=1))
    wanted = [0] if cover is None else [0, 1 + cover]
    depth, *solid = _evaluated(planes[:, wanted], owner, row, column)
    if solid:
        depth[solid[0] <= 0] = -np.inf
    pixels = row * width + column
    nearest = _nearest(pixels, depth, width * height)
    owner, row, column = owner[nearest], row[nearest], column[nearest]
    mixed = _evaluated(planes[:, 1:], owner, row, column).astype(np.float32)
    return Fragments(pixels[nearest], kept[owner], mixed)


def _least(corners: np.ndarray) -> np.ndarray:
    return np.minimum(np.minimum(corners[0], corners[1]), corners[2])


def _covered(
    x: np.ndarray, y: np.ndarray, top: np.ndarray, bottom: np.ndarray, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return triangle, row and column where a pixel's centre is inside a triangle.

    Args:
        x, y: (3, F) the corners.
        top, bottom: (F,) first and last row.
        width: of the picture.
    """
    owner, row = _counted_up(top, bottom - top + 1)
    centre = row + 0.5
    low, high = np.full(len(row), 0.0), np.full(len(row), float(width))
    for i, j in ((0, 1), (1, 2), (2, 0)):
        rise = y[j] - y[i]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (x[j] - x[i]) / rise
        # The inside is right of an edge that goes down and left of one that goes up.
        crossing = (centre - y[i, owner]) * slope[owner] + x[i, owner]
        rise = rise[owner]
        np.maximum(low, crossing, out=low, where=rise > 0)
        np.minimum(high, crossing, out=high, where=rise < 0)
    first = np.ceil(low - 0.5).astype(np.int64)
    last = np.floor(high - 0.5).astype(np.int64)
    np.minimum(last, width - 1, out=last)
    span, column = _counted_up(first, np.maximum(last - first + 1, 0))
    return owner[span], row[span], column


def _counted_up(first: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows i, each ``counts[i]`` times, and first[i], first[i] + 1, ... for each."""
    rows = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return rows, np.arange(len(rows)) + (first - before)[rows]


def _planes(x: np.ndarray, y: np.ndarray, area: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return (3, A, F): constant, slope along x and slope along y of each value in each triangle.

    Args:
        x, y: (3, F) the corners.
        area: (F,) twice the signed areas.
        values: (A, 3, F) at the corners.
    """
    first, second = (values[:, k] - values[:, 0] for k in (1, 2))
    by_x = (second * (y[1] - y[0]) - first * (y[2] - y[0])) / area
    by_y = (first * (x[2] - x[0]) - second * (x[1] - x[0])) / area
    constant = values[:, 0] - by_x * x[0] - by_y * y[0]
    return np.stack((constant, by_x, by_y))


def _evaluated(
    planes: np.ndarray, owner: np.ndarray, row: np.ndarray, column: np.ndarray
) -> np.ndarray:
    """Return (A, N) the planes' values at the centres of N pixels."""
    values = planes[1].take(owner, axis=1)
    values *= column + 0.5
    values += planes[0].take(owner, axis=1)
    along_y = planes[2].take(owner, axis=1)
    along_y *= row + 0.5
    values += along_y
    return values


def _nearest(pixels: np.ndarray, depth: np.ndarray, count: int) -> np.ndarray:
    """Return for each pixel that occurs the row with the largest depth; -inf is nothing."""
    solid = np.flatnonzero(depth > -np.inf)
    if not len(solid):
        return solid
    pixels, depth = pixels[solid], depth[solid]
    low, high = float(depth.min()), float(depth.max())
    scaled = (depth - np.float32(low)) * np.float32(_DEPTH_STEPS / max(high - low, 1e-6))
    order = np.argsort(scaled.astype(np.uint16), kind="stable")  # a radix sort
    winner = np.full(count, -1)
    winner[pixels[order]] = solid[order]
    return winner[winner >= 0]
