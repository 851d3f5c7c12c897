"""Annotation -> crop -> prediction = target -> image -> file gives the annotation back.

For all three benchmarks, on the real samples, with rotation, scaling, mirror image and people who
are cut off: the coordinates in the result files are compared with those in the annotation files.
"""

import json

import numpy as np
import pytest
import torch
from detectron2.data import DatasetCatalog
from helpers.tiny import tiny_config
from scipy.io import loadmat

from adaanchor_d2.data import PersonCropMapper
from adaanchor_d2.data.build import get_dataset_skeleton
from adaanchor_d2.data.person_records import labelled_people
from adaanchor_d2.engine import Trainer
from adaanchor_d2.modeling.decoders import LocatedKeypoints

TOLERANCE_PX = 0.01
SETS = ("coco_keypoints_val", "mpii_keypoints_val", "wflw_test")


@pytest.fixture(autouse=True)
def real_data_root(shared_data, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))


def make_config(dataset_name, **overrides):
    settings = {
        "DATASETS__TRAIN": (dataset_name,),
        "MODEL__KEYPOINT_HEAD__NUM_KEYPOINTS": get_dataset_skeleton(dataset_name).num_keypoints,
        "INPUT__CROP_SIZE": (96, 64),
        "SEED": 3,
    }
    return tiny_config(**(settings | overrides))


def predict_targets(cfg, samples) -> list[dict]:
    """What a model returns that predicts the samples' keypoints."""
    targets = torch.stack([sample["keypoints"] for sample in samples])
    score = torch.full_like(targets[..., 0], 0.5)
    located = LocatedKeypoints.single(targets[..., :2], score, targets[..., :2])
    return Trainer.build_model(cfg).postprocess(located, samples)


def is_outside(sample) -> np.ndarray:
    """(K,) bool: labelled keypoints that the crop cuts off."""
    keypoints = sample["keypoints"].numpy()
    height, width = sample["image"].shape[1:]
    inside = (keypoints[:, :2] >= 0).all(1) & (keypoints[:, :2] <= [width, height]).all(1)
    return ~inside & (keypoints[:, 2] > 0)


@pytest.mark.parametrize("dataset_name", SETS)
def test_augmented_samples_return_to_the_image(dataset_name):
    """Rotated up to 80 degrees, scaled down to 0.5, mirrored: back to the annotated places."""
    augmented = {"INPUT__ROTATION_PROB": 1.0, "INPUT__SCALE_FACTOR": 0.5}
    cfg = make_config(dataset_name, **augmented)
    mapper = PersonCropMapper(cfg, True)
    flip_indices = list(get_dataset_skeleton(dataset_name).flip_indices)
    records = labelled_people(DatasetCatalog.get(dataset_name))
    records = [record for record in records for _ in range(8)]
    samples = [mapper(record) for record in records]
    mirrored = rotated = cut_off = 0
    for record, sample, output in zip(records, samples, predict_targets(cfg, samples), strict=True):
        predicted = output["instances"].pred_keypoints[0].numpy()
        is_mirrored = np.linalg.det(sample["crop_to_image"][:, :2]) < 0
        expected = record["keypoints"][flip_indices] if is_mirrored else record["keypoints"]
        labelled = expected[:, 2] > 0
        error = np.abs(predicted[:, :2] - expected[:, :2])[labelled].max()
        assert error < TOLERANCE_PX
        mirrored += is_mirrored
        rotated += abs(sample["crop_to_image"][0, 1]) > 0.1
        cut_off += is_outside(sample).any()
    assert mirrored and rotated and cut_off


def evaluate(cfg, dataset_name):
    """Evaluate a model that predicts the targets; leaves the result files in OUTPUT_DIR."""
    evaluator = Trainer.build_evaluator(cfg, dataset_name)
    for samples in Trainer.build_test_loader(cfg, dataset_name):
        evaluator.process(samples, predict_targets(cfg, samples))
    return evaluator.evaluate()["keypoints"]


@pytest.fixture
def evaluated(tmp_path):
    def run(dataset_name):
        # Boxes without padding, so that the crop cuts some keypoints off.
        cfg = make_config(dataset_name, INPUT__BOX_PADDING=0.4, OUTPUT_DIR=str(tmp_path))
        samples = [s for batch in Trainer.build_test_loader(cfg, dataset_name) for s in batch]
        assert sum(is_outside(sample).sum() for sample in samples) > 5
        return evaluate(cfg, dataset_name), tmp_path / "inference"

    return run


def test_coco_file_holds_the_annotated_coordinates(evaluated, shared_data):
    figures, folder = evaluated("coco_keypoints_val")
    assert figures["AP"] > 99.9
    content = json.loads(
        (shared_data / "coco/annotations/person_keypoints_val2017.json").read_text()
    )
    people = [a for a in content["annotations"] if a["num_keypoints"] > 0 and not a["iscrowd"]]
    people = sorted(people, key=lambda a: (a["image_id"], a["id"]))
    written = json.loads((folder / "coco_instances_results.json").read_text())
    for person, result in zip(people, written, strict=True):
        expected, got = (np.reshape(p["keypoints"], (17, 3)) for p in (person, result))
        labelled = expected[:, 2] > 0
        np.testing.assert_allclose(
            got[labelled, :2], expected[labelled, :2], rtol=0, atol=TOLERANCE_PX
        )


def test_mpii_files_hold_the_annotated_coordinates(evaluated, shared_data):
    figures, folder = evaluated("mpii_keypoints_val")
    assert set(figures.values()) == {100.0}
    people = json.loads((shared_data / "mpii/annot/valid.json").read_text())
    preds = loadmat(folder / "pred.mat")["preds"]
    assert preds.shape == (3, 16, 2)
    for person, pred in zip(people, preds, strict=True):
        labelled = np.array(person["joints_vis"], bool)
        expected = np.array(person["joints"])[labelled]
        np.testing.assert_allclose(pred[labelled], expected, rtol=0, atol=TOLERANCE_PX)


def test_wflw_file_holds_the_annotated_coordinates(evaluated, shared_data):
    figures, folder = evaluated("wflw_test")
    assert figures["NME"] < 0.01 and figures["FR@0.1"] == 0 and figures["AUC@0.1"] > 0.999
    path = next((shared_data / "wflw/WFLW_annotations").rglob("*_test.txt"))
    lines = path.read_text().splitlines()
    written = json.loads((folder / "keypoint_predictions.json").read_text())
    for line, face in zip(lines, written, strict=True):
        expected = np.array(line.split()[:196], float).reshape(98, 2)
        got = np.array(face["keypoints"])[:, :2]
        np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE_PX)
