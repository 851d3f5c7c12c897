"""What users copy beside an exported network does what the model does, without torch."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from detectron2.modeling import build_model
from helpers.crowds import (
    BOTTOM_UP_RULES,
    CENTER_RULES,
    bottom_up_config,
    center_config,
    make_crowd_sample,
)
from helpers.exported import exported
from helpers.tiny import RULES, make_sample, tiny_config

from adaanchor_d2 import deployment
from adaanchor_d2.data.affine import box_to_region, crop_affines, warp_image
from adaanchor_d2.data.whole_image_mapper import WholeImageMapper
from adaanchor_d2.modeling.decoders import keep_best_poses, same_person

MODULE = Path(deployment.__file__)


def test_it_runs_from_a_copy_where_there_is_neither_torch_nor_the_project(tmp_path):
    (tmp_path / "deployment.py").write_text(MODULE.read_text())
    code = (
        "import sys; sys.modules['torch'] = sys.modules['adaanchor_d2'] = None\n"
        "import numpy as np, deployment\n"
        "outputs = {'heatmaps': np.eye(8, dtype=np.float32)[None, None]}\n"
        "print(deployment.decode_keypoints(outputs, {'stride': 4, 'place': 0.5}).xy.tolist())"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert process.stdout.strip() == "[[[2.0, 2.0]]]", process.stderr


def random_maps(model):
    """Weights by which maps differ from candidate to candidate, and a grid of its own."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model.train().dense_maps(torch.randn(2, 3, 64, 64))
        for name, module in model.named_modules():
            if name.endswith("predictor"):
                torch.nn.init.normal_(module.weight, std=0.3)
            if hasattr(module, "place"):
                module.place.fill_(0.625)
    return model.eval()


def batch_of(model, samples: list[dict]) -> np.ndarray:
    images = [sample["image"].permute(1, 2, 0).numpy() for sample in samples]
    size = {"padding": model.pixel_mean.flatten().tolist()}
    if hasattr(model, "size_divisor"):
        size["divisor"] = model.size_divisor
    return deployment.to_input(images, {"input": size})


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        *((rule, {}) for rule in RULES),
        ("AdaAnchor", {"MODEL__KEYPOINT_HEAD__LOCAL_REFINEMENT": False}),
        ("AdaAnchor", {"MODEL__KEYPOINT_HEAD__QUALITY": True}),
    ],
)
def test_one_keypoint_of_each_type_is_the_models(rule, options):
    torch.manual_seed(0)
    cfg = tiny_config(rule, **options)
    model = random_maps(build_model(cfg))
    samples = [make_sample(seed) for seed in range(3)]
    outputs, description = exported(model, cfg, batch_of(model, samples))
    found = deployment.decode_keypoints(outputs, description)
    with torch.no_grad():
        results = [result["instances"] for result in model(samples)]
    for image, (sample, people) in enumerate(zip(samples, results, strict=True)):
        xy = deployment.move_points(found.xy[image], sample["crop_to_image"])
        anchors = deployment.move_points(found.anchor_xy[image], sample["crop_to_image"])
        expected = people.pred_keypoints[0].numpy()
        np.testing.assert_allclose(xy, expected[:, :2], atol=1e-3)
        np.testing.assert_allclose(found.score[image], expected[:, 2], atol=1e-6)
        np.testing.assert_allclose(anchors, people.pred_keypoint_anchors[0].numpy(), atol=1e-3)


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        *((rule, {}) for rule in BOTTOM_UP_RULES),
        ("AdaAnchor", {"MODEL__KEYPOINT_HEAD__QUALITY": True}),
    ],
)
def test_candidates_are_what_a_bottom_up_model_locates(rule, options):
    torch.manual_seed(0)
    cfg = bottom_up_config(rule, MODEL__KEYPOINT_HEAD__GAMMA=0.3, **options)
    model = random_maps(build_model(cfg))
    samples = [make_crowd_sample(0, size=(64, 50)), make_crowd_sample(1, size=(96, 64))]
    outputs, description = exported(model, cfg, batch_of(model, samples))
    sizes = [tuple(sample["image"].shape[1:]) for sample in samples]
    found = deployment.decode_candidates(outputs, description, sizes)
    with torch.no_grad():
        maps = model.dense_maps(model.preprocess_images(samples).tensor)
        results = model.decoder(*maps, sizes, samples)
    for sample, candidates, result in zip(samples, found, results, strict=True):
        rows = result["keypoints"].numpy()
        assert len(rows) > 20
        xy = deployment.move_points(candidates.xy, sample["crop_to_image"])
        np.testing.assert_allclose(xy, rows[:, :2], atol=2e-3)
        np.testing.assert_allclose(candidates.score, rows[:, 2], atol=1e-6)
        assert candidates.type.tolist() == rows[:, 3].tolist()
    tags = model.tagger.sample(maps[1], torch.from_numpy(found[0].xy).expand(2, 17, -1, -1), [])
    kinds = torch.from_numpy(found[0].type)
    expected = tags[0, kinds, torch.arange(len(kinds))]
    np.testing.assert_allclose(found[0].tag, expected.detach().numpy(), atol=1e-4)


