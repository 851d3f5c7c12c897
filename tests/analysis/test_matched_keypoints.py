"""Who and what is compared with what, and how errors are called, on whole files."""

import json

import numpy as np
import pytest
from helpers.annotated_people import (
    jittered,
    mirrored,
    read_people,
    swapped,
    write_people,
    write_results,
)

from adaanchor_d2.analysis import ERROR_KINDS, load_matched_keypoints
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.errors import InputError

COCO = get_skeleton("coco")
SETS = ("made_up", "coco_sample", "crowdpose_sample")


@pytest.fixture(params=SETS)
def annotated(request):
    """Annotation file, its people, its skeleton."""
    gt_file, name = request.getfixturevalue(request.param)
    return gt_file, read_people(gt_file, name), get_skeleton(name)


def load(gt_file, results_file, skeleton=COCO):
    return load_matched_keypoints(str(gt_file), str(results_file), skeleton)


def named(keypoints, people, moved):
    """Names of the errors of the keypoints moved (G, K), and of the others."""
    rows = {number: row for row, number in enumerate(people["annotation_id"].tolist())}
    row = [rows[number] for number in keypoints.annotation_id.tolist()]
    is_moved = moved[row, keypoints.kind]
    names = np.array(ERROR_KINDS)[keypoints.error]
    return names[is_moved], names[~is_moved]


@pytest.mark.parametrize("person_score", ["one", "random"])
def test_annotations_as_results_are_without_error(annotated, tmp_path, person_score):
    gt_file, people, skeleton = annotated
    scores = np.random.default_rng(0).uniform(size=len(people["area"]))
    results_file = write_results(
        tmp_path / "results.json",
        people,
        people["keypoints"][..., :2],
        person_score=scores if person_score == "random" else 1.0,
    )
    keypoints = load(gt_file, results_file, skeleton)
    assert len(keypoints) == (people["keypoints"][..., 2] > 0).sum()
    assert keypoints.people["annotated"] == keypoints.people["at_oks_0.5"] == len(people["area"])
    assert keypoints.people["unmatched"] == 0
    np.testing.assert_allclose(keypoints.distance, 0, atol=1e-9)
    assert keypoints.correct.all() and (keypoints.error == 0).all()
    assert keypoints.tells_visibility == (skeleton.name == "coco")
    person, kind = np.nonzero(people["keypoints"][..., 2] > 0)
    np.testing.assert_array_equal(keypoints.person, person)
    np.testing.assert_array_equal(keypoints.annotation_id, people["annotation_id"][person])
    expected = people["keypoints"][person, kind, :2] + 0.5
    np.testing.assert_allclose(keypoints.gt_xy, expected)
    np.testing.assert_allclose(keypoints.pred_xy, expected)


@pytest.mark.parametrize("person_score", ["one", "random"])
@pytest.mark.parametrize("kind", ["inversion", "jitter", "swap"])
def test_the_error_is_called_by_its_name(annotated, tmp_path, kind, person_score):
    """At least 95 % of the keypoints moved, and hardly any of the others."""
    gt_file, people, skeleton = annotated
    move = {
        "inversion": lambda: mirrored(people, skeleton),
        "jitter": lambda: jittered(people, skeleton),
        "swap": lambda: swapped(people),
    }
    xy, moved = move[kind]()
    scores = np.random.default_rng(0).uniform(size=len(people["area"]))
    results_file = write_results(
        tmp_path / "results.json",
        people,
        xy,
        person_score=scores if person_score == "random" else 1.0,
    )
    keypoints = load(gt_file, results_file, skeleton)
    wrong, untouched = named(keypoints, people, moved)
    assert len(wrong) > 1
    assert (wrong == kind).mean() >= 0.95
    assert (untouched == "good").sum() >= 0.95 * len(untouched)


def test_far_poses_are_misses_of_their_own_person(made_up, tmp_path):
    gt_file, _ = made_up
    people = read_people(gt_file)
    xy = people["keypoints"][..., :2] + 0.6 * np.sqrt(people["area"])[:, None, None]
    keypoints = load(gt_file, write_results(tmp_path / "results.json", people, xy))
    assert keypoints.people["matched"] >= 0.95 * len(people["area"])
    assert keypoints.people["at_oks_0.5"] == 0
    names = np.array(ERROR_KINDS)[keypoints.error]
    assert (names == "miss").mean() >= 0.95


