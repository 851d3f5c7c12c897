"""The skeletons of COCO, CrowdPose, MPII and WFLW.

Sigmas of COCO and CrowdPose are the official ones of their evaluation. MPII (evaluated by PCKh)
and WFLW (evaluated by NME) define none: MPII's are COCO's for the same joints, with COCO's
shoulder value for thorax, neck and head top (CrowdPose gives head and neck that value) and its
hip value for the pelvis; WFLW's are COCO's eye value throughout. Neither yields a published number.
"""

from .skeletons import Skeleton, register_skeleton

_SIGMAS = {
    "nose": 0.026,
    "eye": 0.025,
    "ear": 0.035,
    "shoulder": 0.079,
    "elbow": 0.072,
    "wrist": 0.062,
    "hip": 0.107,
    "knee": 0.087,
    "ankle": 0.089,
    "pelvis": 0.107,
    "thorax": 0.079,
    "neck": 0.079,
    "head": 0.079,
}

_LIMBS = [
    (f"{side}_{start}", f"{side}_{end}")
    for side in ("left", "right")
    for start, end in (
        ("shoulder", "elbow"),
        ("elbow", "wrist"),
        ("hip", "knee"),
        ("knee", "ankle"),
    )
]
_TRUNK = [
    ("left_shoulder", "right_shoulder"),
    ("left_hip", "right_hip"),
    ("left_shoulder", "left_hip"),
    ("right_shoulder", "right_hip"),
]


def _pairs(*parts: str) -> list[str]:
    return [f"{side}_{part}" for part in parts for side in ("left", "right")]


def _sigmas(names: list[str]) -> list[float]:
    """Look each name up by its last or its first word: left_hip -> hip, head_top -> head."""
    return [_SIGMAS.get(name.split("_")[-1]) or _SIGMAS[name.split("_")[0]] for name in names]


def _coco() -> Skeleton:
    names = ["nose"] + _pairs("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    face = [("left_eye", "right_eye")]
    for side in ("left", "right"):
        face += [
            ("nose", f"{side}_eye"),
            (f"{side}_eye", f"{side}_ear"),
            (f"{side}_ear", f"{side}_shoulder"),
        ]
    return Skeleton.from_names("coco", names, face + _TRUNK + _LIMBS, _sigmas(names))


def _crowdpose() -> Skeleton:
    names = _pairs("shoulder", "elbow", "wrist", "hip", "knee", "ankle") + ["head", "neck"]
    head = [("head", "neck"), ("neck", "left_shoulder"), ("neck", "right_shoulder")]
    return Skeleton.from_names("crowdpose", names, head + _TRUNK[1:] + _LIMBS, _sigmas(names))


def _mpii() -> Skeleton:
    right_leg = ["right_ankle", "right_knee", "right_hip"]
    left_leg = ["left_hip", "left_knee", "left_ankle"]
    right_arm = ["right_wrist", "right_elbow", "right_shoulder"]
    left_arm = ["left_shoulder", "left_elbow", "left_wrist"]
    middle = ["pelvis", "thorax", "upper_neck", "head_top"]
    names = right_leg + left_leg + middle + right_arm + left_arm
    trunk = list(zip(middle, middle[1:], strict=False))
    trunk += [(f"{side}_hip", "pelvis") for side in ("left", "right")]
    trunk += [(f"{side}_shoulder", "thorax") for side in ("left", "right")]
    return Skeleton.from_names("mpii", names, trunk + _LIMBS, _sigmas(names))


def _wflw() -> Skeleton:
    """98 landmarks. Left is the left side of the picture. Mirror partners carry the same number,
    which is why the right-hand parts do not count upwards everywhere."""
    parts = {
        "contour": (_sided("contour", range(16), "left") + ["chin"], False),
        "contour_right": (_sided("contour", range(15, -1, -1), "right"), False),
        "left_eyebrow": (_sided("eyebrow", range(9), "left"), True),
        "right_eyebrow": (_sided("eyebrow", (4, 3, 2, 1, 0, 8, 7, 6, 5), "right"), True),
        "nose_bridge": ([f"nose_bridge_{i}" for i in range(4)], False),
        "nostrils": (_both_ways("nostril", 2, "nose_base"), False),
        "left_eye": (_sided("eye", range(8), "left"), True),
        "right_eye": (_sided("eye", (4, 3, 2, 1, 0, 7, 6, 5), "right"), True),
        "outer_mouth": (_mouth("outer_mouth", 2), True),
        "inner_mouth": (_mouth("inner_mouth", 1), True),
        "pupils": (["left_pupil", "right_pupil"], None),
    }
    names = [name for members, _ in parts.values() for name in members]
    edges = [("chin", "right_contour_15")]
    for members, closed in parts.values():
        if closed is not None:
            edges += list(zip(members, members[1:], strict=False))
        if closed:
            edges.append((members[-1], members[0]))
    return Skeleton.from_names("wflw", names, edges, [_SIGMAS["eye"]] * len(names))


def _sided(part: str, numbers, side: str) -> list[str]:
    return [f"{side}_{part}_{i}" for i in numbers]


def _both_ways(part: str, count: int, middle: str) -> list[str]:
    """A row from the left over ``middle`` to the right."""
    left, right = _sided(part, range(count), "left"), _sided(part, range(count), "right")
    return left + [middle] + right[::-1]


def _mouth(part: str, count: int) -> list[str]:
    """A ring: left corner, upper lip, right corner, and the lower lip back to the left."""
    upper = _both_ways(f"{part}_upper", count, f"{part}_top")
    lower = _both_ways(f"{part}_lower", count, f"{part}_bottom")
    return [f"left_{part}_corner", *upper, f"right_{part}_corner", *lower[::-1]]


for _skeleton in (_coco(), _crowdpose(), _mpii(), _wflw()):
    register_skeleton(_skeleton)
