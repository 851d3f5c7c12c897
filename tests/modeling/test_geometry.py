import pytest
import torch
from helpers.brute_force import bilinear

from adaanchor_d2.modeling.anchors.geometry import (
    candidate_xy,
    candidates_within,
    index_to_xy,
    refined_xy,
    sample_maps,
)


@pytest.mark.parametrize("place", [0.5, 0.125])
def test_candidates_and_indices_agree(place):
    xy = candidate_xy(3, 4, place, like=torch.zeros((), dtype=torch.float64))
    assert xy[0].tolist() == [place, place]
    assert xy[5].tolist() == [1 + place, 1 + place]
    index = torch.arange(12)
    assert torch.equal(index_to_xy(index, 4, place, dtype=torch.float64), xy)


def test_sampling_is_bilinear_with_border_values():
    maps = torch.randn(2, 2, 4, 5, dtype=torch.float64)
    xy = torch.rand(2, 30, 2, dtype=torch.float64) * 12 - 4
    sampled = sample_maps(maps, xy)
    for m in range(2):
        for n in range(30):
            for c in range(2):
                expected = bilinear(maps[m, c].numpy(), *xy[m, n].tolist())
                assert sampled[m, n, c].item() == pytest.approx(expected, abs=1e-12)


def test_sampling_of_one_candidate_maps():
    maps = torch.tensor([[[[3.0]]]])
    assert sample_maps(maps, torch.tensor([[[0.2, 9.0]]])).tolist() == [[[3.0]]]


def test_refinement_adds_the_local_offset_at_the_coarse_place():
    local = torch.zeros(1, 2, 3, 3)
    local[0, :, 1, 2] = torch.tensor([0.25, -0.5])
    refined = refined_xy(torch.tensor([[0.5, 0.5]]), torch.tensor([[[2.0, 1.0]]]), local)
    assert refined.tolist() == [[[2.75, 1.0]]]


@pytest.mark.parametrize("radius", [0.4, 1.0, 2.0])
def test_candidates_within_equals_a_full_search(radius):
    xy = torch.rand(40, 2, dtype=torch.float64) * 16 - 4
    xy[0] = torch.tensor([1e9, -1e9])
    target, index = candidates_within(xy, 6, 8, radius, 0.5)
    distance = torch.cdist(xy, candidate_xy(6, 8, like=xy))
    expected = {tuple(pair) for pair in (distance <= radius).nonzero().tolist()}
    found = list(zip(target.tolist(), index.tolist(), strict=True))
    assert len(found) == len(set(found)) and set(found) == expected
