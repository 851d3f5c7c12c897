"""The evaluator against CrowdPose's official definition, restated in ``crowdpose_reference``."""

import json
import logging

import numpy as np
import pytest
from detectron2.config import get_cfg
from detectron2.data import DatasetCatalog
from helpers.crowd_sets import crowd_person, write_crowdpose

from adaanchor_d2 import add_adaanchor_config
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation import CrowdPoseEvaluator, build_evaluator
from adaanchor_d2.evaluation.coco_average_precision import CROWDPOSE_METRICS

from . import crowdpose_reference
from .cases import image_keypoints, process
from .image_cases import (
    make_crowdpose_evaluator,
    make_output,
    make_people,
    make_sample,
    nobody,
    noisy_pairs,
    register,
    write_crowdpose_set,
)

# The official evaluation rounds the three figures by crowding to 0.01 %.
ROUNDED = {"APeasy", "APmedium", "APhard"}


@pytest.fixture
def crowd_set(tmp_path):
    return write_crowdpose_set(tmp_path / "crowd.json")


def rewrite(json_file, change):
    content = json.loads(json_file.read_text())
    change(content)
    json_file.write_text(json.dumps(content))


def figures_and_reference(json_file, folder, pairs):
    evaluator = make_crowdpose_evaluator(json_file, output_dir=str(folder))
    process(evaluator, pairs)
    results = evaluator.evaluate()["keypoints"]
    figures = {name: value for name, value in results.items() if name in CROWDPOSE_METRICS}
    written = json.loads((folder / "coco_instances_results.json").read_text())
    return figures, crowdpose_reference.evaluate(json_file, written)


def assert_equal(figures, expected):
    assert set(figures) == set(expected)
    for name, value in figures.items():
        tolerance = 0.005 + 1e-9 if name in ROUNDED else 1e-9
        assert value == pytest.approx(expected[name], abs=tolerance), name


