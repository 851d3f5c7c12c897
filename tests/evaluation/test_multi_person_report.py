"""Figures of single keypoints of many people, by hand and against pycocotools' matches."""

import contextlib
import io
import json

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from adaanchor_d2.evaluation.coco_ground_truth import evaluated_people
from adaanchor_d2.evaluation.multi_person_report import (
    best_similarity,
    found_visibility_report,
    match_people,
    person_recall,
    recall_report,
    select_found_people,
)

from .cases import COCO_SIGMAS, process, write_small_set
from .image_cases import make_coco_evaluator, noisy_pairs

# Three types; with an area of 1,000 and these sigmas KS is 0.5 at a distance of 7.446 px.
SIGMAS = np.full(3, 0.1)
AREA = 1000.0
RADIUS = 0.2 * np.sqrt(AREA * 2 * np.log(2))


def make_truth(*people):
    """Table of annotated people, each (image id, keypoints (3, 3))."""
    return {
        "image_id": np.array([image for image, _ in people], dtype=np.int64),
        "area": np.full(len(people), AREA),
        "keypoints": np.reshape([k for _, k in people], (-1, 3, 3)).astype(float),
    }


def make_found(*people):
    """Table of predicted people, each (image id, score, keypoints (3, 3))."""
    return {
        "image_id": np.array([image for image, _, _ in people], dtype=np.int64),
        "score": np.array([score for _, score, _ in people], dtype=float),
        "keypoints": np.reshape([k for _, _, k in people], (-1, 3, 3)).astype(float),
    }


def make_images(*scales):
    """Images 1, 2 ...: image pixels = scale x input pixels + (3, -4)."""
    matrices = [[[scale, 0.0, 3.0], [0.0, scale, -4.0]] for scale in scales]
    return {"image_id": np.arange(1, 1 + len(scales)), "crop_to_image": np.array(matrices)}


def visibility(people, truth, images, has_confidence=True):
    found = select_found_people(people, truth, images, SIGMAS)
    return found_visibility_report(found, truth, has_confidence)


STANDING = [[10, 10, 2], [20, 10, 1], [30, 10, 2]]
AWAY = [[110, 10, 2], [120, 10, 0], [130, 10, 1]]


def moved(keypoints, shift, scores):
    keypoints = np.array(keypoints, dtype=float)
    keypoints[:, 0] += shift
    keypoints[:, 2] = scores
    return keypoints


def test_recall_by_hand():
    truth = make_truth((1, STANDING), (1, AWAY), (2, STANDING))
    located = np.array(
        [
            [10 + RADIUS - 0.01, 10, 0.9, 0],  # Finds type 0 of the first person.
            [110 + RADIUS + 0.01, 10, 0.8, 0],  # Just too far from the second one's.
            [20, 10, 0.7, 2],  # Of another type than the keypoint there; 10 px from its own.
            [30, 10, 0.6, 2],
            [130, 10, 0.5, 2],
            [20, 10, 0.4, 1],
            [120, 10, 0.3, 1],  # There is only one labelled keypoint of type 1 in the image.
        ]
    )
    table = {"image_id": np.full(7, 1), "keypoints": located}
    # 8 labelled keypoints. At any distance: both of type 0, both of type 2, the one of type 1.
    # With the limit: (10, 10); type 2 at (30, 10) and (130, 10); type 1 at (20, 10).
    assert recall_report(table, truth, SIGMAS) == pytest.approx(
        {
            "KeypointRecall": 100 * 5 / 8,
            "KeypointRecall@KS0.5": 100 * 4 / 8,
            "KeypointPrecision@KS0.5": 100 * 4 / 7,
        }
    )


def test_recall_in_images_without_people_and_without_detections():
    truth = make_truth((7, STANDING))
    elsewhere = {"image_id": np.array([3, 9]), "keypoints": np.array([[10, 10, 1, 0]] * 2)}
    zeros = {"KeypointRecall": 0.0, "KeypointRecall@KS0.5": 0.0}
    assert recall_report(elsewhere, truth, SIGMAS) == zeros | {"KeypointPrecision@KS0.5": 0.0}
    nothing = {"image_id": np.zeros(0, dtype=np.int64), "keypoints": np.zeros((0, 4))}
    assert recall_report(nothing, truth, SIGMAS) == zeros
    assert recall_report(elsewhere, make_truth(), SIGMAS) == {}


def test_person_recall_by_hand():
    """Two of four people with a labelled keypoint: one is missed, one is too far, one is nobody."""
    nothing = [[10, 10, 0]] * 3
    truth = make_truth((1, STANDING), (1, AWAY), (2, STANDING), (2, AWAY), (3, nothing))
    found = make_found(
        (1, 0.9, moved(STANDING, 1.0, [1, 1, 1])),
        (1, 0.8, moved(STANDING, 2.0, [1, 1, 1])),  # the same person again
        (2, 0.7, moved(STANDING, 0.9 * RADIUS, [1, 1, 1])),
        (2, 0.7, moved(AWAY, 1.1 * RADIUS, [1, 1, 1])),
        (3, 0.6, nothing),
    )
    assert person_recall(found, truth, SIGMAS) == {"PersonRecall@OKS0.5": 50.0}
    assert person_recall(make_found(), truth, SIGMAS) == {"PersonRecall@OKS0.5": 0.0}
    assert person_recall(found, make_truth((3, nothing)), SIGMAS) == {}


