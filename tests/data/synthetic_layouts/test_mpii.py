"""Synthetic people in the files that HRNet's code made of MPII."""

import json

import numpy as np
import pytest
import scipy.io

from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.data.synthetic import main, write_synthetic_people

SHORT_NAMES = (
    "rank rkne rhip lhip lkne lank pelv thor neck head rwri relb rsho lsho lelb lwri".split()
)


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    output = tmp_path_factory.mktemp("mpii") / "synthetic_people_mpii"
    write_synthetic_people(output, num_train=4, num_val=30, seed=1, layout="mpii")
    return output


@pytest.fixture(scope="module")
def people(data_set):
    return json.loads((data_set / "annot" / "valid.json").read_text())


def test_entries(data_set, people):
    assert len(people) > 20
    for person in people + json.loads((data_set / "annot" / "train.json").read_text()):
        assert set(person) == {"image", "center", "scale", "joints", "joints_vis"}
        assert (data_set / "images" / person["image"]).exists()
        joints, visible = np.array(person["joints"]), np.array(person["joints_vis"])
        assert joints.shape == (16, 2) and visible.shape == (16,) and set(visible) <= {0, 1}
        assert np.all(joints[visible == 0] == -1)
        inside = joints[visible == 1]
        assert len(inside) and np.all(inside >= 0.5) and np.all(inside < (320.5, 240.5))
        assert np.all(np.array(person["center"]) >= 1)


def test_mat_file_agrees_with_the_json(data_set, people):
    mat = scipy.io.loadmat(data_set / "annot" / "gt_valid.mat")
    count = len(people)
    assert mat["jnt_missing"].shape == (16, count) and mat["jnt_missing"].dtype == np.uint8
    assert mat["pos_gt_src"].shape == (16, 2, count) and mat["pos_gt_src"].dtype == np.float64
    assert mat["headboxes_src"].shape == (2, 2, count)
    assert [str(name[0]) for name in mat["dataset_joints"][0]] == SHORT_NAMES
    for column, person in enumerate(people):
        missing = np.array(person["joints_vis"]) == 0
        assert np.array_equal(mat["jnt_missing"][:, column] == 1, missing)
        joints = np.where(missing[:, None], 0, person["joints"])
        assert np.array_equal(mat["pos_gt_src"][:, :, column], joints)
        low, high = mat["headboxes_src"][:, :, column]
        assert np.all(high - low > 2) and np.all(high - low < 0.4 * 200 * person["scale"])


def test_mat_file_has_the_form_of_the_real_one(data_set, shared_data):
    real = scipy.io.loadmat(shared_data / "mpii" / "annot" / "gt_valid.mat")
    made = scipy.io.loadmat(data_set / "annot" / "gt_valid.mat")
    names = [name for name in real if not name.startswith("__")]
    assert sorted(names) == sorted(name for name in made if not name.startswith("__"))
    for name in names:
        assert made[name].dtype == real[name].dtype
        assert made[name].shape[:-1] == real[name].shape[:-1]
    pairs = zip(made["dataset_joints"][0], real["dataset_joints"][0], strict=True)
    assert all(np.array_equal(made_name, real_name) for made_name, real_name in pairs)


def test_joints_make_a_body(people):
    names = get_skeleton("mpii").names
    complete = 0
    for person in people:
        joints = dict(zip(names, np.array(person["joints"]), strict=True))
        if not all(person["joints_vis"]):
            continue
        complete += 1
        hips = (joints["left_hip"] + joints["right_hip"]) / 2
        shoulders = (joints["left_shoulder"] + joints["right_shoulder"]) / 2
        size = 200 * person["scale"]
        assert np.linalg.norm(joints["pelvis"] - hips) < 0.02 * size
        assert np.linalg.norm(joints["thorax"] - shoulders) < 0.02 * size
        trunk = (joints["pelvis"] + joints["thorax"]) / 2
        assert np.linalg.norm(trunk - person["center"]) < 0.01 * size
        assert 0.02 < np.linalg.norm(joints["head_top"] - joints["upper_neck"]) / size < 0.25
        spread = np.ptp(np.array(list(joints.values())), axis=0).max()
        assert 0.3 * size < spread < 1.4 * size
    assert complete >= 5


def test_same_joints_as_in_cocos_layout(data_set, people, tmp_path):
    write_synthetic_people(tmp_path / "coco", num_train=0, num_val=30, seed=1)
    content = json.loads(
        (tmp_path / "coco" / "annotations" / "person_keypoints_val2017.json").read_text()
    )
    first = (tmp_path / "coco" / "val2017" / "000010000001.jpg").read_bytes()
    assert first == (data_set / "images" / "010000001.jpg").read_bytes()
    mpii = get_skeleton("mpii").names.index("left_knee")
    coco = get_skeleton("coco").names.index("left_knee")
    knees = {}
    for person in content["annotations"]:
        x, y, flag = person["keypoints"][3 * coco : 3 * coco + 3]
        if flag:
            knees.setdefault(f"{person['image_id']:09d}.jpg", []).append((x, y))
    found = 0
    for person in people:
        if person["joints_vis"][mpii] and person["image"] in knees:
            shifted = np.array(knees[person["image"]]) + 1  # MPII counts pixels from 1
            found += np.abs(shifted - person["joints"][mpii]).max(axis=1).min() < 0.02
    assert found >= 10


def test_command_line_and_bytes_repeat(data_set, tmp_path):
    flags = ["--layout", "mpii", "--num-train", "4", "--num-val", "30", "--seed", "1"]
    main(["--output", str(tmp_path / "again"), *flags, "--workers", "2"])
    for name in ("annot/train.json", "annot/valid.json", "annot/gt_valid.mat"):
        assert (tmp_path / "again" / name).read_bytes() == (data_set / name).read_bytes()


def test_nobody_to_evaluate(tmp_path):
    flags = ["--layout", "mpii", "--num-train", "0", "--num-val", "2"]
    main(["--output", str(tmp_path / "set"), *flags, "--empty-probability", "1"])
    mat = scipy.io.loadmat(tmp_path / "set" / "annot" / "gt_valid.mat")
    assert mat["pos_gt_src"].shape == (16, 2, 0)
    assert json.loads((tmp_path / "set" / "annot" / "valid.json").read_text()) == []