def test_joints_shuffled_among_all_people_of_an_image_are_swaps(tmp_path):
    """Even where no pose has half of its joints from one person."""
    gt_file = write_people(tmp_path / "gt.json", visibilities=(1, 2))
    people = read_people(gt_file)
    xy, moved = swapped(people, share=0.7)
    keypoints = load(gt_file, write_results(tmp_path / "results.json", people, xy))
    assert keypoints.people["matched"] == len(people["area"])
    names = np.array(ERROR_KINDS)[keypoints.error]
    # A pose may be called by the name of the person most of whose joints it has.
    errors = names[names != "good"]
    assert len(errors) > 0.25 * moved.sum() and (errors == "swap").mean() >= 0.95


def test_what_is_not_found_is_counted(tmp_path):
    gt_file = write_people(tmp_path / "gt.json", visibilities=(1, 2))
    people = read_people(gt_file)
    score = np.full(people["keypoints"].shape[:2], 0.7)
    score[0, 3] = 0
    kept = {name: values[:-2] for name, values in people.items()}
    xy = kept["keypoints"][..., :2].copy()
    xy[0, 3] = 77
    results_file = write_results(tmp_path / "results.json", kept, xy, score[:-2])
    keypoints = load(gt_file, results_file)
    names = np.array(ERROR_KINDS)[keypoints.error]
    assert (names == "not located").sum() == 1 and (names == "person not found").sum() == 2 * 17
    assert keypoints.people["annotated"] - keypoints.people["matched"] == 2
    num_images = len(np.unique(people["image_id"]))
    assert keypoints.people["images"] == num_images
    assert keypoints.people["with_predictions"] == len(np.unique(kept["image_id"]))
    absent = ~keypoints.located
    assert absent.sum() == 1 + 2 * 17 and not keypoints.correct[absent].any()
    assert np.isnan(keypoints.pred_xy[absent]).all() and (keypoints.similarity[absent] == 0).all()


def test_anchors_spread_and_places_outside(tmp_path):
    gt_file = write_people(tmp_path / "gt.json", num_images=2)
    content = json.loads(gt_file.read_text())
    content["images"][0]["width"] = 1
    gt_file.write_text(json.dumps(content))
    people = read_people(gt_file)
    xy = people["keypoints"][..., :2] + 1
    anchors, spread = xy + [3, 4], np.arange(xy[..., 0].size).reshape(xy.shape[:2])
    results_file = tmp_path / "results.json"
    write_results(results_file, people, xy, keypoint_anchors=anchors, keypoint_spread=spread)
    keypoints = load(gt_file, results_file)
    np.testing.assert_allclose(keypoints.displacement, 5)
    np.testing.assert_allclose(keypoints.distance, np.sqrt(2))
    np.testing.assert_array_equal(keypoints.spread, spread[keypoints.person, keypoints.kind])
    np.testing.assert_array_equal(keypoints.outside, keypoints.image_id == 1)
    write_results(results_file, people, xy)
    keypoints = load(gt_file, results_file)
    assert keypoints.displacement is None and keypoints.spread is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"score": 1.2}, "entry 0 has 1.2 as score of keypoint 0, but only scores from 0 to 1"),
        ({"score": -0.1}, "only scores from 0 to 1 can be read as confidence"),
        ({"score": 0.0}, "all keypoints have score 0"),
        ({"image_id": np.array([99])}, "1 of 1 images .* not in .*: image id 99"),
        ({"num_keypoints": 16}, "not a list of 51 numbers but of 48"),
    ],
)
def test_what_cannot_be_analysed_gets_a_sentence(tmp_path, change, sentence):
    gt_file = write_people(tmp_path / "gt.json", num_images=1)
    people = {name: values[:1] for name, values in read_people(gt_file).items()}
    xy = people["keypoints"][:, : change.pop("num_keypoints", 17), :2]
    score = change.pop("score", 0.5)
    results_file = write_results(tmp_path / "results.json", people | change, xy, score)
    with pytest.raises(InputError, match=sentence):
        load(gt_file, results_file)
