"""The evaluator against pycocotools, hand-computed figures and its own promises."""

import copy
import json
import logging

import numpy as np
import pytest
import torch

from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation.coco_results import read_coco_results

from .cases import (
    COCO_SIGMAS,
    CROP_TO_IMAGE,
    METRICS,
    detector_pairs,
    ground_truth_pairs,
    image_keypoints,
    make_evaluator,
    make_pair,
    process,
    read_people,
    reference_ap,
    write_small_set,
)


def assert_equals_pycocotools(results, task, json_file, output_dir, sigmas=COCO_SIGMAS):
    expected = reference_ap(json_file, output_dir / "coco_instances_results.json", sigmas)
    assert results[task] == pytest.approx(expected, abs=1e-9)
    assert 5 < results[task]["AP"] < 95


@pytest.mark.parametrize("data_set", ["small_set", "real_set"])
@pytest.mark.parametrize("boxes", ["ground_truth", "detector"])
@pytest.mark.parametrize("rescore_threshold", [None, 0.2])
def test_ap_equals_pycocotools(request, tmp_path, data_set, boxes, rescore_threshold):
    json_file = request.getfixturevalue(data_set)
    output_dir = tmp_path / "inference"
    evaluator = make_evaluator(
        json_file,
        person_boxes=boxes,
        output_dir=str(output_dir),
        rescore_threshold=rescore_threshold,
    )
    make_pairs = ground_truth_pairs if boxes == "ground_truth" else detector_pairs
    process(evaluator, make_pairs(json_file, np.random.default_rng(0)))
    results = evaluator.evaluate()
    task = "keypoints" if boxes == "ground_truth" else "keypoints_detector_boxes"
    assert_equals_pycocotools(results, task, json_file, output_dir)
    assert set(results[task]) == set(METRICS)


def test_sigmas_of_another_skeleton_are_used(tmp_path):
    json_file = write_small_set(tmp_path / "five.json", num_keypoints=5)
    sigmas = (0.02, 0.04, 0.06, 0.08, 0.1)
    wide = (0.1, 0.1, 0.1, 0.1, 0.1)
    aps = []
    for name, override, used in (("skeleton", (), sigmas), ("config", wide, wide)):
        output_dir = tmp_path / name
        evaluator = make_evaluator(
            json_file, sigmas, oks_sigmas=override, output_dir=str(output_dir)
        )
        process(evaluator, ground_truth_pairs(json_file, np.random.default_rng(3)))
        results = evaluator.evaluate()
        assert_equals_pycocotools(results, "keypoints", json_file, output_dir, used)
        aps.append(results["keypoints"]["AP"])
    assert aps[1] > aps[0]


@pytest.mark.parametrize("data_set", ["small_set", "real_set"])
def test_annotations_as_predictions_are_perfect(request, tmp_path, data_set):
    json_file = request.getfixturevalue(data_set)
    people = read_people(json_file)
    pairs = []
    for annotation in people:
        keypoints = image_keypoints(annotation)
        keypoints[:, 2] = 1.0
        pairs.append(make_pair(annotation, keypoints))
    evaluator = make_evaluator(json_file, output_dir=str(tmp_path))
    process(evaluator, pairs)
    results = evaluator.evaluate()
    assert results["keypoints"]["AP"] == pytest.approx(100)
    assert results["visibility"]["VisError"] == pytest.approx(0, abs=1e-3)
    written = json.loads((tmp_path / "coco_instances_results.json").read_text())
    by_image = sorted(people, key=lambda annotation: (annotation["image_id"], annotation["id"]))
    for result, annotation in zip(written, by_image, strict=True):
        expected = np.array(annotation["keypoints"]).reshape(-1, 3)[:, :2]
        np.testing.assert_array_equal(np.reshape(result["keypoints"], (-1, 3))[:, :2], expected)


