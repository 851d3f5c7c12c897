"""Synthetic people: files, flags and pictures."""

import json

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from adaanchor_d2.data.synthetic import (
    SyntheticPeopleOptions,
    main,
    write_synthetic_people,
)
from adaanchor_d2.data.synthetic_drawing.canvas import Canvas, ellipse, places, polygon
from adaanchor_d2.data.synthetic_layouts import writer
from adaanchor_d2.data.synthetic_people.body import KEYPOINT_NAMES, Shape, build_body
from adaanchor_d2.data.synthetic_people.clothes import random_outfit
from adaanchor_d2.data.synthetic_people.figure import Figure, random_figure
from adaanchor_d2.data.synthetic_people.image import _silhouette, render_image
from adaanchor_d2.data.synthetic_people.labels import annotate_coco
from adaanchor_d2.data.synthetic_people.parts import CODES_PER_PERSON, part_code
from adaanchor_d2.data.synthetic_people.pose import Limb, Pose, random_pose
from adaanchor_d2.data.synthetic_people.visibility import keypoint_visibility, visibility_rules
from adaanchor_d2.errors import InputError, run_command

# As in COCO's person_keypoints_val2017.json.
OFFICIAL_NAMES = (
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow "
    "right_elbow left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle "
    "right_ankle"
).split()
NUM_TRAIN, NUM_VAL = 10, 4


def write(output, **changes):
    write_synthetic_people(output, **{"num_train": NUM_TRAIN, "num_val": NUM_VAL, **changes})
    return output


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    return write(tmp_path_factory.mktemp("people") / "synthetic_people", seed=3)


@pytest.fixture(scope="module")
def pictures():
    """150 pictures with their annotations."""
    return [render_image(np.random.default_rng((11, index))) for index in range(150)]


def standing_person(yaw=0.0, arm_swing=0.0):
    """A person of 180 pixels in the middle of a 320 x 240 picture, arms off the trunk."""
    arm, leg = Limb(arm_swing, 25, 0, 0), Limb(0, 6, 0, 0)
    pose = Pose("stand", (0, yaw, 0), (0, 0, 0), (0, 0, 0), (arm, arm), (leg, leg))
    shape = Shape(1.0, 1.0, 1.0, 1.0, 1.0, 0.005)
    rng = np.random.default_rng(1)
    outfit = random_outfit(rng)
    while outfit.head.long_hair or outfit.head.hat:
        outfit = random_outfit(rng)
    body = build_body(pose, shape, 0.0)
    return Figure(pose, shape, body, outfit, 180.0, np.array((160.0, 115.0)), 0.0)


def flags_of(figure, cover=None):
    """Draw a figure alone, then what covers it; return name -> flag and the annotation."""
    canvas = Canvas(320, 240)
    figure.draw(canvas, 0, np.random.default_rng(0))
    silhouette = _silhouette(canvas, 1, np.zeros(2), np.array((320, 240)))
    if cover is not None:
        canvas.fill(cover, (40.0, 90.0, 160.0))
    person = annotate_coco(canvas.labels(), 0, figure, silhouette)
    return dict(zip(KEYPOINT_NAMES, person["keypoints"][2::3], strict=True)), person


def test_same_seed_gives_same_bytes_and_workers_do_not_matter(data_set, tmp_path):
    again = files_of(write(tmp_path / "two_workers", seed=3, workers=2))
    assert again == files_of(data_set)


def test_another_seed_gives_other_pictures(data_set, tmp_path):
    first, other = files_of(data_set), files_of(write(tmp_path / "other", seed=4))
    assert first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first)


def test_a_picture_does_not_depend_on_the_number_of_pictures(data_set, tmp_path):
    fewer = files_of(write(tmp_path / "fewer", seed=3, num_train=2, num_val=1))
    pictures = {name: data for name, data in fewer.items() if name.endswith(".jpg")}
    assert len(pictures) == 3
    assert pictures.items() <= files_of(data_set).items()


def test_train_and_val_differ(data_set):
    train, val = (sorted((data_set / f"{split}2017").iterdir()) for split in ("train", "val"))
    assert train[0].read_bytes() != val[0].read_bytes()


