"""Multi-person outputs on COCO files against pycocotools and the evaluator's own promises."""

import copy
import json
import logging

import numpy as np
import pytest
import torch
from detectron2.config import get_cfg

from adaanchor_d2 import add_adaanchor_config
from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation import (
    CocoKeypointEvaluator,
    CocoMultiPersonEvaluator,
    build_evaluator,
)
from adaanchor_d2.evaluation.coco_results import read_coco_results

from .cases import METRICS, image_keypoints, process, read_people, reference_ap
from .image_cases import (
    SCALE,
    make_coco_evaluator,
    make_output,
    make_people,
    make_sample,
    nobody,
    noisy_pairs,
    register,
)

PERSON_RECALL = "PersonRecall@OKS0.5"
RECALLS = {"KeypointRecall", "KeypointRecall@KS0.5"}
LOCATING = RECALLS | {"KeypointPrecision@KS0.5"}


def evaluate(json_file, pairs, **changes):
    evaluator = make_coco_evaluator(json_file, **changes)
    process(evaluator, pairs)
    return evaluator.evaluate()


def exact_pairs(json_file):
    """All people whom AP counts, exactly; the file's last image first."""
    people = read_people(json_file)
    pairs = []
    for image in json.loads(json_file.read_text())["images"][::-1]:
        found = [image_keypoints(a) for a in people if a["image_id"] == image["id"]]
        keypoints = np.reshape(found, (-1, 17, 3))
        keypoints[..., 2] = 0.75
        output = make_output(make_people(keypoints, np.full(len(keypoints), 0.5)))
        pairs.append((make_sample(image), output))
    return pairs


@pytest.mark.parametrize("data_set", ["small_set", "real_set"])
def test_ap_equals_pycocotools(request, tmp_path, data_set):
    json_file = request.getfixturevalue(data_set)
    results = evaluate(json_file, noisy_pairs(json_file), output_dir=str(tmp_path))
    expected = reference_ap(json_file, tmp_path / "coco_instances_results.json")
    figures = results["keypoints"]
    assert {name: figures[name] for name in METRICS} == pytest.approx(expected, abs=1e-9)
    assert 5 < figures["AP"] < 95
    assert set(figures) == {*METRICS, *LOCATING, PERSON_RECALL}
    assert set(results) == {"keypoints", "visibility", "confidence"}


@pytest.mark.parametrize("data_set", ["small_set", "real_set"])
def test_annotations_as_predictions_are_perfect(request, data_set):
    json_file = request.getfixturevalue(data_set)
    results = evaluate(json_file, exact_pairs(json_file))
    for name in ("AP", "AR", PERSON_RECALL, *RECALLS):
        assert results["keypoints"][name] == pytest.approx(100)
    flags = np.concatenate([a["keypoints"][2::3] for a in read_people(json_file)])
    visibility = results["visibility"]
    assert visibility["VisError"] == pytest.approx(0, abs=1e-4)
    assert visibility["InvScore"] == 0.75
    assert visibility["VisCount"] == (flags == 2).sum()
    assert visibility["InvCount"] == (flags == 1).sum()
    assert {visibility[f"{name}Unmatched"] for name in ("", "Vis", "Inv")} == {0}


def test_images_without_samples_and_without_predictions_count(small_set):
    pairs = exact_pairs(small_set)
    kept = []
    for sample, output in pairs:
        if sample["image_id"] == 9:  # Never evaluated.
            continue
        kept.append((sample, make_output(nobody(17)) if sample["image_id"] == 5 else output))
    people = read_people(small_set)
    missing = [a for a in people if a["image_id"] in (5, 9)]
    results = evaluate(small_set, kept)
    share = 100 * (1 - len(missing) / len(people))
    assert 0 < share < 100
    assert results["keypoints"]["AR"] == pytest.approx(share)
    assert results["keypoints"][PERSON_RECALL] == pytest.approx(share)
    assert results["visibility"]["Unmatched"] == len(missing)
    total = sum(a["num_keypoints"] for a in people)
    share = 100 * (1 - sum(a["num_keypoints"] for a in missing) / total)
    for name in RECALLS:
        assert results["keypoints"][name] == pytest.approx(share)


