import numpy as np
import pytest
import torch
from helpers.brute_force import assign

from adaanchor_d2.modeling.anchors import (
    AdaAnchorAssigner,
    AnchorMaps,
    FixedAnchorAssigner,
    KeypointTargets,
    assigners,
)


def random_maps(seed, batch=3, types=4, height=7, width=5, local=True, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

    return AnchorMaps(
        normal(batch, types, height, width) * 3,
        normal(batch, types, 2, height, width) * 2,
        normal(batch, types, 2, height, width) if local else None,
    )


def random_targets(seed, count, batch=3, types=4, height=7, width=5, dtype=torch.float64):
    """Targets inside and far outside the map, several per map, some of them equal."""
    generator = torch.Generator().manual_seed(seed)
    xy = torch.rand(count, 2, generator=generator, dtype=torch.float64)
    xy = xy * torch.tensor([width, height]) * 3 - torch.tensor([width, height])
    xy[::7] *= 20
    image = torch.randint(0, batch, (count,), generator=generator)
    kind = torch.randint(0, types, (count,), generator=generator)
    if count > 10:
        xy[5], image[5], kind[5] = xy[4], image[4], kind[4]
    return KeypointTargets(xy.to(dtype), image, kind)


def as_list(targets):
    return [
        (*xy, image, kind)
        for xy, image, kind in zip(
            targets.xy.double().tolist(),
            targets.image_index.tolist(),
            targets.type_index.tolist(),
            strict=True,
        )
    ]


def reference(maps, targets, num_anchors, sigma, fusion):
    local = None if maps.local_offsets is None else maps.local_offsets.double().numpy()
    return assign(
        maps.confidence_logits.double().numpy(),
        maps.offsets.double().numpy(),
        local,
        as_list(targets),
        num_anchors,
        sigma,
        fusion,
    )


@pytest.mark.parametrize("fusion", ["mul", "add"])
@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("num_anchors", [1, 6, 35])
def test_equals_brute_force_in_float64(fusion, local, num_anchors):
    maps, targets = random_maps(1, local=local), random_targets(2, 60)
    found = AdaAnchorAssigner(num_anchors, 2.5, fusion)(maps, targets)
    index, score = reference(maps, targets, num_anchors, 2.5, fusion)
    np.testing.assert_array_equal(found.anchor_index.numpy(), index)
    kept = index >= 0
    expected = np.exp(score) if fusion == "mul" else score
    np.testing.assert_allclose(found.score.numpy()[kept], expected[kept], rtol=1e-9, atol=1e-300)
    assert (found.anchor_index == -1).any(), "the case must hold conflicts"


@pytest.mark.parametrize(("fusion", "local"), [("mul", True), ("add", True), ("mul", False)])
@pytest.mark.parametrize("count", [0, 1, 200])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_half_and_single_precision_inputs(count, dtype, fusion, local):
    """Half inputs are exact numbers: the choice must be that of float64 on the same numbers."""
    maps = random_maps(3, batch=12, types=6, local=local, dtype=dtype)
    targets = random_targets(4, count, batch=12, types=6, dtype=torch.float32)
    found = AdaAnchorAssigner(8, 4.0, fusion)(maps, targets)
    assert found.anchor_index.shape == (count, 8)
    assert found.score.dtype == torch.float32
    if count:
        index, _ = reference(maps, targets, 8, 4.0, fusion)
        differing = (found.anchor_index.numpy() != index).mean()
        assert differing < 0.005, "only scores that float32 cannot tell apart may change places"
        first = found.anchor_index.numpy()[:, 0] != index[:, 0]
        assert first.mean() < 0.01


def test_target_far_outside_still_orders_candidates():
    """The product of eq. 9 would be zero everywhere; its logarithm is not."""
    maps = AnchorMaps(torch.zeros(1, 1, 6, 6), torch.zeros(1, 1, 2, 6, 6))
    targets = KeypointTargets(torch.tensor([[900.0, 3.4]]), torch.tensor([0]), torch.tensor([0]))
    found = AdaAnchorAssigner(2, 4.0)(maps, targets)
    assert found.anchor_index.tolist() == [
        [2 * 6 + 5, 3 * 6 + 5]
    ] or found.anchor_index.tolist() == [[3 * 6 + 5, 2 * 6 + 5]]
    assert found.score.max() == 0


def test_ties_go_to_the_lower_index():
    maps = AnchorMaps(torch.zeros(1, 1, 4, 4), -_candidates(4, 4) + 2.0)
    targets = KeypointTargets(torch.tensor([[2.0, 2.0]]), torch.tensor([0]), torch.tensor([0]))
    found = AdaAnchorAssigner(5)(maps, targets)
    assert found.anchor_index.tolist() == [[0, 1, 2, 3, 4]]


def _candidates(height, width):
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    return torch.stack((x, y))[None, None]


def test_no_more_anchors_than_candidates():
    maps, targets = random_maps(5, height=2, width=3), random_targets(6, 5, height=2, width=3)
    assert AdaAnchorAssigner(20)(maps, targets).anchor_index.shape == (5, 6)


def test_chunks_do_not_change_the_result(monkeypatch):
    maps, targets = random_maps(7), random_targets(8, 40)
    whole = AdaAnchorAssigner(6)(maps, targets)
    monkeypatch.setattr(assigners, "MAX_ELEMENTS", 3 * 35)
    parts = AdaAnchorAssigner(6)(maps, targets)
    assert torch.equal(whole.anchor_index, parts.anchor_index)
    torch.testing.assert_close(whole.score, parts.score)


@pytest.mark.parametrize("rule", [AdaAnchorAssigner, FixedAnchorAssigner])
def test_memory_is_bounded_however_many_targets(monkeypatch, rule):
    """No chunk scores more than MAX_ELEMENTS candidates, with many people on few maps."""
    seen = []
    original = assigners.select_top
    monkeypatch.setattr(
        assigners, "select_top", lambda s, a: seen.append(s.numel()) or original(s, a)
    )
    monkeypatch.setattr(assigners, "MAX_ELEMENTS", 10 * 35)
    maps, targets = random_maps(15, batch=1, types=2), random_targets(16, 300, batch=1, types=2)
    assert len(rule(4)(maps, targets).anchor_index) == 300
    assert max(seen) <= 10 * 35 and sum(seen) == 300 * 35


def test_fixed_anchors_are_the_nearest_candidates():
    maps, targets = random_maps(9), random_targets(10, 50)
    found = FixedAnchorAssigner(4)(maps, targets)
    candidates = _candidates(7, 5)[0, 0].flatten(1).T.double()
    distance = torch.cdist(targets.xy, candidates)
    nearest = distance.argsort(dim=1, stable=True)[:, :4]
    kept = found.anchor_index >= 0
    assert torch.equal(found.anchor_index[kept], nearest[kept])
    torch.testing.assert_close(found.score[kept], -distance.gather(1, nearest)[kept])
    assert not kept.all()


def test_work_grows_with_targets_not_with_types(monkeypatch):
    seen = []
    original = assigners.refined_xy
    monkeypatch.setattr(
        assigners, "refined_xy", lambda a, o, *rest: seen.append(len(o)) or original(a, o, *rest)
    )
    maps, targets = random_maps(11, batch=8, types=10), random_targets(12, 3, batch=8, types=10)
    AdaAnchorAssigner(2)(maps, targets)
    assert sum(seen) <= 3


def test_selection_is_without_gradient():
    maps = random_maps(13)
    maps.offsets.requires_grad_()
    assert not AdaAnchorAssigner(3)(maps, random_targets(14, 5)).score.requires_grad


@pytest.mark.parametrize("arguments", [{"fusion": "max"}, {"num_anchors": 0}, {"sigma": 0.0}])
def test_bad_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        AdaAnchorAssigner(**arguments)
