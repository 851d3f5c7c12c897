"""Files of scoring networks, and what they do to people's scores."""

import numpy as np
import pytest
import torch
from detectron2.modeling import build_model
from helpers.crowds import center_config, make_crowd_sample
from helpers.original_weights import make_weights
from modeling.test_center_decoder import pose_around, pose_maps

from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.engine.checkpointer import SafeCheckpointer
from adaanchor_d2.engine.ema import ModelEma
from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation.coco_average_precision import average_precision
from adaanchor_d2.evaluation.coco_results import to_coco_results
from adaanchor_d2.modeling.heads import ScoringNet
from adaanchor_d2.modeling.meta_arch.scoring import build_scoring_net

# The edges in the order of DEKR's lib/utils/rescore.py, by number of keypoints.
ORIGINAL_EDGES = {
    17: "0-1 0-2 1-2 1-3 2-4 3-5 4-6 5-6 5-7 5-11 6-8 6-12 7-9 8-10 11-12 11-13 12-14 13-15 14-16",
    14: "12-13 13-0 13-1 0-2 1-3 2-4 3-5 0-6 1-7 6-8 7-9 8-10 9-11 6-7 0-1",
}


def original_weights(num_features: int) -> dict:
    shapes = {"l1": [256, num_features], "l2": [256, 256], "l3": [1, 256]}
    weights = {f"{name}.weight": shape for name, shape in shapes.items()}
    return make_weights(weights | {f"{name}.bias": shape[:1] for name, shape in shapes.items()})


def original_prediction(weights: dict, pose: np.ndarray) -> float:
    """What the original computes for one pose (K, 3)."""
    edges = [map(int, edge.split("-")) for edge in ORIGINAL_EDGES[len(pose)].split()]
    differences = [pose[a, :2] - pose[b, :2] for a, b in edges]
    lengths = np.array([np.hypot(*difference) for difference in differences])
    scale = max((lengths[9] + lengths[11]) / 2, 1)
    x = np.concatenate([np.ravel(differences) / scale, lengths / scale, pose[:, 2]])
    for name in ("l1", "l2", "l3"):
        x = weights[f"{name}.weight"].numpy() @ x + weights[f"{name}.bias"].numpy()
        x = x if name == "l3" else np.maximum(x, 0)
    return float(x[0])


def first_keypoint_net(num_keypoints=17) -> ScoringNet:
    """Predicts the x coordinate of the only edge, a torso of length 1 or more, as it is."""
    net = ScoringNet(num_keypoints, edges=[(0, 1)], torso=[], hidden=2)
    for parameter in net.parameters():
        torch.nn.init.zeros_(parameter)
    with torch.no_grad():
        for layer in net.layers[::2]:
            layer.weight[0, 0] = 1.0
    return net


@pytest.fixture
def save(tmp_path):
    def write(content) -> str:
        torch.save(content, tmp_path / "scoring.pth")
        return str(tmp_path / "scoring.pth")

    return write


def config(path, **overrides):
    return center_config("FixAnchor", MODEL__CENTER__SCORE_WEIGHTS=path, **overrides)


@pytest.mark.parametrize(("num_keypoints", "num_features"), [(17, 74), (14, 59)])
def test_the_original_weights_compute_the_same(save, num_keypoints, num_features):
    weights = original_weights(num_features)
    path = save(weights)
    net = build_scoring_net(config(path, MODEL__KEYPOINT_HEAD__NUM_KEYPOINTS=num_keypoints))
    poses = np.random.default_rng(0).uniform(0, 200, (6, num_keypoints, 3))
    poses[5, :, :2] = 50.0
    expected = [original_prediction(weights, pose) for pose in poses]
    np.testing.assert_allclose(net(torch.from_numpy(poses)).numpy(), expected, rtol=1e-4)


def test_own_weights_bring_their_skeleton(save):
    skeleton = get_skeleton("crowdpose")
    net = ScoringNet(14, skeleton.edges, skeleton.torso, hidden=8)
    path = save({"model": net.state_dict()})
    again = build_scoring_net(config(path, MODEL__KEYPOINT_HEAD__NUM_KEYPOINTS=14))
    poses = torch.rand(3, 14, 3) * 90
    assert torch.equal(again(poses), net(poses))
    assert not any(parameter.requires_grad for parameter in again.parameters())


def test_files_that_do_not_fit(save, tmp_path):
    own = first_keypoint_net(14).state_dict()
    with pytest.raises(InputError, match="scores poses of 14 keypoints, but .*_KEYPOINTS is 17"):
        build_model(config(save(own)))
    with pytest.raises(InputError, match="scores poses of 14 keypoints"):
        build_model(config(save(original_weights(59))))
    with pytest.raises(InputError, match="SCORE_WEIGHTS: there is no file none.pth"):
        build_model(config("none.pth"))
    strangers = [{"a": torch.zeros(1)}, original_weights(75)]
    strangers.append({key: value for key, value in own.items() if key != "layers.4.bias"})
    strangers.append({**original_weights(74), "l4.weight": torch.zeros(1)})
    for weights in strangers:
        with pytest.raises(InputError, match="is no scoring network") as error:
            build_model(config(save(weights)))
        assert "\n" not in str(error.value)