def test_errors_are_in_input_pixels_of_each_image(small_set):
    pairs = exact_pairs(small_set)
    for sample, output in pairs:
        output["instances"].pred_keypoints[..., 1] += SCALE * (1 + sample["image_id"] % 3)
    visibility = evaluate(small_set, pairs)["visibility"]
    assert visibility["VisError"] == pytest.approx(1.0, abs=1e-4)
    assert visibility["InvRMSE"] == pytest.approx(1.0, abs=1e-4)


def test_confidence_counts_the_keypoints_of_the_people_found(small_set):
    """Every fourth type is 1,000 px away, and the score says so."""
    pairs = exact_pairs(small_set)
    for _, output in pairs:
        people = output["instances"]
        people.pred_keypoints[:, ::4, 0] += 1000.0
        people.pred_keypoints[:, ::4, 2] = 0.25
    results = evaluate(small_set, pairs, confidence_thresholds=(0.2, 0.5))
    flags = np.array([a["keypoints"][2::3] for a in read_people(small_set)])
    found = (flags[:, np.arange(17) % 4 > 0] > 0).sum(axis=1) >= (flags > 0).sum(axis=1) / 2
    labelled = flags[found] > 0
    share = 100 * labelled[:, np.arange(17) % 4 > 0].sum() / labelled.sum()
    assert results["visibility"]["Unmatched"] == (~found).sum()
    assert results["confidence"] == pytest.approx(
        {
            "Precision@0.2": share,
            "Precision@0.5": 100.0,
            "Recall@0.2": share,
            "Recall@0.5": share,
            "ECE": 0.25,
            "AUROC": 1.0,
        }
    )
    without = evaluate(small_set, pairs, has_confidence=False)
    assert "confidence" not in without and "VisScore" not in without["visibility"]


def test_each_gamma_is_a_task_with_its_own_figures(small_set, tmp_path):
    gammas = (0.05, 0.1, 0.3)
    pairs = noisy_pairs(small_set, gammas=gammas)
    results = evaluate(small_set, pairs, output_dir=str(tmp_path))
    tasks = {gamma: f"keypoints_gamma{gamma}" for gamma in gammas}
    assert set(results) == {"keypoints", "visibility", "confidence", *tasks.values()}
    for gamma, task in tasks.items():
        people = [(sample, output["instances_by_gamma"][gamma]) for sample, output in pairs]
        alone = evaluate(small_set, [(sample, make_output(found)) for sample, found in people])
        assert results[task] == alone["keypoints"]
    assert len({results[task]["AP"] for task in ("keypoints", *tasks.values())}) == 4
    written = json.loads((tmp_path / "coco_instances_results.json").read_text())
    assert len(written) == sum(len(output["instances"]) for _, output in pairs)


def test_a_model_without_located_keypoints_has_no_recall(small_set, caplog):
    pairs = noisy_pairs(small_set)
    for _, output in pairs:
        del output["keypoints"]
    with caplog.at_level(logging.INFO):
        results = evaluate(small_set, pairs)
    assert set(results["keypoints"]) == {*METRICS, PERSON_RECALL}
    assert "No KeypointRecall" in caplog.text


def test_the_log_says_what_the_recall_is_worth(small_set, caplog):
    with caplog.at_level(logging.INFO):
        evaluate(small_set, noisy_pairs(small_set))
    assert "it can only count how many predictions there are" in caplog.text
    assert "6 images" in caplog.text


def test_anchors_and_spread_are_written_where_the_model_gives_them(small_set, tmp_path):
    pairs = noisy_pairs(small_set)
    pairs[0] = (pairs[0][0], make_output(nobody(17)))
    evaluate(small_set, pairs, output_dir=str(tmp_path))
    result_file = str(tmp_path / "coco_instances_results.json")
    people = read_coco_results(result_file, 17)
    np.testing.assert_allclose(people["anchors"], people["keypoints"][..., :2], atol=1e-5)
    assert "spread" not in people
    for _, output in pairs:
        found = output["instances"]
        found.pred_keypoint_spread = found.pred_keypoints[..., 2] * 2
    evaluate(small_set, pairs, output_dir=str(tmp_path))
    people = read_coco_results(result_file, 17)
    np.testing.assert_allclose(people["spread"], people["keypoints"][..., 2] * 2, atol=1e-5)


