"""Which body parts a synthetic person is drawn with, what covers them and what lies in front."""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np

from ..synthetic_drawing.polygons import UNIT_CIRCLE
from .body import SPHERE_ROWS
from .pose import SIDES

CODES_PER_PERSON = 32


class Part(IntEnum):
    """Body parts as the labels tell them apart."""

    HEAD = 0
    HAIR = 1
    NOSE = 2
    NECK = 3
    TORSO = 4
    PELVIS = 5
    LEFT_EAR = 6
    RIGHT_EAR = 7
    LEFT_UPPER_ARM = 8
    RIGHT_UPPER_ARM = 9
    LEFT_FOREARM = 10
    RIGHT_FOREARM = 11
    LEFT_HAND = 12
    RIGHT_HAND = 13
    LEFT_THIGH = 14
    RIGHT_THIGH = 15
    LEFT_SHANK = 16
    RIGHT_SHANK = 17
    LEFT_FOOT = 18
    RIGHT_FOOT = 19


def part_code(person: int, part: Part) -> int:
    """Return the canvas label of a part of the person with this index in its picture."""
    return 1 + person * CODES_PER_PERSON + part


@dataclass(frozen=True)
class Layer:
    """One covered area: the union of convex hulls of named spheres.

    Attributes:
        part: what it belongs to.
        cloth: the field of ``Outfit`` that covers it.
        hulls: sphere names of each hull.
        axis: names of the spheres at the two ends, along which the cloth runs.
        loose: every radius is larger by what loose clothes add.
        depth_of: the spheres whose mean depth decides what is drawn over what.
        bias: added to that depth, statures towards the viewer.
    """

    part: Part
    cloth: str
    hulls: tuple[tuple[str, ...], ...]
    axis: tuple[str, str]
    loose: bool = False
    depth_of: tuple[str, ...] = ()
    bias: float = 0.0


class LayerTable:
    """Layers as arrays; L layers, S the largest number of spheres in one.

    Attributes:
        layers: the L layers.
        hull_points: for each layer and hull the rows of its points among those of all spheres,
            bare and then loose: (2 N P, 2) with P points on a circle.
        spheres: (L, S) the sphere rows of each layer, the first one repeated to fill.
        ends: (L, 2) the sphere rows of the axes.
        loose: (L,) 1 where loose clothes add to the radius.
        depth_weights: (L, N) means over the N spheres of a body.
        bias: (L,).
    """

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = tuple(layers)
        hull_rows = [
            [np.array([SPHERE_ROWS[name] for name in spheres]) for spheres in layer.hulls]
            for layer in layers
        ]
        self.hull_points = [
            [self._points(rows, layer.loose) for rows in hulls]
            for hulls, layer in zip(hull_rows, layers, strict=True)
        ]
        used = [np.unique(np.concatenate(rows)) for rows in hull_rows]
        most = max(map(len, used))
        self.spheres = np.array([np.pad(rows, (0, most - len(rows)), "edge") for rows in used])
        self.ends = np.array([[SPHERE_ROWS[name] for name in layer.axis] for layer in layers])
        self.loose = np.array([float(layer.loose) for layer in layers])
        self.bias = np.array([layer.bias for layer in layers])
        self.depth_weights = np.zeros((len(layers), len(SPHERE_ROWS)))
        for row, layer in enumerate(layers):
            spheres = [SPHERE_ROWS[name] for name in layer.depth_of or layer.axis]
            self.depth_weights[row, spheres] = 1 / len(spheres)

    @staticmethod
    def _points(spheres: np.ndarray, loose: bool) -> np.ndarray:
        count = len(UNIT_CIRCLE)
        first = (spheres + loose * len(SPHERE_ROWS)) * count
        return (first[:, None] + np.arange(count)).ravel()


@lru_cache(maxsize=64)
def layer_table(sleeves: str, legs: str, tucked: bool, long_hair: bool) -> LayerTable:
    """Return the layers of a person with such clothes, in no particular order."""
    layers = _trunk(legs, tucked) + _head(long_hair)
    for offset, (side, _) in enumerate(SIDES):
        layers += _arm(side, offset, sleeves) + _leg(side, offset, legs)
    return LayerTable(layers)