def two_people(model):
    """Maps with a pose of centre score 0.6 on the left, and one of 0.8 on the right.

    The ends of the first edge lie 0.5 and 0.25 px apart.
    """
    left, right = pose_around(14.0, 14.0), pose_around(50.0, 40.0, seed=1)
    for pose, difference in ((left, 0.5), (right, 0.25)):
        pose[1] = pose[0] - torch.tensor([difference, 0.0])
    peaks = {(3, 3): 0.6, (12, 9): 0.8}
    return pose_maps(model, "FixAnchor", peaks, {(3, 3): left, (12, 9): right}), left


def decode(model, maps, scale=1.0):
    sample = make_crowd_sample(0)
    sample["crop_to_image"] = np.array([[scale, 0.0, 0.0], [0.0, scale, 0.0]])
    (result,) = model.decoder(maps, [(64, 64)], [sample])
    return result


def test_the_score_is_multiplied_and_orders_people(save):
    path = save(first_keypoint_net().state_dict())
    gammas = {"MODEL__KEYPOINT_HEAD__GAMMA": 0.1, "TEST__GAMMAS": (0.5, 0.7)}
    plain = build_model(center_config("FixAnchor")).eval()
    scored = build_model(config(path, **gammas)).eval()
    maps, _ = two_people(plain)
    before, result = decode(plain, maps)["instances"], decode(scored, maps)
    assert before.scores.tolist() == pytest.approx([0.8, 0.6])
    after = result["instances"]
    assert after.scores.tolist() == pytest.approx([0.6 * 0.5, 0.8 * 0.25], rel=1e-4)
    torch.testing.assert_close(after.pred_keypoints, before.pred_keypoints[[1, 0]])
    by_gamma = result["instances_by_gamma"]
    torch.testing.assert_close(by_gamma[0.5].scores, after.scores)
    assert by_gamma[0.7].scores.tolist() == pytest.approx([0.8 * 0.25], rel=1e-4)
    # It judges the pose in pixels of the original image.
    assert decode(scored, maps, scale=2.0)["instances"].scores.tolist() == pytest.approx(
        [0.6 * 1.0, 0.8 * 0.5], rel=1e-4
    )


def test_the_order_changes_the_average_precision(save):
    """Only the left one is annotated; the right one, wrong, scores higher: half the precision."""
    scored = build_model(config(save(first_keypoint_net().state_dict()))).eval()
    plain = build_model(center_config("FixAnchor")).eval()
    maps, left = two_people(plain)
    keypoints = torch.cat((left - 0.5, torch.full((17, 1), 2.0)), dim=1)
    person = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "num_keypoints": 17}
    person |= {"area": 200.0, "bbox": [4, 4, 20, 20], "keypoints": keypoints.flatten().tolist()}
    ground_truth = {
        "images": [{"id": 1, "height": 64, "width": 64, "file_name": "1.jpg"}],
        "annotations": [person],
        "categories": [{"id": 1, "name": "person"}],
    }
    for model, expected in ((plain, 50.0), (scored, 100.0)):
        people = decode(model, maps)["instances"]
        table = {"image_id": np.ones(len(people), int), "keypoints": people.pred_keypoints.numpy()}
        results = to_coco_results(table, people.scores.numpy())
        figures = average_precision(ground_truth, results, get_skeleton("coco").sigmas)
        assert figures["AP"] == pytest.approx(expected)


def test_it_is_no_part_of_checkpoints(save, tmp_path):
    path = save(first_keypoint_net().state_dict())
    plain, scored = build_model(center_config("FixAnchor")), build_model(config(path))
    assert scored.decoder.scoring_net is not None
    assert scored.state_dict().keys() == plain.state_dict().keys()
    assert dict(scored.named_parameters()).keys() == dict(plain.named_parameters()).keys()
    assert ModelEma(scored, 0.9).module.decoder.scoring_net is not None
    checkpoint = str(tmp_path / "plain.pth")
    torch.save({"model": plain.state_dict()}, checkpoint)
    SafeCheckpointer(scored).load(checkpoint)
    assert scored.decoder.scoring_net.layers[0].weight[0, 0] == 1


def test_nobody_found(save):
    model = build_model(config(save(first_keypoint_net().state_dict()))).eval()
    maps = pose_maps(model, "FixAnchor", {}, {})
    assert len(decode(model, maps)["instances"]) == 0
