"""The 3-D body of a synthetic person: a pose made into spheres, and their view by a camera.

Each sphere has a name; body parts are the convex hulls of some of them (synthetic_parts.py).
Lengths are parts of the stature. Camera axes are x to the right, y up, z towards the viewer.
"""

from dataclasses import dataclass, field

import numpy as np

from ..skeletons import get_skeleton
from ..synthetic_drawing.rotation import rotation
from .pose import SIDES, Limb, Pose

KEYPOINT_NAMES = get_skeleton("coco").names
HEAD_HALF_AXES = np.array((0.050, 0.071, 0.060))  # left, up, forward
_VIEWER_DISTANCE = 5.0
_THIGH, _SHANK, _UPPER_ARM, _FOREARM = 0.245, 0.240, 0.170, 0.150

# On the unit sphere of the head (x left, y up, z forward), later stretched to its half axes.
FACE_POINTS = {
    "nose": (0.0, -0.16, 1.06),
    "left_eye": (0.37, 0.10, 0.92),
    "right_eye": (-0.37, 0.10, 0.92),
    "left_ear": (1.05, -0.06, -0.05),
    "right_ear": (-1.05, -0.06, -0.05),
}

# Spheres as (name, frame, place in the frame, radius, what the radius grows with).
_TRUNK_SPHERES = (
    ("pelvis", "pelvis", (0, 0, 0), 0.060, "girth"),
    ("neck", "neck", (0, 0, 0), 0.034, ""),
    ("collar", "neck", (0, -0.016, 0.030), 0.018, ""),
    ("throat", "neck", (0, 0.050, 0.008), 0.031, ""),
    ("skull", "head", (0, 0, 0), 0.001, ""),
    ("bridge", "head", (0, 0.2, 0.97), 0.004, ""),
    ("nape", "head", (0, -0.15, -0.45), 0.050, "head"),
    ("hair_end", "hair", (0, -0.115, -0.02), 0.045, "head"),
    ("nose", "head", FACE_POINTS["nose"], 0.012, "head"),
    *((name, "head", FACE_POINTS[name], 0.017, "head") for name in FACE_POINTS if name != "nose"),
)
# The same for the left side; those of the right side are their mirror images.
_SIDE_SPHERES = (
    ("seat", "pelvis", (0.052, 0, 0), 0.075, "girth"),
    ("waist", "pelvis", (0.042, 0.100, 0), 0.066, "girth"),
    ("bust", "chest", (0.058, 0.120, 0.008), 0.072, "girth"),
    ("top", "chest", (0.092, 0.187, 0), 0.040, "girth"),
    ("shoulder", "upper_arm", (0, 0, 0), 0.037, "girth"),
    ("sleeve", "upper_arm", (0, -0.100, 0), 0.032, "girth"),
    ("elbow", "upper_arm", (0, -_UPPER_ARM, 0), 0.027, "girth"),
    ("forearm", "forearm", (0, -0.045, 0), 0.029, "girth"),
    ("wrist", "forearm", (0, -_FOREARM, 0), 0.019, "girth"),
    ("palm", "forearm", (0, -0.186, 0.004), 0.024, ""),
    ("fingers", "forearm", (-0.004, -0.225, 0.014), 0.013, ""),
    ("thumb", "forearm", (-0.026, -0.198, 0.018), 0.009, ""),
    ("hip", "thigh", (0, 0, 0), 0.060, "girth"),
    ("hem", "thigh", (0, -0.62 * _THIGH, 0), 0.052, "girth"),
    ("knee", "thigh", (0, -_THIGH, 0), 0.040, "girth"),
    ("calf", "shank", (0, -0.30 * _SHANK, -0.010), 0.042, "girth"),
    ("ankle", "shank", (0, -_SHANK, 0), 0.024, "girth"),
    ("heel", "foot", (0, -0.022, -0.022), 0.025, ""),
    ("ball", "foot", (0.004, -0.028, 0.068), 0.024, ""),
    ("toes", "foot", (0.006, -0.032, 0.100), 0.018, ""),
)
_TRUNK_FRAMES = ("pelvis", "chest", "neck", "head", "hair")
_SIDE_FRAMES = ("upper_arm", "forearm", "thigh", "shank", "foot")
_FRAMES = _TRUNK_FRAMES + tuple(f"{side}_{name}" for side, _ in SIDES for name in _SIDE_FRAMES)


def _all_spheres() -> list[tuple]:
    spheres = list(_TRUNK_SPHERES)
    for side, sign in SIDES:
        for name, frame, (x, y, z), radius, growth in _SIDE_SPHERES:
            frame = frame if frame in _TRUNK_FRAMES else f"{side}_{frame}"
            spheres.append((f"{side}_{name}", frame, (sign * x, y, z), radius, growth))
    return spheres


_NAMES, _FRAME_NAMES, _PLACES, _RADII, _GROWTHS = zip(*_all_spheres(), strict=True)
SPHERE_ROWS = {name: row for row, name in enumerate(_NAMES)}
_FRAME_ROWS = np.array([_FRAMES.index(name) for name in _FRAME_NAMES])
_PLACES, _RADII = np.array(_PLACES, float), np.array(_RADII, float)
_GROWS = {kind: np.array([kind == growth for growth in _GROWTHS]) for kind in ("girth", "head")}


@dataclass(frozen=True)
class Shape:
    """Proportions of one person, as factors around 1 unless said otherwise."""

    girth: float
    shoulders: float
    hips: float
    legs: float
    head: float
    looseness: float  # what clothes add to a limb's radius, parts of the stature