def test_nobody_predicted_and_no_sample(small_set, tmp_path, caplog):
    zeros = dict.fromkeys(METRICS, 0.0)
    assert evaluate(small_set, [], output_dir=str(tmp_path)) == {"keypoints": zeros}
    assert "no predictions" in caplog.text
    assert json.loads((tmp_path / "coco_instances_results.json").read_text()) == []
    empty = [(sample, make_output(nobody(17))) for sample, _ in noisy_pairs(small_set)]
    results = evaluate(small_set, empty)
    assert results["keypoints"] == zeros | dict.fromkeys({*RECALLS, PERSON_RECALL}, 0.0)
    assert results["visibility"]["Unmatched"] == len(read_people(small_set))
    assert "VisError" not in results["visibility"]


def test_a_file_without_people(small_set):
    pairs = noisy_pairs(small_set)
    content = json.loads(small_set.read_text()) | {"annotations": []}
    small_set.write_text(json.dumps(content))
    results = evaluate(small_set, pairs)
    assert results["keypoints"] == {}
    assert results["confidence"] == {}
    assert results["visibility"] == {"VisUnmatched": 0, "InvUnmatched": 0, "Unmatched": 0}


def test_inputs_and_outputs_are_not_changed(small_set):
    pairs = noisy_pairs(small_set, gammas=(0.1,))
    before = copy.deepcopy(pairs)
    evaluator = make_coco_evaluator(small_set)
    process(evaluator, pairs)
    first = evaluator.evaluate()
    assert evaluator.evaluate() == first
    for (sample, output), (old_sample, old_output) in zip(pairs, before, strict=True):
        assert set(sample) == set(old_sample) and set(output) == set(old_output)
        np.testing.assert_array_equal(sample["crop_to_image"], old_sample["crop_to_image"])
        assert torch.equal(output["keypoints"], old_output["keypoints"])
        for people, old in (
            (output["instances"], old_output["instances"]),
            (output["instances_by_gamma"][0.1], old_output["instances_by_gamma"][0.1]),
        ):
            assert torch.equal(people.pred_keypoints, old.pred_keypoints)
            assert torch.equal(people.scores, old.scores)
    evaluator.reset()
    assert evaluator.evaluate()["keypoints"]["AP"] == 0.0


def test_order_of_images_does_not_matter(small_set):
    pairs = noisy_pairs(small_set, gammas=(0.1,))
    assert evaluate(small_set, pairs) == evaluate(small_set, pairs[::-1])


def test_wrong_predictions_get_a_sentence(small_set):
    pairs = noisy_pairs(small_set)
    with pytest.raises(InputError, match="several samples of image id 3, .*one sample an image"):
        evaluate(small_set, [*pairs, pairs[0]])
    sample, output = copy.deepcopy(pairs[1])
    with pytest.raises(InputError, match="1 of . images .* not in .*small.json: image id 999"):
        evaluate(small_set, [(sample | {"image_id": 999}, output)])
    output["keypoints"][2, 0] = np.nan
    with pytest.raises(InputError, match="not a finite number in 5.jpg .image id 5."):
        evaluate(small_set, [pairs[0], (sample, output)])
    with pytest.raises(InputError, match="predicts 16 keypoints .*has 17"):
        evaluate(small_set, [(sample, make_output(nobody(16)))])


def test_the_mapper_decides_which_evaluator_is_built(small_set):
    cfg = get_cfg()
    add_adaanchor_config(cfg)
    name = register(small_set)
    for mapper, kind in (
        ("PersonCropMapper", CocoKeypointEvaluator),
        ("WholeImageMapper", CocoMultiPersonEvaluator),
    ):
        cfg.INPUT.MAPPER = mapper
        built = build_evaluator(cfg, name, None, has_confidence=True)
        assert type(built) is kind
    process(built, noisy_pairs(small_set))
    thresholds = cfg.TEST.CONFIDENCE_THRESHOLDS
    direct = evaluate(small_set, noisy_pairs(small_set), confidence_thresholds=thresholds)
    assert built.evaluate() == direct
