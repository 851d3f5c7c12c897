"""AP of resampled images against faster_coco_eval on the resampled set, written out in full."""

import numpy as np
import pytest

from adaanchor_d2.evaluation.coco_average_precision import average_precision
from adaanchor_d2.experiments.weighted_precision import PersonMatches

from .cases import SIGMAS, make_set, repeat_images


def figures(matches: PersonMatches, weights: np.ndarray) -> np.ndarray:
    """AP, AP75, AR of each resample: (B, 3)."""
    return np.column_stack(
        [
            matches.average_precision(weights),
            matches.average_precision(weights, threshold=0.75),
            matches.average_recall(weights),
        ]
    )


@pytest.mark.parametrize("seed", range(4))
def test_resamples_have_the_ap_of_the_set_written_out(seed):
    truth, results = make_set(seed)
    num_images = len(truth["images"])
    weights = np.random.default_rng(seed).multinomial(num_images, [1 / num_images] * num_images, 5)
    weights = np.concatenate([np.ones((1, num_images)), weights])
    measured = figures(PersonMatches(truth, results, SIGMAS), weights)
    for row, of_image in zip(measured, weights, strict=True):
        reference = average_precision(*repeat_images(truth, results, of_image), SIGMAS)
        assert row == pytest.approx([reference[k] for k in ("AP", "AP75", "AR")], abs=1e-9)
    assert len(np.unique(measured[:, 0].round(3))) > 3


def test_many_resamples_at_once_are_those_of_one_at_a_time(monkeypatch):
    truth, results = make_set(0)
    weights = np.random.default_rng(0).integers(0, 3, (7, len(truth["images"]))).astype(float)
    matches = PersonMatches(truth, results, SIGMAS)
    at_once = matches.average_precision(weights)
    monkeypatch.setattr("adaanchor_d2.experiments.weighted_precision._ENTRIES_AT_ONCE", 1)
    assert matches.average_precision(weights).tolist() == at_once.tolist()


def test_nobody_to_find_is_no_number_and_nobody_found_is_zero():
    truth, results = make_set(0)
    nobody = np.zeros((1, len(truth["images"])))
    nobody[0, 0] = 3  # the image without people
    matches = PersonMatches(truth, results, SIGMAS)
    assert np.isnan(matches.average_precision(nobody)[0])
    assert np.isnan(matches.average_recall(nobody)[0])
    everybody = np.ones((1, len(truth["images"])))
    assert PersonMatches(truth, [], SIGMAS).average_precision(everybody) == [0]
    assert PersonMatches(truth, [], SIGMAS).average_recall(everybody) == [0]


def test_the_ground_truth_is_not_changed():
    truth, results = make_set(0)
    keys = [set(person) for person in truth["annotations"]]
    PersonMatches(truth, results, SIGMAS)
    assert [set(person) for person in truth["annotations"]] == keys
