import pytest
import torch

from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.modeling.heads import ScoringNet


def make_net(name):
    skeleton = get_skeleton(name)
    return ScoringNet(skeleton.num_keypoints, skeleton.edges, skeleton.torso)


def test_features_by_hand():
    """The torso is the pairs (0, 2) and (1, 3), 3 px and 5 px long: 4 px on average."""
    net = ScoringNet(4, edges=[(0, 1), (3, 1)], torso=[(0, 2), (1, 3)])
    pose = [[10.0, 20.0, 0.9], [16.0, 28.0, 0.8], [10.0, 23.0, 0.1], [16.0, 33.0, 0.0]]
    expected = [-6 / 4, -8 / 4, 0.0, 5 / 4, 10 / 4, 5 / 4, 0.9, 0.8, 0.1, 0.0]
    torch.testing.assert_close(net.features(torch.tensor([pose])), torch.tensor([expected]))


def test_features_do_not_depend_on_place_and_size():
    net, poses = make_net("coco"), torch.rand(3, 17, 3) * 100
    moved = poses * torch.tensor([2.5, 2.5, 1.0]) + torch.tensor([7.0, -3.0, 0.0])
    torch.testing.assert_close(net.features(moved), net.features(poses), rtol=1e-4, atol=1e-4)
    stretched = net.features(poses * torch.tensor([2.0, 1.0, 1.0]))
    assert (stretched - net.features(poses)).abs().max() > 0.1


@pytest.mark.parametrize("length", [0.0, 0.5])
def test_a_torso_shorter_than_a_pixel_counts_as_one(length):
    net = ScoringNet(3, edges=[(0, 2)], torso=[(0, 1)])
    pose = torch.tensor([[[0.0, 0.0, 0.5], [length, 0.0, 0.5], [0.0, -12.0, 0.5]]])
    assert net.features(pose)[0, :3].tolist() == [0, 12, 12]
    point = torch.zeros(1, 3, 3)
    assert net(point).isfinite().all() and (net.features(point) == 0).all()


@pytest.mark.parametrize("name", ["coco", "crowdpose", "mpii", "wflw"])
def test_any_skeleton(name):
    net = make_net(name)
    poses = torch.rand(5, net.num_keypoints, 3)
    assert net(poses).shape == (5,) and net(poses[:0]).shape == (0,)
    assert net.features(poses).shape == (5, 3 * len(get_skeleton(name).edges) + poses.shape[1])


def test_a_skeleton_without_edges():
    poses = torch.rand(2, 3, 3)
    assert torch.equal(ScoringNet(3, [], []).features(poses), poses[..., 2])


def test_mixed_precision_does_not_touch_it():
    net, poses = make_net("coco"), torch.rand(4, 17, 3, dtype=torch.float64) * 50
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = net(poses)
    assert mixed.dtype == torch.float32 and torch.equal(mixed, net(poses))
