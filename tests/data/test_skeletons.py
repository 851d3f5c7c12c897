import pytest

from adaanchor_d2.data.skeletons import (
    Skeleton,
    get_skeleton,
    infer_flip_indices,
    register_skeleton,
)
from adaanchor_d2.errors import InputError

# Mirror pairs of WFLW's 98 landmarks as published with the data set's loaders.
WFLW_PAIRS = (
    [(i, 32 - i) for i in range(16)]
    + [(33, 46), (34, 45), (35, 44), (36, 43), (37, 42), (38, 50), (39, 49), (40, 48), (41, 47)]
    + [(55, 59), (56, 58)]
    + [(60, 72), (61, 71), (62, 70), (63, 69), (64, 68), (65, 75), (66, 74), (67, 73)]
    + [(76, 82), (77, 81), (78, 80), (83, 87), (84, 86)]
    + [(88, 92), (89, 91), (93, 95), (96, 97)]
)


@pytest.mark.parametrize(
    "name, num_keypoints", [("coco", 17), ("mpii", 16), ("wflw", 98), ("crowdpose", 14)]
)
def test_builtin_skeletons_are_consistent(name, num_keypoints):
    skeleton = get_skeleton(name)
    assert len(skeleton.names) == len(skeleton.sigmas) == num_keypoints
    assert [skeleton.flip_indices[i] for i in skeleton.flip_indices] == list(range(num_keypoints))
    assert sorted(skeleton.upper_body + skeleton.lower_body) == list(range(num_keypoints))


def test_coco_order_and_sigmas():
    skeleton = get_skeleton("coco")
    assert skeleton.names[:5] == ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
    assert skeleton.names[-2:] == ("left_ankle", "right_ankle")
    doubled = [0.025, 0.035, 0.079, 0.072, 0.062, 0.107, 0.087, 0.089]
    assert skeleton.sigmas == (0.026, *[s for s in doubled for _ in range(2)])
    assert skeleton.flip_indices[:5] == (0, 2, 1, 4, 3)
    assert skeleton.upper_body == tuple(range(11))


def test_crowdpose_sigmas():
    sigmas = (0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89, 0.79, 0.79)
    assert get_skeleton("crowdpose").sigmas == pytest.approx([s / 10 for s in sigmas])


def test_the_torso_is_from_the_shoulders_to_the_hips():
    assert get_skeleton("coco").torso == ((5, 11), (6, 12))
    assert get_skeleton("crowdpose").torso == ((0, 6), (1, 7))
    assert get_skeleton("mpii").torso == ((12, 2), (13, 3))
    assert get_skeleton("wflw").torso == get_skeleton("wflw").edges
    names = ["RightShoulder", "LeftShoulder", "RightHip", "LeftHip"]
    camel = Skeleton.from_names("camel", names, [("LeftHip", "RightHip")], [0.05] * 4)
    assert camel.torso == ((0, 2), (1, 3))


def test_mpii_flip_and_halves():
    skeleton = get_skeleton("mpii")
    assert skeleton.flip_indices == (5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 15, 14, 13, 12, 11, 10)
    assert skeleton.lower_body == tuple(range(7))


def test_wflw_flip_pairs_are_the_published_ones():
    flip = get_skeleton("wflw").flip_indices
    assert {(i, j) for i, j in enumerate(flip) if i < j} == set(WFLW_PAIRS)


def test_edges_connect_neighbours_only():
    wflw = get_skeleton("wflw")
    assert (32, 33) not in wflw.edges and (16, 17) in {tuple(sorted(e)) for e in wflw.edges}
    coco = get_skeleton("coco")
    assert {(coco.names[a], coco.names[b]) for a, b in coco.edges} >= {
        ("left_hip", "left_knee"),
        ("nose", "left_eye"),
        ("left_shoulder", "right_shoulder"),
    }


@pytest.mark.parametrize(
    "names",
    [
        ["left_eye", "tail", "right_eye"],
        ["LeftEye", "tail", "RightEye"],
        ["eye_left", "tail", "eye_right"],
        ["l_eye", "tail", "r_eye"],
        ["eye.L", "tail", "eye.R"],
    ],
)
def test_flip_indices_from_names(names):
    assert infer_flip_indices(names) == (2, 1, 0)


def test_name_without_partner_is_named():
    with pytest.raises(InputError, match="'left_eye' has no mirror partner 'right_eye'"):
        infer_flip_indices(["left_eye", "nose"])


@pytest.mark.parametrize(
    "change, message",
    [
        ({"names": ("left_a", "left_a", "c")}, "'left_a' occurs more than once"),
        ({"flip_indices": (0, 1)}, "each index 0 to 2 once"),
        ({"flip_indices": (1, 2, 0)}, "does not return from 'left_a'"),
        ({"flip_indices": (0, 1, 2)}, "its mirror partner is 'right_a'"),
        ({"edges": ((0, 3),)}, "edge (0, 3) is outside"),
        ({"sigmas": (0.1, 0.1)}, "3 keypoints but 2 sigmas"),
        ({"sigmas": (0.1, 0.0, 0.1)}, "sigma of 'right_a' must be above 0"),
    ],
)
def test_inconsistent_skeleton_is_refused(change, message):
    fields = {
        "names": ("left_a", "right_a", "c"),
        "flip_indices": (1, 0, 2),
        "edges": ((0, 2),),
        "sigmas": (0.1, 0.1, 0.1),
    }
    Skeleton("mine", **fields)
    with pytest.raises(InputError) as error:
        Skeleton("mine", **(fields | change))
    assert message in str(error.value) and "'mine'" in str(error.value)


def test_registered_skeleton_is_found_and_kept():
    paw = Skeleton.from_names(
        "paw", ["left_toe", "right_toe"], [("left_toe", "right_toe")], [0.1] * 2
    )
    register_skeleton(paw)
    register_skeleton(paw)
    assert get_skeleton("paw") is paw and paw.edges == ((0, 1),)
    with pytest.raises(InputError, match="already registered as 'paw'"):
        register_skeleton(Skeleton("paw", ("a",), (0,), (), (0.1,)))


def test_unknown_skeleton_lists_the_known():
    with pytest.raises(
        InputError, match="Skeleton 'cocoo' is unknown; known are coco, crowdpose, mpii"
    ):
        get_skeleton("cocoo")


def test_unknown_keypoint_in_an_edge():
    with pytest.raises(InputError, match="unknown keypoint 'tail'"):
        Skeleton.from_names("x", ["nose"], [("nose", "tail")], [0.1])