def _trunk(legs: str, tucked: bool) -> list[Layer]:
    bust, waist, seat = (
        ("left_bust", "right_bust"),
        ("left_waist", "right_waist"),
        ("left_seat", "right_seat"),
    )
    shirt = [("left_top", "right_top", *bust), (*bust, *waist)]
    shirt += [] if tucked else [(*waist, *seat)]
    trousers = ((*waist, *seat) if tucked else seat,)
    trunk = ("neck", "pelvis")
    layers = [
        Layer(Part.TORSO, "shirt", tuple(shirt), trunk),
        Layer(Part.PELVIS, "trousers", trousers, trunk, depth_of=("pelvis",), bias=-0.005),
        Layer(
            Part.NECK,
            "skin",
            (("neck", "throat"), ("neck", "collar")),
            ("throat", "neck"),
            depth_of=("neck",),
            bias=0.012,
        ),
    ]
    if legs == "skirt":
        hems = ("left_hem", "right_hem")
        hulls = ((*seat, *hems),)
        depth_of = ("pelvis", *hems)
        layers.append(Layer(Part.PELVIS, "trousers", hulls, trunk, True, depth_of, 0.03))
    return layers


def _head(long_hair: bool) -> list[Layer]:
    """The nose and what hangs at the head; skull and face are drawn by synthetic_head.py."""
    nose = Layer(Part.NOSE, "skin", (("bridge", "nose"),), ("bridge", "nose"))
    if long_hair:
        fall = ("nape", "hair_end")
        return [nose, Layer(Part.HAIR, "hair", (fall,), fall)]
    ears = (("left_ear", Part.LEFT_EAR), ("right_ear", Part.RIGHT_EAR))
    axis = ("skull", "neck")
    return [nose] + [Layer(part, "skin", ((ear,),), axis, depth_of=(ear,)) for ear, part in ears]


def _arm(side: str, offset: int, sleeves: str) -> list[Layer]:
    shoulder, sleeve, elbow, forearm, wrist, palm, fingers, thumb = (
        f"{side}_{name}"
        for name in "shoulder sleeve elbow forearm wrist palm fingers thumb".split()
    )
    upper_arm, lower_arm = Part(Part.LEFT_UPPER_ARM + offset), Part(Part.LEFT_FOREARM + offset)
    long = sleeves == "long"
    cloth = "shirt" if long else "skin"
    upper, lower = (shoulder, elbow), (elbow, wrist)
    hand = ((palm, thumb), (wrist, palm, fingers))
    layers = [
        Layer(upper_arm, cloth, (upper,), upper, long, bias=0.030),
        Layer(lower_arm, cloth, ((elbow, forearm, wrist),), lower, long, bias=0.035),
        Layer(Part(Part.LEFT_HAND + offset), "skin", hand, (wrist, palm), bias=0.034),
    ]
    if sleeves == "short":
        short = (shoulder, sleeve)
        layers.append(Layer(upper_arm, "shirt", (short,), short, True, upper, 0.0301))
    return layers


def _leg(side: str, offset: int, legs: str) -> list[Layer]:
    hip, hem, knee, calf, ankle, heel, ball, toes = (
        f"{side}_{name}" for name in "hip hem knee calf ankle heel ball toes".split()
    )
    thigh = Part(Part.LEFT_THIGH + offset)
    long = legs == "long"
    cloth = "trousers" if long else "skin"
    upper, lower = (hip, knee), (knee, ankle)
    shoe = ((heel, ball, toes), (heel, ankle))
    foot = Part(Part.LEFT_FOOT + offset)
    layers = [
        Layer(thigh, cloth, (upper,), upper, long, bias=-0.010),
        Layer(
            Part(Part.LEFT_SHANK + offset), cloth, ((knee, calf, ankle),), lower, long, (), -0.012
        ),
        Layer(foot, "shoes", shoe, (ankle, ball), depth_of=(ball,), bias=-0.012),
    ]
    if legs == "short":
        short = (hip, hem)
        layers.append(Layer(thigh, "trousers", (short,), short, True, upper, -0.0099))
    return layers