@pytest.mark.parametrize("rescores", [True, False])
@pytest.mark.parametrize("rule", CENTER_RULES)
def test_poses_are_what_a_single_stage_model_finds(rule, rescores):
    torch.manual_seed(0)
    cfg = center_config(rule, TEST__RESCORE=rescores)
    model = random_maps(build_model(cfg))
    sample = make_crowd_sample(0, size=(64, 50))
    outputs, description = exported(model, cfg, batch_of(model, [sample]))
    (poses,) = deployment.decode_poses(outputs, description, [(64, 50)])
    with torch.no_grad():
        (result,) = model([sample])
    people = result["instances"]
    assert 2 < len(people) <= len(poses.xy)
    same = same_person(poses.xy, cfg.TEST.POSE_NMS_THRESHOLD, cfg.TEST.POSE_NMS_NUM_KEYPOINTS)
    quality = poses.score.mean(axis=1) / poses.center.score if rescores else poses.center.score
    kept = keep_best_poses(same, quality)
    kept = kept[np.argsort(-poses.score[kept].mean(axis=1), kind="stable")]
    xy = deployment.move_points(poses.xy[kept], sample["crop_to_image"])
    np.testing.assert_allclose(xy, people.pred_keypoints[..., :2].numpy(), atol=5e-3)
    np.testing.assert_allclose(poses.score[kept], people.pred_keypoints[..., 2].numpy(), atol=1e-5)


def test_nothing_above_gamma_is_no_candidate_and_no_pose():
    cfg = center_config(MODEL__KEYPOINT_HEAD__GAMMA=0.9)
    model = build_model(cfg).eval()
    outputs, description = exported(model, cfg, np.zeros((1, 3, 64, 64), np.float32))
    (poses,) = deployment.decode_poses(outputs, description)
    assert poses.xy.shape == (0, 17, 2) and poses.score.shape == (0, 17)


def test_estimates_that_are_not_finite_hide_no_others():
    logits = np.full((1, 1, 1, 8), 2.0, np.float32)
    offsets = np.zeros((1, 1, 2, 1, 8), np.float32)
    offsets[..., 0] = np.nan
    outputs = {"confidence_logits": logits, "offsets": offsets}
    description = {"stride": 4, "place": 0.5, "gamma": 0.5, "max_people": 30}
    (found,) = deployment.decode_candidates(outputs, description)
    assert found.anchor_xy[:, 0].tolist() == [2.0, 6.0, 18.0, 30.0]


def test_crops_are_the_mappers():
    description = {"input": {"height": 64, "width": 48, "box_padding": 1.25}}
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    for box in ((10.0, 20.0, 60.5, 80.0), (-5.0, 3.0, 100.0, 30.0)):
        _, expected = crop_affines(box_to_region(box, 48 / 64, 1.25), (64, 48))
        matrix = deployment.crop_to_image(box, description)
        np.testing.assert_allclose(matrix, expected, atol=1e-9)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        crop = cv2.warpAffine(image, deployment.opencv_matrix(matrix), (48, 64), flags=flags)
        np.testing.assert_array_equal(crop, warp_image(image, expected, (64, 48)))


@pytest.mark.parametrize("fit", ["shorter", "longer"])
def test_whole_images_are_fitted_as_the_mapper_fits_them(fit):
    mapper = WholeImageMapper(
        image_format="RGB", crop_size=(128, 96), fit=fit, min_size=64, max_size=100
    )
    fixed = (128, 96) if fit == "longer" else (None, None)
    keys = ("height", "width", "min_size", "max_size")
    description = {"input": dict(zip(keys, (*fixed, 64, 100), strict=True))}
    for height, width in ((90, 121), (300, 100), (64, 64)):
        plan, expected_size = mapper._evaluation_plan(height, width)
        _, expected = crop_affines(plan.region, expected_size)
        matrix, size = deployment.input_to_image((height, width), description)
        assert size == expected_size
        np.testing.assert_allclose(matrix, expected, atol=1e-9)


def test_what_does_not_fit_together_is_told():
    crop = {"input": {"height": 64, "width": 48, "box_padding": 1.25, "padding": [0, 0, 0]}}
    whole = {"input": {"height": None, "width": None, "padding": [0, 0, 0]}}
    heatmaps = {"heatmaps": np.zeros((1, 1, 4, 4), np.float32)}
    grid = {"stride": 4, "place": 0.5, "gamma": 0.1}
    several = {**grid, "max_people": 3}
    for call, sentence in (
        (
            lambda: deployment.crop_to_image([5, 5, 5, 9], crop),
            r"box \[5.0, 5.0, 5.0, 9.0\] is not",
        ),
        (lambda: deployment.crop_to_image([0, 0, 9, 9], whole), "use input_to_image"),
        (lambda: deployment.to_input([np.zeros((48, 64, 3))], crop), r"takes images of \(64, 48\)"),
        (lambda: deployment.decode_candidates(heatmaps, grid), "use decode_keypoints"),
        (lambda: deployment.input_to_image((9, 9), crop), "use crop_to_image"),
        (lambda: deployment.crop_to_image([0, 0, np.inf, 9], crop), r"box \[0.0, 0.0, inf, 9.0\]"),
        (lambda: deployment.decode_candidates({"offsets_from_center": 0}, {}), "decode_keypoints"),
        (lambda: deployment.decode_keypoints(heatmaps, several), "several people: use decode_can"),
        (lambda: deployment.decode_candidates({"pose_offsets": 0}, several), "use decode_poses"),
        (lambda: deployment.decode_poses(heatmaps, grid), "finds no poses"),
        (
            lambda: deployment.decode_candidates(heatmaps, several, gamma=1),
            "gamma is 1, but must be between 0 and 1",
        ),
    ):
        with pytest.raises(ValueError, match=sentence):
            call()
