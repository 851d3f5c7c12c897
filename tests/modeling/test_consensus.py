"""Estimates that several candidates agree on, against plain loops."""

import math

import numpy as np
import pytest
import torch
from detectron2.modeling import build_model
from helpers.brute_force import bilinear
from helpers.crowds import assert_people, bottom_up_config, center_config, make_crowd_sample
from helpers.tiny import make_sample, tiny_config

from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.anchors import AnchorMaps
from adaanchor_d2.modeling.decoders import locate_anchor_peak, locate_many_anchor
from adaanchor_d2.modeling.decoders.consensus import consensus
from adaanchor_d2.modeling.meta_arch import FlipTest

STRIDE = 4


def plain_consensus(candidates, radius):
    """(x, y, spread) of [(x, y, confidence)], the best first."""
    members = [c for c in candidates if c[2] >= candidates[0][2] / 2]
    near = [c for c in members if math.dist(c[:2], candidates[0][:2]) <= radius]
    total = sum(c[2] for c in near)
    x, y = (sum(c[2] * c[axis] for c in near) / total for axis in (0, 1))
    squared = sum(c[2] * math.dist(c[:2], (x, y)) ** 2 for c in members)
    return x, y, math.sqrt(squared / sum(c[2] for c in members))


def plain_candidates(maps, image, kind, place=0.5):
    """All [(x, y, confidence, index)] of a map, stride units, best first, ties by index."""
    logits, offsets = maps.confidence_logits[image, kind], maps.offsets[image, kind].numpy()
    candidates = []
    for index, logit in enumerate(logits.flatten().tolist()):
        row, column = divmod(index, logits.shape[1])
        x, y = column + place + offsets[0, row, column], row + place + offsets[1, row, column]
        if maps.local_offsets is not None:
            local = maps.local_offsets[image, kind].numpy()
            x, y = x + bilinear(local[0], x, y), y + bilinear(local[1], x, y)
        candidates.append((x, y, 1 / (1 + math.exp(-logit)), index))
    return sorted(candidates, key=lambda candidate: -candidate[2])


def random_maps(seed=0, batch=2, types=3, height=7, width=6, local=True):
    """Few different confidences, so that there are ties, and estimates that partly agree."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    shape = (batch, types, 2, height, width)
    return AnchorMaps(
        (normal(batch, types, height, width) * 3).round() / 3,
        normal(*shape) * 1.5,
        normal(*shape) / 2 if local else None,
    )


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("num_members", [2, 3, 10, 42, 1000])
def test_one_target_equals_plain_loops(num_members, local):
    maps = random_maps(local=local)
    located = locate_anchor_peak(maps, STRIDE, 0.5, num_members)
    assert located.xy.shape == (2, 3, 1, 2) and located.spread.shape == (2, 3, 1)
    moved = 0
    for image in range(2):
        for kind in range(3):
            candidates = plain_candidates(maps, image, kind)[:num_members]
            *xy, spread = plain_consensus([c[:3] for c in candidates], radius=2.0)
            found = (*located.xy[image, kind, 0].tolist(), located.spread[image, kind, 0].item())
            assert found == pytest.approx([STRIDE * value for value in (*xy, spread)])
            best = candidates[0]
            moved += math.dist(xy, best[:2]) > 0.01
            row, column = divmod(best[3], 6)
            anchor = located.anchor_xy[image, kind, 0].tolist()
            assert anchor == [(column + 0.5) * STRIDE, (row + 0.5) * STRIDE]
            assert located.score[image, kind, 0].item() == pytest.approx(best[2])
    assert moved > 2 or num_members < 10


def test_one_member_is_the_paper_to_the_bit():
    maps = random_maps()
    paper, located = (locate_anchor_peak(maps, STRIDE, 0.5, *m) for m in ((), (1,)))
    best = maps.confidence_logits.flatten(2).argmax(dim=2)
    for image in range(2):
        for kind in range(3):
            row, column = divmod(best[image, kind].item(), 6)
            assert located.anchor_xy[image, kind, 0].tolist() == [
                (column + 0.5) * STRIDE,
                (row + 0.5) * STRIDE,
            ]
    assert located.spread is None and located.quality is None
    for name in ("xy", "score", "anchor_xy", "valid"):
        assert torch.equal(getattr(located, name), getattr(paper, name))


def test_equal_confidences_go_to_the_lower_index():
    maps = AnchorMaps(torch.zeros(1, 1, 3, 4), torch.zeros(1, 1, 2, 3, 4))
    located = locate_anchor_peak(maps, STRIDE, 0.5, 3)
    assert located.anchor_xy.flatten().tolist() == [2.0, 2.0]
    # The first row's first three, at x = 2, 6 and 10: all within 2 strides of the first.
    assert located.xy.flatten().tolist() == [6.0, 2.0]
    assert located.spread.item() == pytest.approx(math.sqrt(2 * 16 / 3))


def test_members_that_disagree_widen_the_spread_and_move_nothing():
    xy = torch.tensor([[10.0, 10.0], [40.0, 10.0], [10.0, 50.0]])
    found, spread = consensus(xy, torch.tensor([0.8, 0.6, 0.6]), radius=8.0)
    assert found.tolist() == [10.0, 10.0]
    assert spread.item() == pytest.approx(math.sqrt(0.6 * (900 + 1600) / 2.0))


def test_weak_candidates_are_no_members():
    xy = torch.tensor([[10.0, 10.0], [12.0, 10.0], [10.0, 16.0]])
    found, spread = consensus(xy, torch.tensor([0.8, 0.4, 0.39]), radius=8.0)
    torch.testing.assert_close(found, torch.tensor([10.0 + 0.8 / 1.2, 10.0]))
    assert spread < 2


def test_without_confidence_the_first_stays():
    """A confidence can underflow, and empty slots have none."""
    xy = torch.tensor([[10.0, 10.0], [12.0, 10.0]])
    found, spread = consensus(xy, torch.zeros(2), radius=8.0)
    assert found.tolist() == [10.0, 10.0] and spread.item() == 0


def plain_many(candidates, gamma, max_results, radius, num_members):
    """Rows x, y, spread, confidence, index: greedy suppression, then each one's consensus."""
    left, results = list(candidates), []
    while left and left[0][2] >= gamma and len(results) < max_results:
        best = left[0]
        own = [c for c in left if math.dist(c[:2], best[:2]) <= radius]
        left = [c for c in left if c not in own]
        members = [c for c in own if c[2] >= best[2] / 2][:num_members]
        results.append((*plain_consensus([c[:3] for c in members], radius), *best[2:]))
    return results