def test_the_skeleton_has_the_official_sigmas():
    assert get_skeleton("crowdpose").sigmas == pytest.approx(crowdpose_reference.SIGMAS, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_figures_equal_the_definition(tmp_path, seed):
    json_file = write_crowdpose_set(tmp_path / "crowd.json", seed=seed)
    pairs = noisy_pairs(json_file, seed, num_keypoints=14, noise=2.0)
    figures, expected = figures_and_reference(json_file, tmp_path, pairs)
    assert set(figures) == set(CROWDPOSE_METRICS)
    assert 5 < figures["AP"] < 95
    assert_equal(figures, expected)


def test_only_the_best_twenty_of_an_image_count(crowd_set, tmp_path):
    pairs = noisy_pairs(crowd_set, num_keypoints=14, num_more=25, noise=1.0)
    assert all(len(output["instances"]) > 20 for _, output in pairs)
    assert_equal(*figures_and_reference(crowd_set, tmp_path, pairs))


def test_num_keypoints_of_the_file_is_not_counted_again(crowd_set, tmp_path):
    pairs = noisy_pairs(crowd_set, num_keypoints=14)
    figures, _ = figures_and_reference(crowd_set, tmp_path, pairs)

    def count_again(content):
        for person in content["annotations"]:
            person["num_keypoints"] = sum(v > 0 for v in person["keypoints"][2::3])

    rewrite(crowd_set, count_again)
    recounted, expected = figures_and_reference(crowd_set, tmp_path, pairs)
    assert_equal(recounted, expected)
    assert recounted["AP"] != figures["AP"]


def test_area_of_the_file_is_not_used(crowd_set):
    pairs = noisy_pairs(crowd_set, num_keypoints=14)
    evaluator = make_crowdpose_evaluator(crowd_set)
    process(evaluator, pairs)
    rewrite(crowd_set, lambda content: [a.update(area=7.0) for a in content["annotations"]])
    with_area = make_crowdpose_evaluator(crowd_set)
    process(with_area, pairs)
    assert with_area.evaluate() == evaluator.evaluate()


def exact_pairs(json_file, chosen=lambda annotation: True):
    """The people whom AP counts, as they are annotated."""
    content = json.loads(json_file.read_text())
    pairs = []
    for image in content["images"]:
        people = [
            image_keypoints(annotation)
            for annotation in content["annotations"]
            if annotation["image_id"] == image["id"]
            and annotation["num_keypoints"] > 0
            and not annotation["iscrowd"]
            and chosen(annotation)
        ]
        keypoints = np.reshape(people, (-1, 14, 3))
        pairs.append((make_sample(image), make_output(make_people(keypoints, [0.5] * len(people)))))
    return pairs


def test_cuts_of_crowding(crowd_set):
    """With the people of one class of images found, the other classes' AP is 0."""
    content = json.loads(crowd_set.read_text())
    crowding = {image["id"]: image["crowdIndex"] for image in content["images"]}
    for name, low, high in (("APeasy", 0.0, 0.2), ("APmedium", 0.2, 0.8), ("APhard", 0.8, 2.0)):
        found = {number for number, value in crowding.items() if low <= value < high}
        evaluator = make_crowdpose_evaluator(crowd_set)
        process(evaluator, exact_pairs(crowd_set, lambda a, found=found: a["image_id"] in found))
        figures = evaluator.evaluate()["keypoints"]
        assert {figures[other] for other in ROUNDED - {name}} == {0.0}
        assert figures[name] == pytest.approx(100)


def test_a_class_without_images_is_absent(crowd_set, tmp_path, caplog):
    rewrite(crowd_set, lambda content: [i.update(crowdIndex=0.1) for i in content["images"]])
    pairs = noisy_pairs(crowd_set, num_keypoints=14)
    with caplog.at_level(logging.INFO):
        figures, expected = figures_and_reference(crowd_set, tmp_path, pairs)
    assert_equal(figures, expected)
    assert set(CROWDPOSE_METRICS) - set(figures) == {"APmedium", "APhard"}
    assert "No APmedium, APhard: no annotated person is in such an image." in caplog.text


def test_nobody_predicted_and_no_sample(crowd_set):
    zeros = dict.fromkeys(CROWDPOSE_METRICS, 0.0)
    evaluator = make_crowdpose_evaluator(crowd_set)
    assert evaluator.evaluate() == {"keypoints": zeros}
    images = json.loads(crowd_set.read_text())["images"]
    process(evaluator, [(make_sample(image), make_output(nobody(14))) for image in images])
    names = ("PersonRecall@OKS0.5", "KeypointRecall", "KeypointRecall@KS0.5")
    recall = dict.fromkeys(names, 0.0)
    assert evaluator.evaluate() == {"keypoints": zeros | recall}


def test_no_visible_and_hidden_figures(crowd_set):
    evaluator = make_crowdpose_evaluator(crowd_set)
    process(evaluator, noisy_pairs(crowd_set, num_keypoints=14, gammas=(0.1,)))
    assert set(evaluator.evaluate()) == {"keypoints", "keypoints_gamma0.1"}


def test_an_image_without_crowd_index_is_refused(crowd_set):
    def drop(content):
        del content["images"][1]["crowdIndex"]

    rewrite(crowd_set, drop)
    with pytest.raises(InputError, match="crowd.json: image 110 has no number 'crowdIndex'"):
        make_crowdpose_evaluator(crowd_set)


def test_the_config_builds_it(crowd_set):
    cfg = get_cfg()
    add_adaanchor_config(cfg)
    name = register(crowd_set, "crowdpose", evaluator_type="crowdpose")
    built = build_evaluator(cfg, name, None, has_confidence=True)
    assert isinstance(built, CrowdPoseEvaluator)
    direct = make_crowdpose_evaluator(crowd_set)
    for evaluator in (built, direct):
        process(evaluator, noisy_pairs(crowd_set, num_keypoints=14))
    assert built.evaluate() == direct.evaluate()


def test_a_data_set_in_two_files_is_evaluated_whole(tmp_path, monkeypatch):
    boxes = {5: [2, 3, 40, 50], 6: [10, 5, 60, 40]}
    parts = {5: "train", 6: "val"}
    people = {parts[i]: [crowd_person(i, i, box)] for i, box in boxes.items()}
    folder = write_crowdpose(tmp_path / "crowdpose", people) / "annotations"
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    DatasetCatalog.get("crowdpose_trainval")
    cfg = get_cfg()
    add_adaanchor_config(cfg)
    evaluator = build_evaluator(cfg, "crowdpose_trainval", None, has_confidence=True)
    process(evaluator, exact_pairs(folder / "crowdpose_train.json"))
    assert evaluator.evaluate()["keypoints"]["AR"] == pytest.approx(50)  # of two people one
    process(evaluator, exact_pairs(folder / "crowdpose_val.json"))
    assert evaluator.evaluate()["keypoints"]["AP"] == pytest.approx(100)


@pytest.mark.parametrize("split", ["trainval", "test"])
def test_real_files(shared_data, tmp_path, split):
    json_file = shared_data / "crowdpose" / "annotations" / f"crowdpose_{split}.json"
    pairs = noisy_pairs(json_file, num_keypoints=14, noise=2.0)
    figures, expected = figures_and_reference(json_file, tmp_path, pairs)
    assert_equal(figures, expected)
    evaluator = make_crowdpose_evaluator(json_file)
    process(evaluator, exact_pairs(json_file))
    perfect = evaluator.evaluate()["keypoints"]
    assert perfect["AP"] == pytest.approx(100) and perfect["KeypointRecall@KS0.5"] == 100