@pytest.mark.parametrize(("split", "count"), [("train", NUM_TRAIN), ("val", NUM_VAL)])
def test_files_follow_cocos_layout(data_set, split, count):
    coco = COCO(data_set / "annotations" / f"person_keypoints_{split}2017.json")
    assert len(coco.imgs) == count
    assert len(list((data_set / f"{split}2017").iterdir())) == count
    for image in coco.loadImgs(coco.getImgIds()):
        assert image["file_name"] == f"{image['id']:012d}.jpg"
        pixels = cv2.imread(str(data_set / f"{split}2017" / image["file_name"]))
        assert pixels.shape == (image["height"], image["width"], 3) == (240, 320, 3)
    (category,) = coco.loadCats(coco.getCatIds())
    assert (category["id"], category["name"]) == (1, "person")
    assert category["keypoints"] == OFFICIAL_NAMES
    assert category["skeleton"][:3] == [[16, 14], [14, 12], [17, 15]]
    assert len(category["skeleton"]) == 19
    assert sorted(coco.anns) == list(range(1, len(coco.anns) + 1))
    for person in coco.anns.values():
        assert person["category_id"] == 1 and person["iscrowd"] == 0
        mask = coco.annToMask(person)
        # Polygons run through the centres of the outermost pixels, so they lose up to half a
        # pixel all around; holes between limbs are filled.
        assert 0.4 * person["area"] < mask.sum() < 2 * person["area"]


def test_annotations_are_consistent(pictures):
    people = [person for _, people in pictures for person in people]
    assert len(people) > 150
    for person in people:
        x, y, flag = np.array(person["keypoints"], float).reshape(17, 3).T
        assert person["num_keypoints"] == np.count_nonzero(flag)
        assert set(flag) <= {0, 1, 2}
        assert np.all((x[flag == 0] == 0) & (y[flag == 0] == 0))
        labelled = flag > 0
        assert np.all((x[labelled] >= -0.5) & (x[labelled] < 319.5))
        assert np.all((y[labelled] >= -0.5) & (y[labelled] < 239.5))
        left, top, width, height = person["bbox"]
        assert left >= 0 and top >= 0 and left + width <= 320 and top + height <= 240
        assert 0 < person["area"] <= width * height
        assert person["segmentation"]


def test_shares_of_flags_and_of_cut_off_people(pictures):
    people = [person for _, people in pictures for person in people]
    flags = np.array([person["keypoints"][2::3] for person in people])
    hidden = np.count_nonzero(flags == 1) / np.count_nonzero(flags)
    assert 0.18 < hidden < 0.32
    assert np.mean(flags == 2) > 0.5
    boxes = np.array([person["bbox"] for person in people])
    cut = (boxes[:, :2] <= 0).any(axis=1)
    cut |= (boxes[:, :2] + boxes[:, 2:] >= (320, 240)).any(axis=1)
    assert 0.12 < cut.mean() < 0.35
    counts = [len(people) for _, people in pictures]
    assert max(counts) == 4


@pytest.mark.parametrize("seed", range(6))
def test_a_visible_keypoint_lies_on_its_person(seed):
    rng = np.random.default_rng(seed)
    canvas = Canvas(320, 240)
    figures, silhouettes = [], []
    for index in range(5):
        figure = random_figure(rng, 130.0, 5.0, 0.0, any_pose_probability=1.0)
        figure.origin = rng.uniform((60, 80), (260, 160))
        first = canvas.num_layers
        figure.draw(canvas, index, rng)
        silhouettes.append(_silhouette(canvas, first, np.zeros(2), np.array((320, 240))))
        figures.append(figure)
    labels = canvas.labels()
    num_visible = 0
    for index, (figure, silhouette) in enumerate(zip(figures, silhouettes, strict=True)):
        person = annotate_coco(labels, index, figure, silhouette)
        if person is None:
            continue
        for x, y, flag in np.array(person["keypoints"], float).reshape(17, 3):
            if flag == 2:
                label = int(labels[int(y + 0.5), int(x + 0.5)])
                assert 0 <= label - part_code(index, 0) < CODES_PER_PERSON
                num_visible += 1
    assert num_visible > 20


