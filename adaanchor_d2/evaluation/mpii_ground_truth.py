"""MPII's ``gt_valid.mat``: the joints and head boxes that PCKh is measured with.

Shapes: N people in the order of ``valid.json``, K joints in the skeleton's order.
"""

import os
from typing import NamedTuple

import numpy as np
from scipy.io import loadmat

from ..errors import InputError

# MPII's factor on the diagonal of the head box.
HEAD_SIZE_FACTOR = 0.6
_FIELDS = {"dataset_joints": 2, "jnt_missing": 2, "pos_gt_src": 3, "headboxes_src": 3}


class MpiiGroundTruth(NamedTuple):
    """
    Attributes:
        joints: (N, K, 2), 1-based pixel indices as in the file.
        labelled: (N, K) bool.
        head_size: (N,), pixels, with the factor 0.6.
    """

    joints: np.ndarray
    labelled: np.ndarray
    head_size: np.ndarray


def load_mpii_ground_truth(mat_file: str, joint_codes: tuple[str, ...]) -> MpiiGroundTruth:
    """Read the file and bring its joints into the skeleton's order.

    Args:
        mat_file: with ``dataset_joints``, ``jnt_missing`` (K, N), ``pos_gt_src`` (K, 2, N) and
            ``headboxes_src`` (2, 2, N; corner, x or y, person).
        joint_codes: MPII's short names of the joints ("rank"), in the skeleton's order.

    Raises:
        InputError: the file is missing or no such file, or arrays do not fit each other.
    """
    content = _read_mat(mat_file)
    names = [str(np.ravel(name)[0]) for name in np.ravel(content["dataset_joints"])]
    unknown = [code for code in joint_codes if code not in names]
    if unknown:
        raise InputError(f"{mat_file} has no joint '{unknown[0]}' in dataset_joints.")
    num_joints, num_people = content["jnt_missing"].shape
    wanted = {"pos_gt_src": (num_joints, 2, num_people), "headboxes_src": (2, 2, num_people)}
    for field, shape in wanted.items():
        if content[field].shape != shape or num_joints != len(names):
            raise InputError(
                f"{mat_file} has {field} of shape {content[field].shape}, which does not fit its "
                f"jnt_missing of shape {(num_joints, num_people)} and its {len(names)} joints."
            )
    rows = [names.index(code) for code in joint_codes]
    corners = np.asarray(content["headboxes_src"], dtype=np.float64)
    diagonal = np.linalg.norm(corners[1] - corners[0], axis=0)
    return MpiiGroundTruth(
        np.asarray(content["pos_gt_src"], dtype=np.float64)[rows].transpose(2, 0, 1),
        np.asarray(content["jnt_missing"])[rows].T == 0,
        HEAD_SIZE_FACTOR * diagonal,
    )


def _read_mat(mat_file: str) -> dict[str, np.ndarray]:
    if not os.path.isfile(mat_file):
        raise InputError(
            f"PCKh needs the head boxes of {mat_file}, which does not exist: it comes with HRNet's "
            "and SimplePose's MPII annotations."
        )
    try:
        content = loadmat(mat_file)
    except Exception as error:  # scipy raises many kinds for what is no .mat file
        raise InputError(f"{mat_file} cannot be read as a .mat file: {error}.") from None
    for field, num_axes in _FIELDS.items():
        if getattr(content.get(field), "ndim", None) != num_axes:
            raise InputError(f"{mat_file} has no array '{field}' with {num_axes} axes.")
    return content
