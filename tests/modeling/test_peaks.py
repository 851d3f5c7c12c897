import pytest
import torch

from adaanchor_d2.modeling.anchors import AnchorMaps
from adaanchor_d2.modeling.decoders import locate_anchor_peak, locate_heatmap_peak


def test_anchor_peak_is_refined_and_in_pixels():
    logits = torch.full((1, 2, 3, 4), -5.0)
    logits[0, 0, 1, 2] = 2.0
    offsets = torch.zeros(1, 2, 2, 3, 4)
    offsets[0, 0, :, 1, 2] = torch.tensor([-1.0, 1.0])
    local = torch.zeros(1, 2, 2, 3, 4)
    local[0, 0, :, 2, 1] = torch.tensor([0.25, 0.125])
    found = locate_anchor_peak(AnchorMaps(logits, offsets, local), stride=4, place=0.5)
    assert found.anchor_xy[0, 0, 0].tolist() == [10.0, 6.0]
    assert found.xy[0, 0, 0].tolist() == [(1.5 + 0.25) * 4, (2.5 + 0.125) * 4]
    assert found.score[0, 0, 0].item() == pytest.approx(torch.tensor(2.0).sigmoid().item())
    assert found.xy.shape == (1, 2, 1, 2) and found.valid.all()


def test_anchor_peak_without_refinement():
    maps = AnchorMaps(torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2, 2))
    found = locate_anchor_peak(maps, stride=8, place=0.5)
    assert found.xy.flatten().tolist() == [12.0, 12.0]


def test_heatmap_peak_moves_a_quarter_towards_the_higher_neighbour():
    heatmap = torch.zeros(1, 1, 4, 5)
    heatmap[0, 0, 1, 2] = 0.9
    heatmap[0, 0, 1, 3] = 0.5
    heatmap[0, 0, 0, 2] = 0.2
    found = locate_heatmap_peak(heatmap, stride=4, place=0.5)
    assert found.xy.flatten().tolist() == [(2.5 + 0.25) * 4, (1.5 - 0.25) * 4]
    assert found.score.item() == pytest.approx(0.9)


def test_heatmap_peak_at_the_border_stays_and_score_is_clamped():
    heatmap = torch.zeros(1, 2, 3, 3)
    heatmap[0, 0, 0, 1] = 1.7
    heatmap[0, 1] = -0.2
    found = locate_heatmap_peak(heatmap, stride=1, place=0.5)
    assert found.xy[0, 0, 0].tolist() == [1.5, 0.5]
    assert found.score.flatten().tolist() == [1.0, 0.0]
