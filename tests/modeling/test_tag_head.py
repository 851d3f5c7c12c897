import torch
from detectron2.layers import ShapeSpec

from adaanchor_d2.modeling.anchors import KeypointTargets
from adaanchor_d2.modeling.anchors.geometry import sample_maps, sample_points
from adaanchor_d2.modeling.heads import TagHead


def make_head(**kwargs) -> TagHead:
    return TagHead(input_shape=ShapeSpec(channels=3, stride=4), num_keypoints=2, **kwargs)


def test_points_are_sampled_as_maps_are():
    torch.manual_seed(0)
    maps = torch.randn(5, 6, 9, dtype=torch.float64)
    index = torch.randint(5, (200,))
    xy = torch.rand(200, 2, dtype=torch.float64) * torch.tensor([15.0, 12.0]) - 3
    for place in (0.5, 0.625):
        expected = sample_maps(maps[index, None], xy[:, None], place)[:, 0, 0]
        torch.testing.assert_close(sample_points(maps, index, xy, place), expected)


def test_tags_are_read_at_input_pixels():
    """On a map that holds its column's place in pixels, the tag is the x coordinate."""
    for place in (0.5, 0.625):
        head = make_head(place=place)
        ramp = ((torch.arange(16.0) + place) * 4).expand(1, 2, 16, 16)
        xy = torch.rand(1, 2, 7, 2) * 50 + 5
        torch.testing.assert_close(head.sample(ramp, xy), xy[..., 0])


def test_only_targets_on_the_map_count():
    torch.manual_seed(0)
    head = make_head(pull_loss_weight=1.0, push_loss_weight=1.0)
    maps = torch.randn(2, 2, 4, 5, requires_grad=True)
    xy = torch.tensor([[1.0, 1.0], [4.9, 3.9], [5.1, 2.0], [2.0, -0.1]])
    index = torch.tensor([0, 0, 0, 1])
    targets = KeypointTargets(xy, index, torch.tensor([0, 1, 0, 1]), torch.zeros(4).long())
    losses = head.losses(maps, targets)
    tags = head.sample(maps, xy[:2].view(1, 2, 1, 2).expand(2, -1, -1, -1) * 4)[0, :, 0]
    torch.testing.assert_close(losses["loss_tag_pull"], tags.var(correction=0) / 2)
    assert losses["loss_tag_push"] == 0
    losses["loss_tag_pull"].backward()
    assert maps.grad[0].abs().sum() > 0 and (maps.grad[1] == 0).all()


def test_training_tells_people_apart():
    """Gradient steps on tag maps alone: tags agree within a person and differ between people."""
    torch.manual_seed(0)
    head = make_head(pull_loss_weight=1.0, push_loss_weight=1.0)
    maps = (torch.randn(1, 2, 8, 8) * 0.1).requires_grad_()
    xy = torch.rand(8, 2) * 7
    person = torch.arange(4).repeat(2)
    targets = KeypointTargets(xy, torch.zeros(8).long(), torch.arange(8) // 4, person)
    optimizer = torch.optim.Adam([maps], lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        sum(head.losses(maps, targets).values()).backward()
        optimizer.step()
    tags = sample_points(maps[0].detach(), targets.type_index, xy).view(2, 4)
    assert (tags[0] - tags[1]).abs().max() < 0.3
    apart = (tags[0, :, None] - tags[0]).abs() + torch.eye(4) * 10
    assert apart.min() > 1.0
