import numpy as np
import pytest
import torch
from helpers.scored_people import make_scored_people

from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.engine.score_training import (
    ScoredPoses,
    compare_scores,
    hold_out,
    train_scoring_net,
)
from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation.coco_average_precision import average_precision
from adaanchor_d2.evaluation.coco_ground_truth import evaluated_people
from adaanchor_d2.evaluation.multi_person_report import best_similarity

COCO = get_skeleton("coco")


def scored_poses(ground_truth, results) -> ScoredPoses:
    keypoints = np.array([result["keypoints"] for result in results]).reshape(-1, 17, 3)
    people = {
        "image_id": np.array([result["image_id"] for result in results]),
        "keypoints": keypoints + [0.5, 0.5, 0.0],
    }
    similarity = best_similarity(people, evaluated_people(ground_truth, 17), COCO.sigmas)
    score = np.array([result["score"] for result in results])
    return ScoredPoses(people["image_id"], people["keypoints"], score, similarity)


@pytest.fixture(scope="module")
def people():
    return scored_poses(*make_scored_people())


@pytest.fixture(scope="module")
def net(people):
    return train_scoring_net(hold_out(people, seed=0)[0], COCO, epochs=80, seed=0)


def test_training_tells_better_who_was_found_well(people, net):
    comparison = compare_scores(net, hold_out(people, seed=0)[1])
    assert abs(comparison["score"][1]) < 0.35  # Scores of these people tell nothing.
    assert comparison["prediction"][1] > 0.8 and comparison["score x prediction"][1] > 0.6
    assert comparison["prediction"][0] < 0.6 * comparison["score"][0]


def test_average_precision_rises_on_people_never_seen(net):
    ground_truth, results = make_scored_people(num_images=30, seed=1)
    before = average_precision(ground_truth, results, COCO.sigmas)["AP"]
    people = scored_poses(ground_truth, results)
    with torch.no_grad():
        score = people.score * net(torch.from_numpy(people.poses)).numpy()
    for result, new in zip(results, score.tolist(), strict=True):
        result["score"] = new
    assert average_precision(ground_truth, results, COCO.sigmas)["AP"] > before + 5


def test_the_seed_decides(people):
    few = people.where(people.image_id <= 10)
    state = torch.random.get_rng_state()
    first, same, other = (train_scoring_net(few, COCO, 2, seed) for seed in (3, 3, 4))
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.equal(first.layers[0].weight, same.layers[0].weight)
    assert not torch.equal(first.layers[0].weight, other.layers[0].weight)


def test_whole_images_are_held_out(people):
    training, held_out = hold_out(people, seed=0)
    assert len(np.unique(held_out.image_id)) == 12
    assert len(training.score) + len(held_out.score) == len(people.score)
    assert not set(training.image_id) & set(held_out.image_id)
    with pytest.raises(InputError, match="in 1 images .* at least 2"):
        hold_out(people.where(people.image_id == 3), seed=0)


def test_comparison_by_hand(net):
    poses = np.zeros((3, 17, 3))
    with torch.no_grad():
        constant = net(torch.from_numpy(poses)).numpy()[0]
    people = ScoredPoses(np.arange(3), poses, np.array([0.2, 0.4, 0.9]), np.array([0.2, 0.7, 0.5]))
    comparison = compare_scores(net, people)
    error, correlation = comparison["score"]
    assert error == pytest.approx(np.sqrt((0.3**2 + 0.4**2) / 3))
    # Deviations (-0.3, -0.1, 0.4) and (-4, 3.5, 0.5) / 15.
    expected = (1.2 - 0.35 + 0.2) / np.sqrt(0.26 * (16 + 12.25 + 0.25))
    assert correlation == pytest.approx(expected)
    assert np.isnan(comparison["prediction"][1])
    assert comparison["score x prediction"][1] == pytest.approx(np.sign(constant) * expected)
