"""Triangles to pixels with hidden surfaces removed, all of a mesh at once in numpy."""

from dataclasses import dataclass

import numpy as np

_SIZES = (2, 3, 4, 6, 9, 14, 24, 48, 96, 192, 384, 1024)  # sides of the squares that are tried
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
    x, y = points.astype(np.float32).T
    x, y = x.take(corners), y.take(corners)
    area = (x[2] - x[0]) * (y[1] - y[0]) - (x[1] - x[0]) * (y[2] - y[0])
    kept = np.flatnonzero(area > 1e-6)
    x, y, area = x[:, kept], y[:, kept], area[kept]
    left, right = np.ceil(_least(x) - 0.5), np.floor(-_least(-x) - 0.5)
    top, bottom = np.ceil(_least(y) - 0.5), np.floor(-_least(-y) - 0.5)
    seen = (left <= right) & (top <= bottom)
    seen &= (right >= 0) & (bottom >= 0) & (left < width) & (top < height)
    size_class = np.searchsorted(_SIZES, np.maximum(right - left, bottom - top) + 1)
    size_class[~seen] = len(_SIZES)
    parts = []
    for number, size in enumerate(_SIZES):
        rows = np.flatnonzero(size_class == number)
        if len(rows):
            candidates = x[:, rows], y[:, rows], area[rows], left[rows], top[rows]
            owner, *hits = _covered(*candidates, size, width, height)
            parts.append((kept[rows[owner]], *hits))
    if not parts:
        none = np.zeros(0, int)
        return Fragments(none, none, np.zeros((len(attributes), 0), np.float32))
    owner, pixels, first, second = (np.concatenate(column) for column in zip(*parts, strict=True))
    shares = np.stack((first, second, 1 - first - second))
    corners = corners[:, owner]

    def interpolated(values: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
        """Interpolate values (..., V) at some of the hits."""
        values = values.astype(np.float32)
        mixed = values.take(corners[0, rows], axis=-1) * shares[0, rows]
        mixed += values.take(corners[1, rows], axis=-1) * shares[1, rows]
        mixed += values.take(corners[2, rows], axis=-1) * shares[2, rows]
        return mixed

    depth = interpolated(depths, slice(None))
    if cover is not None:
        depth[interpolated(attributes[cover], slice(None)) <= 0] = -np.inf
    nearest = _nearest(pixels, depth, width * height)
    return Fragments(pixels[nearest], owner[nearest], interpolated(attributes, nearest))


def _least(corners: np.ndarray) -> np.ndarray:
    return np.minimum(np.minimum(corners[0], corners[1]), corners[2])


def _covered(
    x: np.ndarray,
    y: np.ndarray,
    area: np.ndarray,
    left: np.ndarray,
    top: np.ndarray,
    size: int,
    width: int,
    height: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return triangle, pixel and the first two barycentric shares where pixel centres are inside.

    Tried are the ``size`` x ``size`` pixels from each triangle's first column and row on.
    """
    scale, step = 1 / area, np.arange(size, dtype=np.float32)
    start_x, start_y = left + np.float32(0.5), top + np.float32(0.5)

    def share(i: int, j: int) -> np.ndarray:
        """The share of the corner opposite to i -> j at all tried pixels, (n, size, size)."""
        by_x = (y[j] - y[i]) * scale
        by_y = (x[i] - x[j]) * scale
        constant = (start_x - x[i]) * by_x + (start_y - y[i]) * by_y
        columns = constant[:, None] + by_x[:, None] * step
        return columns[:, None, :] + (by_y[:, None] * step)[:, :, None]

    first, second = share(1, 2), share(2, 0)
    inside = np.minimum(first, second)
    np.minimum(inside, 1 - first - second, out=inside)
    hit = np.flatnonzero(inside >= 0)
    which, place = np.divmod(hit, size * size)
    row, column = np.divmod(place, size)
    row = row + top[which].astype(np.int64)
    column = column + left[which].astype(np.int64)
    valid = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    if not valid.all():
        hit, which, row, column = hit[valid], which[valid], row[valid], column[valid]
    return which, row * width + column, first.take(hit), second.take(hit)


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
