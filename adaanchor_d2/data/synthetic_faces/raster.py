"""Triangles to pixels with hidden surfaces removed, all of a mesh at once in numpy."""

from dataclasses import dataclass

import numpy as np

_SIZES = np.array((3, 6, 12, 30, 100, 400, 4000))  # sides of the rectangles tried
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
    wide, high = (np.searchsorted(_SIZES, v + 1) for v in (right - left, bottom - top))
    kind = np.where(seen, len(_SIZES) * wide + high, -1)
    parts = []
    for number in np.flatnonzero(np.bincount(kind[seen])).tolist():
        rows = np.flatnonzero(kind == number)
        tried = _SIZES[list(divmod(number, len(_SIZES)))]
        candidates = x[:, rows], y[:, rows], area[rows], left[rows], top[rows]
        owner, *hits = _covered(*candidates, *tried.tolist(), width, height)
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

    if cover is None:
        depth = interpolated(depths, slice(None))
    else:
        depth, solid = interpolated(np.stack((depths, attributes[cover])), slice(None))
        depth[solid <= 0] = -np.inf
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
    columns: int,
    rows: int,
    width: int,
    height: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return triangle, pixel and the first two barycentric shares where pixel centres are inside.

    Tried are as many ``columns`` and ``rows`` from each triangle's first ones on.
    """
    scale = 1 / area
    to_right, down = np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)
    start_x, start_y = left + np.float32(0.5), top + np.float32(0.5)

    def share(i: int, j: int) -> np.ndarray:
        """The share of the corner opposite to i -> j at all tried pixels, (rows, columns, n)."""
        by_x = (y[j] - y[i]) * scale
        by_y = (x[i] - x[j]) * scale
        constant = (start_x - x[i]) * by_x + (start_y - y[i]) * by_y
        in_row = constant + to_right[:, None] * by_x
        return in_row + (down[:, None] * by_y)[:, None]

    first, second = share(1, 2), share(2, 0)
    inside = np.minimum(first, second)
    np.minimum(inside, 1 - first - second, out=inside)
    hit = np.flatnonzero(inside >= 0).astype(np.int32)
    place, which = np.divmod(hit, np.int32(len(area)))
    row, column = np.divmod(place, np.int32(columns))
    row += top.astype(np.int32)[which]
    column += left.astype(np.int32)[which]
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