def test_visibility_by_hand():
    """The first image is seen at half its size, the second at twice."""
    truth = make_truth((1, STANDING), (1, AWAY), (2, STANDING), (2, AWAY))
    found = make_found(
        (1, 0.9, moved(STANDING, 2.0, [0.5, 0.6, 0.7])),
        (2, 0.8, moved(STANDING, 3.0, [0.1, 0.0, 0.9])),  # The hidden joint is missing.
        (2, 0.9, moved(AWAY, 50.0, [1.0, 1.0, 1.0])),  # Too far from anybody.
    )
    before = {key: values.copy() for key, values in truth.items()}
    report = visibility(found, truth, make_images(2.0, 0.5))
    # Errors in input pixels: 1 (twice visible, once hidden) and 6 (twice visible).
    assert report == pytest.approx(
        {
            "VisError": (1 + 1 + 6 + 6) / 4,
            "VisRMSE": np.sqrt((1 + 1 + 36 + 36) / 4),
            "VisScore": (0.5 + 0.7 + 0.1 + 0.9) / 4,
            "VisCount": 4,
            "VisUnmatched": 2,
            "InvError": 1.0,
            "InvRMSE": 1.0,
            "InvScore": 0.6,
            "InvCount": 1,
            "InvUnmatched": 3,
            "Unmatched": 2,
        }
    )
    for key, values in truth.items():
        np.testing.assert_array_equal(values, before[key])
    without_scores = visibility(found, truth, make_images(2.0, 0.5), has_confidence=False)
    assert set(report) - set(without_scores) == {"VisScore", "InvScore"}


def test_visibility_when_nobody_is_found_or_there():
    truth = make_truth((1, STANDING))
    images = make_images(1.0)
    unmatched = {"VisUnmatched": 2, "InvUnmatched": 1, "Unmatched": 1}
    assert visibility(make_found(), truth, images) == unmatched
    found = make_found((1, 0.9, moved(STANDING, 0.0, [1, 1, 1])))
    nothing = {"VisUnmatched": 0, "InvUnmatched": 0, "Unmatched": 0}
    assert visibility(found, make_truth(), images) == nothing


def test_the_better_prediction_takes_the_person():
    truth = make_truth((1, STANDING))
    found = make_found(
        (1, 0.4, moved(STANDING, 0.0, [1, 1, 1])), (1, 0.5, moved(STANDING, 5.0, [1, 1, 1]))
    )
    predicted, annotated = match_people(found, truth, SIGMAS)
    assert (predicted.tolist(), annotated.tolist()) == ([1], [0])


def test_every_prediction_has_its_best_similarity_in_its_own_image():
    """Also the second of one person; NaN where nobody is labelled."""
    nobody = [[10, 10, 0]] * 3
    truth = make_truth((1, AWAY), (1, STANDING), (2, nobody), (4, nobody), (4, STANDING))
    shifted = (moved(STANDING, shift, [1, 1, 1]) for shift in (0.0, RADIUS, 5000.0))
    found = make_found(
        *((1, 0.5, keypoints) for keypoints in shifted),
        *((image, 0.5, STANDING) for image in (2, 3, 4)),
    )
    expected = [1, 0.5, 0, np.nan, np.nan, 1]
    np.testing.assert_allclose(best_similarity(found, truth, SIGMAS), expected, atol=1e-9)


def test_a_prediction_takes_the_nearer_person_of_equal_ones_the_last():
    found = make_found((1, 0.5, moved(STANDING, 0.0, [1, 1, 1])))
    for shifts, taken in (((1.0, 3.0), 0), ((3.0, -1.0), 1), ((2.0, -2.0), 1)):
        truth = make_truth(*((1, moved(STANDING, shift, [2, 1, 2])) for shift in shifts))
        predicted, annotated = match_people(found, truth, SIGMAS)
        assert (predicted.tolist(), annotated.tolist()) == ([0], [taken])


@pytest.mark.parametrize("seed", range(3))
def test_matched_people_are_those_of_pycocotools(tmp_path, seed):
    json_file = write_small_set(tmp_path / "small.json", seed=seed)
    evaluator = make_coco_evaluator(json_file, output_dir=str(tmp_path))
    pairs = noisy_pairs(json_file, seed, num_more=3, noise=6.0)
    process(evaluator, pairs)
    evaluator.evaluate()
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(json_file))
        results = truth.loadRes(str(tmp_path / "coco_instances_results.json"))
        evaluation = COCOeval(truth, results, "keypoints")
        evaluation.evaluate()
    every_size = evaluation.params.areaRng[0]
    expected = set()
    for image in evaluation.evalImgs:
        if image is not None and image["aRng"] == every_size:
            counted = np.array(image["gtIds"])[np.array(image["gtIgnore"]) == 0]
            matches = zip(image["dtIds"], image["dtMatches"][0], strict=True)
            expected |= {(dt - 1, int(gt)) for dt, gt in matches if gt in counted}

    written = json.loads((tmp_path / "coco_instances_results.json").read_text())
    found = {
        "image_id": np.array([result["image_id"] for result in written]),
        "score": np.array([result["score"] for result in written]),
        "keypoints": np.reshape([r["keypoints"] for r in written], (-1, 17, 3)) + [0.5, 0.5, 0],
    }
    content = json.loads(json_file.read_text())
    counted = [a["id"] for a in content["annotations"] if a["num_keypoints"] and not a["iscrowd"]]
    predicted, annotated = match_people(found, evaluated_people(content, 17), COCO_SIGMAS)
    assert {(p, counted[a]) for p, a in zip(predicted.tolist(), annotated, strict=True)} == expected
    assert 0 < len(expected) < len(counted)