def test_an_occluder_turns_visible_into_hidden():
    figure = standing_person()
    before, _ = flags_of(figure)
    assert before["left_knee"] == 2
    x, y = figure.keypoints()[KEYPOINT_NAMES.index("left_knee")]
    after, _ = flags_of(figure, ellipse(x, y, 8, 8))
    assert after["left_knee"] == 1
    assert {name for name in before if before[name] != after[name]} == {"left_knee"}


def test_a_person_that_is_nearly_covered_has_no_labelled_keypoints():
    figure = standing_person()
    _, alone = flags_of(figure)
    sheet = polygon(np.array(((0, 0), (320, 0), (320, 190), (0, 190))))
    _, covered = flags_of(figure, sheet)
    assert alone["num_keypoints"] == 17
    assert covered["num_keypoints"] == 0 and set(covered["keypoints"]) == {0}
    assert covered["bbox"] == alone["bbox"]
    assert 0 < covered["area"] < 0.12 * alone["area"]


def test_a_hidden_keypoint_far_from_all_visible_ones_is_not_labelled():
    labels = np.zeros((40, 40), np.uint16)
    points = np.full((17, 2), 20.5)
    points[KEYPOINT_NAMES.index("left_ankle")] = (5.5, 5.5)
    labels[4:8, 4:8] = 1
    own = np.zeros((17, CODES_PER_PERSON), bool)
    own[:, 0] = True
    flags = keypoint_visibility(labels, points, 0, own, visibility_rules("coco").near_enough)
    named = dict(zip(KEYPOINT_NAMES, flags.tolist(), strict=True))
    assert named["left_ankle"] == 2
    assert named["left_knee"] == named["left_hip"] == 1
    assert named["nose"] == named["right_ankle"] == 0


def test_a_keypoint_outside_the_picture_is_not_labelled():
    figure = standing_person()
    figure.origin = np.array((160.0, 190.0))
    flags, person = flags_of(figure)
    assert flags["left_ankle"] == flags["right_ankle"] == 0
    assert flags["left_shoulder"] == flags["right_shoulder"] == 2
    assert person["bbox"][1] + person["bbox"][3] == 240


@pytest.mark.parametrize(("yaw", "left_is_right_of_right"), [(0, True), (180, False)])
def test_left_and_right_from_the_front_and_from_behind(yaw, left_is_right_of_right):
    figure = standing_person(yaw)
    x = dict(zip(KEYPOINT_NAMES, figure.keypoints()[:, 0].tolist(), strict=True))
    for joint in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
        assert (x[f"left_{joint}"] > x[f"right_{joint}"]) is left_is_right_of_right


def test_the_face_is_hidden_from_behind():
    front, _ = flags_of(standing_person(0))
    back, _ = flags_of(standing_person(180))
    assert {front[name] for name in ("nose", "left_eye", "right_eye")} == {2}
    assert {back[name] for name in ("nose", "left_eye", "right_eye")} == {1}
    assert {back[name] for name in ("left_shoulder", "right_shoulder", "left_knee")} == {2}


def test_the_far_side_is_hidden_in_profile():
    flags, _ = flags_of(standing_person(90, arm_swing=60))  # the right side is the near one
    assert flags["right_shoulder"] == flags["right_elbow"] == flags["right_hip"] == 2
    assert flags["left_shoulder"] == flags["left_elbow"] == flags["left_hip"] == 1
    assert flags["right_ear"] == 2 and flags["left_ear"] == 1


def test_polygons_keep_the_half_pixel_rule():
    points = np.array(((10.5, 20.5), (3.25, 7.75)))
    assert np.array_equal(places(polygon(points)), points)
    canvas = Canvas(32, 32)
    canvas.fill(ellipse(10.5, 20.5, 0.1, 0.1), (255.0, 255.0, 255.0), code=5)
    assert np.argwhere(canvas.labels()).tolist() == [[20, 10]]