@pytest.mark.parametrize("fields", [(), ("anchors",), ("anchors", "spread")])
def test_anchors_and_spread_are_written_where_the_model_gives_them(small_set, tmp_path, fields):
    pairs = ground_truth_pairs(small_set, np.random.default_rng(0))
    for _, output in pairs:
        person = output["instances"]
        if "anchors" in fields:
            person.pred_keypoint_anchors = person.pred_keypoints[..., :2] + 3
        if "spread" in fields:
            person.pred_keypoint_spread = person.pred_keypoints[..., 2] * 2
    evaluator = make_evaluator(small_set, output_dir=str(tmp_path))
    process(evaluator, pairs)
    evaluator.evaluate()
    people = read_coco_results(str(tmp_path / "coco_instances_results.json"), 17)
    assert {"anchors", "spread"} & set(people) == set(fields)
    keypoints = people["keypoints"]
    if "anchors" in fields:
        np.testing.assert_allclose(people["anchors"], keypoints[..., :2] + 3, atol=1e-5)
    if "spread" in fields:
        np.testing.assert_allclose(people["spread"], keypoints[..., 2] * 2, atol=1e-5)


def test_calibrated_scores_do_not_change_ap(small_set):
    """People are ranked by the scores before; the figures of keypoints are of those after."""
    pairs = ground_truth_pairs(small_set, np.random.default_rng(0))
    results = []
    for calibrate in (False, True):
        for _, output in pairs if calibrate else ():
            person = output["instances"]
            person.pred_keypoint_confidence = person.pred_keypoints[..., 2].clone()
            person.pred_keypoints[..., 2] **= 9
        evaluator = make_evaluator(small_set)
        process(evaluator, pairs)
        results.append(evaluator.evaluate())
    before, after = results
    assert after["keypoints"] == before["keypoints"]
    assert after["visibility"]["VisScore"] < 0.5 * before["visibility"]["VisScore"]
    assert after["confidence"]["ECE"] != pytest.approx(before["confidence"]["ECE"], abs=0.05)


def test_images_without_predictions_count_as_missed(small_set):
    pairs = []
    for annotation in read_people(small_set):
        keypoints = image_keypoints(annotation)
        keypoints[:, 2] = 1.0
        if annotation["image_id"] != 9:
            pairs.append(make_pair(annotation, keypoints))
    evaluator = make_evaluator(small_set)
    process(evaluator, pairs)
    share = len(pairs) / len(read_people(small_set))
    assert share < 1
    assert evaluator.evaluate()["keypoints"]["AR"] == pytest.approx(100 * share)


def test_a_size_that_nobody_has_is_absent(tmp_path, caplog):
    json_file = write_small_set(tmp_path / "large.json")
    content = json.loads(json_file.read_text())
    for annotation in content["annotations"]:
        annotation["area"] = 20000.0
    json_file.write_text(json.dumps(content))
    evaluator = make_evaluator(json_file)
    process(evaluator, ground_truth_pairs(json_file, np.random.default_rng(0)))
    with caplog.at_level(logging.INFO):
        results = evaluator.evaluate()
    assert set(METRICS) - set(results["keypoints"]) == {"APm", "ARm"}
    assert "No APm, ARm" in caplog.text


def test_detector_boxes_have_only_ap(small_set, caplog):
    evaluator = make_evaluator(small_set, person_boxes="detector")
    process(evaluator, detector_pairs(small_set, np.random.default_rng(0)))
    with caplog.at_level(logging.INFO):
        results = evaluator.evaluate()
    assert set(results) == {"keypoints_detector_boxes"}
    assert "they need ground-truth boxes" in caplog.text
    assert "detector boxes" in caplog.text


@pytest.mark.parametrize("boxes, kept", [("detector", 1), ("ground_truth", 2)])
def test_oks_nms_removes_the_second_of_two_only_with_detector_boxes(
    small_set, tmp_path, boxes, kept
):
    annotation = read_people(small_set)[0]
    keypoints = image_keypoints(annotation)
    keypoints[:, 2] = 0.5
    detector = boxes == "detector"
    pairs = [make_pair(annotation, keypoints, score, detector) for score in (0.4, 0.8)]
    evaluator = make_evaluator(small_set, person_boxes=boxes, output_dir=str(tmp_path))
    process(evaluator, pairs)
    evaluator.evaluate()
    written = json.loads((tmp_path / "coco_instances_results.json").read_text())
    assert len(written) == kept
    assert max(result["score"] for result in written) == pytest.approx(0.4)


