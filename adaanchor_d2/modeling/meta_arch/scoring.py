"""Scoring networks from their weight files: our own, or DEKR's originals."""

from detectron2.config import CfgNode
from torch import Tensor

from ...errors import InputError
from ..backbone import read_weight_file
from ..heads import ScoringNet

KEY = "MODEL.CENTER.SCORE_WEIGHTS"
# DEKR's edges, in the order of its features: its files do not tell them.
COCO_EDGES = (
    *((0, 1), (0, 2), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 6), (5, 7), (5, 11), (6, 8)),
    *((6, 12), (7, 9), (8, 10), (11, 12), (11, 13), (12, 14), (13, 15), (14, 16)),
)
CROWDPOSE_EDGES = (
    *((12, 13), (13, 0), (13, 1), (0, 2), (1, 3), (2, 4), (3, 5), (0, 6), (1, 7), (6, 8)),
    *((7, 9), (8, 10), (9, 11), (6, 7), (0, 1)),
)
# Number of features -> number of keypoints, edges, and the edges numbered 9 and 11, by whose length
# it divides: in COCO the torso's sides, in CrowdPose the left thigh and shin.
ORIGINALS = {
    74: (17, COCO_EDGES, ((5, 11), (6, 12))),
    59: (14, CROWDPOSE_EDGES, ((6, 8), (8, 10))),
}
ORIGINAL_LAYERS = {"l1": "layers.0", "l2": "layers.2", "l3": "layers.4"}


def build_scoring_net(cfg: CfgNode) -> ScoringNet | None:
    """Build the network of ``MODEL.CENTER.SCORE_WEIGHTS``, on the CPU; None where it is empty.

    Raises:
        InputError: the file is no scoring network's, or one of another number of keypoints.
    """
    path = cfg.MODEL.CENTER.SCORE_WEIGHTS
    if not path:
        return None
    weights = read_weight_file(path, KEY)
    try:
        net = _from_original(weights) if "l1.weight" in weights else _from_own(weights)
    except (KeyError, RuntimeError):
        raise InputError(
            f"{KEY}: {path} is no scoring network: neither a file of tools/train_scoring.py nor "
            "DEKR's for COCO or CrowdPose."
        ) from None
    num_keypoints = net.num_keypoints
    if num_keypoints != cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS:
        raise InputError(
            f"{KEY}: {path} scores poses of {num_keypoints} keypoints, but "
            f"MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS is {cfg.MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS}."
        )
    return net.eval().requires_grad_(False)


def _from_own(weights: dict[str, Tensor]) -> ScoringNet:
    hidden, num_features = weights["layers.0.weight"].shape
    edges, torso = weights["edges"].tolist(), weights["torso"].tolist()
    net = ScoringNet(num_features - 3 * len(edges), edges, torso, hidden)
    net.load_state_dict(weights)
    return net


def _from_original(weights: dict[str, Tensor]) -> ScoringNet:
    hidden, num_features = weights["l1.weight"].shape
    net = ScoringNet(*ORIGINALS[num_features], hidden)
    own = {"edges": net.edges, "torso": net.torso}
    for key, weight in weights.items():
        layer, _, name = key.partition(".")
        own[f"{ORIGINAL_LAYERS[layer]}.{name}"] = weight
    net.load_state_dict(own)
    return net