def random_shape(rng: np.random.Generator) -> Shape:
    """Return the proportions of a random adult, or sometimes of a child (a larger head)."""
    child = rng.random() < 0.12
    u = rng.uniform
    return Shape(
        girth=u(0.86, 1.2),
        shoulders=u(0.86, 1.08),
        hips=u(0.9, 1.12),
        legs=u(0.94, 1.05) * (0.92 if child else 1.0),
        head=u(1.0, 1.12) * (1.25 if child else 1.0),
        looseness=u(0.002, 0.013),
    )


@dataclass
class Body:
    """A posed body seen by the camera, in statures, with the pelvis at the origin.

    Rows of spheres are those of ``SPHERE_ROWS``.

    Attributes:
        centres: (N, 3) camera coordinates.
        radii: (N,).
        head_axes: (3, 3); its columns are the head's half axes (left, up, forward).
        chest_left: (3,) unit vector to the body's left at the chest, and likewise ``hips_left``.
        flat: (N, 2) places in the image, x to the right and y down.
        nearness: (N,) how much larger the camera sees a sphere than one at the pelvis.
    """

    centres: np.ndarray
    radii: np.ndarray
    head_axes: np.ndarray
    chest_left: np.ndarray
    hips_left: np.ndarray
    flat: np.ndarray = field(init=False)
    nearness: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.nearness = 1 / (1 - self.centres[:, 2] / _VIEWER_DISTANCE)
        self.flat = self.centres[:, :2] * (1, -1) * self.nearness[:, None]


def build_body(pose: Pose, shape: Shape, camera_pitch: float) -> Body:
    """Pose the skeleton, dress it with spheres and turn it towards the camera.

    Args:
        pose: the joint angles.
        shape: the proportions.
        camera_pitch: degrees by which the camera looks down.
    """
    turns, origins = _trunk_frames(pose, shape)
    pelvis, chest, _, head, _ = turns
    for (_, sign), arm, leg in zip(SIDES, pose.arms, pose.legs, strict=True):
        shoulder = origins[1] + chest @ (0.116 * sign * shape.shoulders, _shoulder_height(arm), 0)
        hip = pelvis @ (0.064 * sign * shape.hips, 0, 0)
        limbs = (
            *_arm_frames(arm, sign, chest, shoulder),
            *_leg_frames(leg, sign, pelvis, hip, shape),
        )
        turns += [turn for turn, _ in limbs]
        origins += [origin for _, origin in limbs]
    camera = rotation(-camera_pitch, 0, 0)
    stretched = np.array(turns)
    stretched[1, :, 0] *= shape.shoulders
    stretched[3] *= HEAD_HALF_AXES * shape.head
    stretched[[7, 8, 12, 13], :, 1] *= shape.legs  # thighs and shanks
    centres = (stretched[_FRAME_ROWS] @ _PLACES[..., None])[..., 0]
    centres += np.array(origins)[_FRAME_ROWS]
    radii = _RADII * np.where(_GROWS["girth"], shape.girth, 1)
    radii *= np.where(_GROWS["head"], shape.head, 1)
    return Body(
        centres=centres @ camera.T,
        radii=radii,
        head_axes=camera @ head * (HEAD_HALF_AXES * shape.head),
        chest_left=camera @ chest[:, 0],
        hips_left=camera @ pelvis[:, 0],
    )


def _trunk_frames(pose: Pose, shape: Shape) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return rotations and origins of the frames of ``_TRUNK_FRAMES``."""
    pitch, yaw, roll = pose.root
    if pose.name == "lie":  # along the ground, on one side, the back or the front
        pelvis = rotation(0, yaw * 0.12, 90 if yaw > 0 else -90) @ rotation(0, yaw, 0)
    else:
        pelvis = rotation(0, yaw, 0) @ rotation(pitch, 0, roll)
    chest = pelvis @ rotation(*pose.spine)
    head = chest @ rotation(*pose.head)
    waist = pelvis @ (0, 0.10, 0)
    neck = waist + chest @ (0, 0.211, 0.004)
    skull = neck + chest @ (0, 0.045, 0.008) + head @ (0, 0.058 * shape.head, 0.012)
    nape = skull + head @ (0, -0.011 * shape.head, -0.027 * shape.head)
    return [pelvis, chest, chest, head, chest], [np.zeros(3), waist, neck, skull, nape]


def _shoulder_height(arm: Limb) -> float:
    return 0.175 + 0.030 * max(0.0, arm.spread - 60) / 100


def _arm_frames(
    limb: Limb, sign: float, chest: np.ndarray, shoulder: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (rotation, origin) of the upper arm and the forearm."""
    upper = chest @ rotation(limb.swing, sign * limb.twist, sign * limb.spread)
    lower = upper @ rotation(limb.bend, 0, 0)
    return [(upper, shoulder), (lower, shoulder - _UPPER_ARM * upper[:, 1])]


def _leg_frames(
    limb: Limb, sign: float, pelvis: np.ndarray, hip: np.ndarray, shape: Shape
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (rotation, origin) of thigh, shank and foot."""
    upper = pelvis @ rotation(limb.swing, sign * limb.twist, sign * limb.spread)
    lower = upper @ rotation(-limb.bend, 0, 0)
    to_flat_foot = limb.bend - limb.swing
    foot = lower @ rotation(max(-35.0, min(20.0, to_flat_foot)), 0, 0)
    knee = hip - _THIGH * shape.legs * upper[:, 1]
    return [(upper, hip), (lower, knee), (foot, knee - _SHANK * shape.legs * lower[:, 1])]
