"""Triangles to pixels, against a loop over all pixels."""

import numpy as np

from adaanchor_d2.data.synthetic_faces.raster import grid_triangles, rasterize


def brute_force(points, depths, values, triangles, width, height):
    best = np.full((height, width), -np.inf)
    result = np.full((height, width), np.nan)
    for corners in triangles:
        a, b, c = points[corners]
        system = np.column_stack((b - a, c - a))
        if np.linalg.det(system) >= 0:  # y points down: seen from behind
            continue
        for row in range(height):
            for column in range(width):
                s, t = np.linalg.solve(system, (column + 0.5, row + 0.5) - a)
                if s < 0 or t < 0 or s + t > 1:
                    continue
                shares = np.array((1 - s - t, s, t))
                depth = shares @ depths[corners]
                if depth > best[row, column]:
                    best[row, column] = depth
                    result[row, column] = shares @ values[corners]
    return result


def test_random_triangles():
    rng = np.random.default_rng(0)
    points = rng.uniform(-6, 22, (45, 2))
    depths, values = rng.random(45), rng.random((1, 45))
    triangles = np.arange(45).reshape(15, 3)
    expected = brute_force(points, depths, values[0], triangles, 17, 15)
    seen = rasterize(points, depths, values, triangles, 17, 15)
    result = np.full(17 * 15, np.nan)
    result[seen.pixels] = seen.attributes[0]
    assert np.count_nonzero(~np.isnan(expected)) > 50
    assert np.array_equal(np.isnan(result.reshape(15, 17)), np.isnan(expected))
    assert np.nanmax(np.abs(result.reshape(15, 17) - expected)) < 1e-3


def test_a_grid_has_no_gaps_and_holes_are_left_open():
    y, x = np.mgrid[20:-1:-2, 0:21:2].astype(float)  # rows upward
    points = np.column_stack((x.ravel(), y.ravel()))
    cover = np.where(points[:, 0] > 9, 1.0, -1.0)
    attributes = np.stack((points[:, 0], cover))
    triangles = grid_triangles(*x.shape)
    whole = rasterize(points, np.zeros(len(points)), attributes, triangles, 20, 20)
    assert len(whole.pixels) == 400
    assert np.allclose(whole.attributes[0], whole.pixels % 20 + 0.5, atol=1e-4)
    half = rasterize(points, np.zeros(len(points)), attributes, triangles, 20, 20, cover=1)
    assert set(half.pixels % 20) == set(range(9, 20))


def test_nothing_in_the_picture():
    points = np.array(((-9.0, -9.0), (-8.0, -9.0), (-9.0, -8.0)))
    seen = rasterize(points, np.zeros(3), np.zeros((2, 3)), np.array([[0, 1, 2], [0, 2, 1]]), 9, 9)
    assert seen.pixels.shape == (0,) and seen.attributes.shape == (2, 0)