def test_options_change_the_pictures():
    free = SyntheticPeopleOptions(1, 0.0, 0.0, 0.0, 0.0)
    hidden = SyntheticPeopleOptions(1, 0.0, 0.0, 1.0, 0.0)
    shares = []
    for options in (free, hidden):
        drawn = [render_image(np.random.default_rng(i), 320, 240, options)[1] for i in range(60)]
        assert max(map(len, drawn)) == 1
        flags = np.array([person["keypoints"][2::3] for people in drawn for person in people])
        shares.append(np.count_nonzero(flags == 1) / np.count_nonzero(flags))
    assert shares[1] > shares[0] + 0.05
    nobody = SyntheticPeopleOptions(empty_probability=1.0)
    assert render_image(np.random.default_rng(0), 320, 240, nobody)[1] == []


@pytest.mark.parametrize("any_pose_probability, least, most", [(0.0, 0, 0), (1.0, 0.4, 0.8)])
def test_without_any_pose_people_stand_and_face_the_viewer(any_pose_probability, least, most):
    rng = np.random.default_rng(0)
    poses = [random_pose(rng, any_pose_probability) for _ in range(200)]
    turned = np.mean([abs(pose.root[1]) > 60 for pose in poses])
    seated = np.mean([pose.name != "stand" for pose in poses])
    assert 0.5 * least <= turned <= most and least <= seated <= most


def test_other_sizes(tmp_path):
    image, people = render_image(np.random.default_rng(5), 700, 560)
    assert image.shape == (560, 700, 3) and image.dtype == np.uint8
    assert image.std() > 5


def test_wrong_numbers_are_named(tmp_path):
    with pytest.raises(InputError, match="workers must be at least 1, not 0"):
        write(tmp_path / "a", workers=0)
    with pytest.raises(InputError, match="num_val must be at least 0, not -1"):
        write(tmp_path / "a", num_val=-1)
    with pytest.raises(InputError, match="occluder_probability must be between 0 and 1, not 1.5"):
        SyntheticPeopleOptions(occluder_probability=1.5)
    with pytest.raises(InputError, match="max_people must be 1 to 1000, not 0"):
        SyntheticPeopleOptions(max_people=0)
    assert list(tmp_path.iterdir()) == []


def test_a_filled_folder_is_only_replaced_when_asked(tmp_path):
    output = write(tmp_path / "set", num_train=1, num_val=0)
    before = files_of(output)
    with pytest.raises(InputError, match="not empty; pass --overwrite"):
        write(output, seed=1, num_train=1, num_val=0)
    assert files_of(output) == before
    write(output, seed=1, num_train=1, num_val=0, overwrite=True)
    assert files_of(output) != before
    (output / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds 'thesis.txt'"):
        write(output, num_train=1, num_val=0, overwrite=True)
    assert (output / "thesis.txt").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file\S* cannot be written: "):
        write(tmp_path / "file" / "set", num_train=1, num_val=0)
    with pytest.raises(InputError, match="is a file"):
        write(tmp_path / "file", num_train=1, num_val=0)


def test_an_interrupted_run_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(writer, "_write_image", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "set", num_train=2, num_val=0)
    assert list(tmp_path.iterdir()) == []


def test_command_line(tmp_path, capsys):
    output = tmp_path / "made" / "set"
    flags = ["--num-train", "2", "--num-val", "1", "--max-people", "1", "--seed", "9"]
    main(["--output", str(output), *flags])
    content = json.loads((output / "annotations" / "person_keypoints_train2017.json").read_text())
    assert len(content["images"]) == 2
    assert content["info"]["options"]["max_people"] == 1
    capsys.readouterr()
    with pytest.raises(SystemExit) as leaving:
        run_command(lambda: main(["--output", str(output), *flags]))
    assert leaving.value.code == 2
    message = capsys.readouterr().err
    assert message == (
        f"error: {output} is not empty; pass --overwrite to replace the data set in it.\n"
    )


def test_options_of_another_layout_are_refused(tmp_path):
    with pytest.raises(InputError, match="--max-faces is no option of the layout coco"):
        main(["--output", str(tmp_path / "set"), "--max-faces", "2"])
    with pytest.raises(InputError, match="--max-people is no option of the layout wflw"):
        main(["--output", str(tmp_path / "set"), "--layout", "wflw", "--max-people", "2"])