@pytest.mark.parametrize("num_members", [2, 5, 100])
@pytest.mark.parametrize(("gamma", "count"), [(0.3, 30), (0.3, 3), (0.6, 30), (0.99, 4)])
def test_many_targets_equal_plain_loops(gamma, count, num_members):
    maps = random_maps(1)
    located = locate_many_anchor(maps, STRIDE, 0.5, gamma, count, num_members=num_members)
    assert located.xy.shape == (2, 3, count, 2) and located.spread.shape == (2, 3, count)
    assert located.xy.isfinite().all() and (located.score[~located.valid] == 0).all()
    for image in range(2):
        for kind in range(3):
            candidates = plain_candidates(maps, image, kind)
            expected = plain_many(candidates, gamma, count, 2.0, num_members)
            assert located.valid[image, kind].sum() == len(expected)
            for slot, (x, y, spread, confidence, index) in enumerate(expected):
                found = (*located.xy[image, kind, slot], located.spread[image, kind, slot])
                assert [v.item() / STRIDE for v in found] == pytest.approx([x, y, spread])
                assert located.score[image, kind, slot].item() == pytest.approx(confidence)
                anchor = located.anchor_xy[image, kind, slot] / STRIDE - 0.5
                assert anchor.tolist() == [index % 6, index // 6]


@pytest.mark.parametrize("num_members", [3, 30])
def test_several_gammas_come_from_one_call(num_members):
    maps = random_maps(2)
    low, high = (
        locate_many_anchor(maps, STRIDE, 0.5, gamma, 30, num_members=num_members)
        for gamma in (0.1, 0.5)
    )
    reaches = low.valid & (low.score >= 0.5)
    assert reaches.any() and torch.equal(reaches, high.valid)
    for name in ("xy", "spread", "score", "anchor_xy"):
        assert torch.equal(getattr(low, name)[reaches], getattr(high, name)[reaches])


def with_random_head(model):
    torch.nn.init.normal_(model.head.predictor.weight, std=0.5)
    return model.eval()


@torch.no_grad()
def test_the_spread_is_in_pixels_of_the_image():
    """The areas of this crop are 6 times as large in the image."""
    model = with_random_head(build_model(tiny_config(MODEL__KEYPOINT_HEAD__CONSENSUS=5)))
    sample, other = make_sample(0), make_sample(0)
    sample["crop_to_image"] = np.eye(2, 3)
    other["crop_to_image"] = np.array([[2.0, 1.0, 10.0], [-1.0, 2.5, 20.0]])
    crop, image = (result["instances"] for result in model([sample, other]))
    located = model.head.inference(model.dense_maps(model.preprocess_images([sample])))
    assert crop.pred_keypoint_spread.shape == (1, 17) and (crop.pred_keypoint_spread > 0).any()
    torch.testing.assert_close(crop.pred_keypoint_spread, located.spread[..., 0])
    torch.testing.assert_close(crop.pred_keypoints[..., :2], located.xy[:, :, 0])
    torch.testing.assert_close(image.pred_keypoint_spread, crop.pred_keypoint_spread * 6**0.5)


@torch.no_grad()
def test_the_flip_test_has_a_consensus():
    """That of a mirror image is the mirrored one, with the same spread."""
    torch.manual_seed(0)
    model = with_random_head(build_model(tiny_config(MODEL__KEYPOINT_HEAD__CONSENSUS=5)))
    torch.nn.init.normal_(model.neck.layers[0].weight, std=0.3)
    flip = [0, *(i + 1 if i % 2 else i - 1 for i in range(1, 17))]
    sample = {**make_sample(5), "crop_to_image": np.eye(2, 3)}
    mirrored = {**sample, "image": sample["image"].flip(-1)}
    one, two = (r["instances"] for r in FlipTest(model, flip)([sample, mirrored]))
    expected = one.pred_keypoints[0, flip]
    expected[:, 0] = 64 - expected[:, 0]
    torch.testing.assert_close(two.pred_keypoints[0], expected, rtol=1e-3, atol=1e-2)
    spread = one.pred_keypoint_spread[0, flip]
    torch.testing.assert_close(two.pred_keypoint_spread[0], spread, rtol=1e-3, atol=1e-2)


@torch.no_grad()
def test_people_of_an_image_have_a_spread():
    """They are the same people, each keypoint moved by less than the radius of duplicates."""
    torch.manual_seed(0)
    model = build_model(bottom_up_config("AdaAnchor"))
    torch.nn.init.normal_(model.tagger.head.predictor.weight, std=0.3)
    with_random_head(model)
    sample = make_crowd_sample(0)
    paper = model([sample])[0]["instances"]
    model.head.num_consensus = 6
    result = model([sample])[0]
    assert_people(result)
    people = result["instances"]
    assert not paper.has("pred_keypoint_spread")
    spread, located = people.pred_keypoint_spread, people.pred_keypoints[..., 2] > 0
    assert spread.shape == located.shape and (spread[located] > 0).any()
    assert (spread[~located] == 0).all()
    scale = np.sqrt(np.linalg.det(np.asarray(sample["crop_to_image"])[:, :2]))
    assert spread.max() <= 2 * 2 * model.head.stride * scale


@torch.no_grad()
def test_centres_move_to_their_consensus():
    torch.manual_seed(0)
    model = with_random_head(build_model(center_config("AdaAnchor")))
    model.decoder.gamma = 0.01
    maps = model.dense_maps(model.preprocess_images([make_crowd_sample(0)]).tensor)
    paper = model.head.inference_many(maps.centers, 0.01)
    model.head.num_consensus = 6
    moved = model.head.inference_many(maps.centers, 0.01)
    assert torch.equal(paper.valid, moved.valid) and torch.equal(paper.score, moved.score)
    assert not torch.equal(paper.xy[paper.valid], moved.xy[paper.valid])
    poses = model.decoder.pose_xy(maps, moved)
    assert not torch.equal(poses, model.decoder.pose_xy(maps, paper))
    assert_people(model([make_crowd_sample(0)])[0])


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (tiny_config(MODEL__KEYPOINT_HEAD__CONSENSUS=0), "CONSENSUS is 0, but must be at least 1"),
        (
            tiny_config("HeatmapAnchor", MODEL__KEYPOINT_HEAD__CONSENSUS=5),
            "CONSENSUS 5 needs a rule whose candidates .* with HeatmapAnchor set it to 1",
        ),
        (
            tiny_config("RegressionAnchor", MODEL__KEYPOINT_HEAD__CONSENSUS=5),
            "CONSENSUS 5 needs .* with RegressionAnchor set it to 1",
        ),
        (
            bottom_up_config(
                "AdaAnchor", MODEL__KEYPOINT_HEAD__CONSENSUS=5, TEST__FILL_MISSING=True
            ),
            "FILL_MISSING True .* needs MODEL.KEYPOINT_HEAD.CONSENSUS 1",
        ),
    ],
)
def test_what_has_no_consensus_says_so(config, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        build_model(config)
    assert "\n" not in str(error.value)