def test_oks_nms_measures_people_by_their_padded_crop(small_set, tmp_path):
    """SimplePose's area: |det(crop_to_image)| H W, whatever box the person was found in."""
    annotation = read_people(small_set)[0]
    keypoints = image_keypoints(annotation)
    moved = keypoints.copy()
    # As far apart as gives OKS 0.9 when the area is that of the crop, less and more by a tenth.
    crop_area = 0.25 * 320 * 240
    shift = np.sqrt(-2 * np.log(0.9) * crop_area) * 2 * np.array(COCO_SIGMAS)
    for factor, kept in ((0.9, 1), (1.1, 2)):
        moved[:, 0] = keypoints[:, 0] + factor * shift
        pairs = [make_pair(annotation, points, 0.5, detector=True) for points in (keypoints, moved)]
        for sample, _ in pairs:
            sample["image"] = torch.zeros(3, 320, 240)
        evaluator = make_evaluator(small_set, person_boxes="detector", output_dir=str(tmp_path))
        process(evaluator, pairs)
        evaluator.evaluate()
        written = json.loads((tmp_path / "coco_instances_results.json").read_text())
        assert len(written) == kept


def test_no_predictions_give_a_warning_and_zero(small_set, tmp_path, caplog):
    evaluator = make_evaluator(small_set, output_dir=str(tmp_path))
    results = evaluator.evaluate()
    assert results == {"keypoints": dict.fromkeys(METRICS, 0.0)}
    assert "no predictions" in caplog.text
    assert json.loads((tmp_path / "coco_instances_results.json").read_text()) == []


def test_inputs_and_outputs_are_not_changed(small_set):
    pairs = ground_truth_pairs(small_set, np.random.default_rng(0))
    before = copy.deepcopy(pairs)
    evaluator = make_evaluator(small_set)
    process(evaluator, pairs)
    first = evaluator.evaluate()
    for (sample, output), (old_sample, old_output) in zip(pairs, before, strict=True):
        assert set(sample) == set(old_sample)
        assert torch.equal(sample["keypoints"], old_sample["keypoints"])
        np.testing.assert_array_equal(sample["crop_to_image"], old_sample["crop_to_image"])
        instances, old = output["instances"], old_output["instances"]
        assert torch.equal(instances.pred_keypoints, old.pred_keypoints)
        assert torch.equal(instances.pred_boxes.tensor, old.pred_boxes.tensor)
        assert torch.equal(instances.scores, old.scores)
    assert evaluator.evaluate() == first
    np.testing.assert_array_equal(pairs[0][0]["crop_to_image"], CROP_TO_IMAGE)


def test_reset_forgets(small_set):
    evaluator = make_evaluator(small_set)
    process(evaluator, ground_truth_pairs(small_set, np.random.default_rng(0)))
    evaluator.reset()
    assert evaluator.evaluate()["keypoints"]["AP"] == 0.0


def test_order_of_samples_does_not_matter(small_set, tmp_path):
    texts = []
    pairs = detector_pairs(small_set, np.random.default_rng(0))
    for name, ordered in (("one", pairs), ("two", pairs[::-1])):
        evaluator = make_evaluator(
            small_set, person_boxes="detector", output_dir=str(tmp_path / name)
        )
        process(evaluator, ordered)
        evaluator.evaluate()
        texts.append((tmp_path / name / "coco_instances_results.json").read_text())
    assert texts[0] == texts[1]


def test_wrong_predictions_get_a_sentence(small_set):
    annotation = read_people(small_set)[0]
    keypoints = image_keypoints(annotation)

    def evaluate(changed_annotation, changed_keypoints):
        evaluator = make_evaluator(small_set)
        sample, output = make_pair(changed_annotation, changed_keypoints)
        process(evaluator, [(sample, output)])
        evaluator.evaluate()

    with pytest.raises(InputError, match="1 of . images .* not in .*small.json: image id 999"):
        evaluate(annotation | {"image_id": 999}, keypoints)
    with pytest.raises(InputError, match="annotation id 999, which is not in .*small.json"):
        evaluate(annotation | {"id": 999}, keypoints)
    with pytest.raises(InputError, match="predicts 16 keypoints .*has 17"):
        evaluate(annotation, keypoints[:16])
    keypoints[3, 1] = np.nan
    with pytest.raises(InputError, match=f"not a finite number in {annotation['image_id']}.jpg"):
        evaluate(annotation, keypoints)
