"""Eq. 6-12 in plain float64 loops: the reference that the fast assigners must equal."""

import math

import numpy as np


def bilinear(image: np.ndarray, x: float, y: float) -> float:
    """Sample (H, W) at continuous (x, y); cell centres at + 0.5, border value outside."""
    height, width = image.shape
    column = min(max(x - 0.5, 0.0), width - 1.0)
    row = min(max(y - 0.5, 0.0), height - 1.0)
    left, top = int(math.floor(column)), int(math.floor(row))
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    fx, fy = column - left, row - top
    upper = image[top, left] * (1 - fx) + image[top, right] * fx
    lower = image[bottom, left] * (1 - fx) + image[bottom, right] * fx
    return upper * (1 - fy) + lower * fy


def order_scores(logits, offsets, local_offsets, target, sigma, fusion):
    """(H * W,) log s for "mul", s for "add", of one target on one map."""
    height, width = logits.shape
    scores = np.zeros(height * width)
    for row in range(height):
        for column in range(width):
            x = column + 0.5 + offsets[0, row, column]
            y = row + 0.5 + offsets[1, row, column]
            if local_offsets is not None:
                x, y = (
                    x + bilinear(local_offsets[0], x, y),
                    y + bilinear(local_offsets[1], x, y),
                )
            log_r = -((x - target[0]) ** 2 + (y - target[1]) ** 2) / (2 * sigma**2)
            c = logits[row, column]
            log_c = -math.log1p(math.exp(-c)) if c > 0 else c - math.log1p(math.exp(c))
            scores[row * width + column] = (
                log_c + log_r if fusion == "mul" else math.exp(log_c) + math.exp(log_r)
            )
    return scores


def assign(logits, offsets, local_offsets, targets, num_anchors, sigma, fusion):
    """Anchors and order scores (T, A) of targets [(x, y, image, type)], conflicts settled."""
    indices, scores = [], []
    for x, y, image, kind in targets:
        local = None if local_offsets is None else local_offsets[image, kind]
        score = order_scores(
            logits[image, kind], offsets[image, kind], local, (x, y), sigma, fusion
        )
        order = sorted(range(len(score)), key=lambda i: (-score[i], i))[:num_anchors]
        indices.append(order)
        scores.append([score[i] for i in order])
    settled = [list(row) for row in indices]
    for t, (_, _, image, kind) in enumerate(targets):
        for slot, index in enumerate(indices[t]):
            for other, (_, _, other_image, other_kind) in enumerate(targets):
                if other == t or (other_image, other_kind) != (image, kind):
                    continue
                if index not in indices[other]:
                    continue
                theirs = scores[other][indices[other].index(index)]
                mine = scores[t][slot]
                if theirs > mine or (theirs == mine and other < t):
                    settled[t][slot] = -1
    return np.array(settled), np.array(scores)
