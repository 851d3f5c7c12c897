"""Colours and grey textures of the synthetic people: made once in a process, always the same.

All colours are BGR tuples of floats in 0..255. Textures are uint8 grey images; ``tint`` gives them
two colours. Pictures draw random crops of them, which costs far less than making new ones.
"""

import colorsys
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

Colour = tuple[float, float, float]

_POOL_SEED = 20240229
_SIDE = 512
PATTERN_SIDE = 128  # a power of two
_RAMP = np.linspace(0, 1, 256)[:, None, None]
_SKIN_TONES = (
    (190, 210, 238),
    (160, 190, 230),
    (130, 165, 212),
    (105, 140, 190),
    (75, 105, 155),
    (50, 75, 120),
    (35, 50, 85),
)
_HAIR_TONES = (
    (22, 22, 26),
    (30, 40, 60),
    (35, 60, 95),
    (80, 140, 185),
    (40, 75, 140),
    (150, 155, 160),
)


@dataclass(frozen=True)
class TexturePool:
    """Grey uint8 textures.

    Attributes:
        noise: (512, 512) clouds, from coarse to fine.
        patterns: (P, 128, 128) cloth patterns (stripes, checks, dots, ...).
        folds: (128, 128) cloth relief, 0 on top and 255 in the deepest fold.
        grain: (512, 512, 3) sensor noise, mean 128, standard deviation 25.
        soft_disc: (64, 64) blurred disc, 255 in the middle.
    """

    noise: tuple[np.ndarray, ...]
    patterns: np.ndarray
    folds: np.ndarray
    grain: np.ndarray
    soft_disc: np.ndarray


@lru_cache(maxsize=1)
def texture_pool() -> TexturePool:
    """Return the textures, the same ones in every process."""
    rng = np.random.default_rng(_POOL_SEED)
    noise = tuple(
        _clouds(rng, _SIDE, cells) for cells in ((3, 7), (5, 21), (9, 60), (16, 130), (40, 250))
    )
    folds = _clouds(rng, PATTERN_SIDE, (9, 23))
    grain = np.clip(rng.normal(128, 25, (_SIDE, _SIDE, 3)), 0, 255).astype(np.uint8)
    disc = np.zeros((64, 64), np.uint8)
    cv2.circle(disc, (32, 32), 20, 255, -1)
    soft_disc = cv2.GaussianBlur(disc, (0, 0), 6)
    return TexturePool(noise, _cloth_patterns(rng), folds, grain, soft_disc)


def _clouds(rng: np.random.Generator, side: int, cells: tuple[int, ...]) -> np.ndarray:
    total = np.zeros((side, side), np.float32)
    for octave, count in enumerate(cells):
        grid = rng.random((count, count), dtype=np.float32)
        total += cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC) * 0.6**octave
    return cv2.normalize(total, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def _cloth_patterns(rng: np.random.Generator) -> np.ndarray:
    row, column = np.mgrid[0:PATTERN_SIDE, 0:PATTERN_SIDE].astype(np.float32)
    patterns = []
    for period in (8, 16, 32):
        across = (row % period < period * 0.5).astype(np.float32)
        along = (column % period < period * 0.5).astype(np.float32)
        thin = (row % period < 2.5).astype(np.float32)
        checks = 0.5 * across + 0.5 * along
        board = np.abs(across - along)
        from_centre = np.hypot(row % period - period / 2, column % period - period / 2)
        dots = (from_centre < period * 0.28).astype(np.float32)
        diagonal = ((row + column) % period < period * 0.5).astype(np.float32)
        patterns += [across, along, thin, checks, board, dots, diagonal]
    patterns.append(np.abs(row % 64 - 32) / 32)
    images = [cv2.GaussianBlur(p * 255, (0, 0), 0.6).astype(np.uint8) for p in patterns]
    images += [_clouds(rng, PATTERN_SIDE, cells) for cells in ((20, 50), (9, 25))]
    return np.stack(images)


def crop(texture: np.ndarray, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return a random (height, width) view of ``texture``, which is enlarged if it is smaller."""
    scale = max(height / texture.shape[0], width / texture.shape[1])
    if scale > 1:
        texture = cv2.resize(texture, None, fx=scale * 1.01, fy=scale * 1.01)
    top = int(rng.integers(texture.shape[0] - height + 1))
    left = int(rng.integers(texture.shape[1] - width + 1))
    return texture[top : top + height, left : left + width]


def tint(grey: np.ndarray, dark: Colour, light: Colour) -> np.ndarray:
    """Map a grey (H, W) image onto the line between two colours; returns (H, W, 3) uint8."""
    dark, light = np.array(dark), np.array(light)
    ramp = (dark + _RAMP * (light - dark)).astype(np.uint8)
    return cv2.applyColorMap(grey, ramp)


def random_colour(
    rng: np.random.Generator,
    saturation: tuple[float, float] = (0.1, 0.8),
    value: tuple[float, float] = (0.2, 0.95),
    hue: tuple[float, float] = (0.0, 1.0),
) -> Colour:
    """Return a random BGR colour; the three ranges are parts of 1."""
    r, g, b = colorsys.hsv_to_rgb(
        rng.uniform(*hue) % 1.0, rng.uniform(*saturation), rng.uniform(*value)
    )
    return (255 * b, 255 * g, 255 * r)


def scaled(colour: Colour, factor: float) -> Colour:
    """Return ``colour`` made darker (factor < 1) or lighter."""
    return tuple(min(255.0, channel * factor) for channel in colour)


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """Return ``first`` with ``share`` of ``second`` mixed in."""
    return tuple(a + (b - a) * share for a, b in zip(first, second, strict=True))


def skin_colour(rng: np.random.Generator) -> Colour:
    """Return a random skin tone."""
    return _between(rng, _SKIN_TONES)


def hair_colour(rng: np.random.Generator) -> Colour:
    """Return a random hair tone; one in thirty is dyed."""
    if rng.random() < 0.03:
        return random_colour(rng, (0.5, 0.9), (0.4, 0.8))
    tone = _HAIR_TONES[int(rng.integers(len(_HAIR_TONES)))]
    return scaled(tone, rng.uniform(0.75, 1.25))


def _between(rng: np.random.Generator, tones: tuple[Colour, ...]) -> Colour:
    position = rng.uniform(0, len(tones) - 1.001)
    index = int(position)
    return mixed(tones[index], tones[index + 1], position - index)
