"""Baselines, tables and sentences."""

import json

import numpy as np
import pytest

from adaanchor_d2.experiments.bootstrap import Difference
from adaanchor_d2.experiments.comparison import Comparison
from adaanchor_d2.experiments.figures import FIGURES, find_figures
from adaanchor_d2.experiments.report import claim, sentences, to_data, write_markdown
from adaanchor_d2.experiments.rows import Row

AP, ERROR, SCORE = "keypoints/AP", "visibility/InvError", "visibility/InvScore"
FIGURE = find_figures([{AP: 1, ERROR: 1, SCORE: 1}])


def make_comparison(num_seeds: int = 3, **rows: dict[str, float]) -> Comparison:
    """Seeds differ by 0.1, the images' resamples by 0.01 times a figure."""
    rng = np.random.default_rng(0)
    of_seed = 0.1 * np.arange(num_seeds)
    noise = rng.normal(0, 0.01, 200)
    values = {r: {f: v + of_seed for f, v in figures.items()} for r, figures in rows.items()}
    resampled = {
        r: {f: v[:, None] * (1 + noise) for f, v in figures.items()}
        for r, figures in values.items()
    }
    table_rows = [Row(name, f"title of {name}", "", []) for name in rows]
    return Comparison(table_rows, range(num_seeds), FIGURE, values, resampled, num_images=50)


@pytest.mark.parametrize(
    ("name", "difference", "sentence"),
    [
        (AP, Difference(1.24, 0.2, 2.2, 3), "A improves AP by 1.2 ± 1.0 over B ("),
        (AP, Difference(-1.24, -2.2, -0.2, 3), "A is worse by 1.2 ± 1.0 in AP than B ("),
        (AP, Difference(1.24, -0.1, 2.2, 3), "AP: no difference shown between A and B (+1.2, "),
        (
            ERROR,
            Difference(-0.2, -0.3, -0.1, 3),
            "A improves the error of hidden keypoints by 0.20 ± 0.10 px over B (",
        ),
        (
            ERROR,
            Difference(0.2, 0.1, 0.3, 3),
            "A is worse by 0.20 ± 0.10 px in the error of hidden keypoints than B (",
        ),
        (
            SCORE,
            Difference(0.2, 0.1, 0.3, 3),
            "A: the mean score of hidden keypoints is higher by 0.200 ± 0.100 than B's (",
        ),
        (
            SCORE,
            Difference(-0.2, -0.3, -0.1, 3),
            "A: the mean score of hidden keypoints is lower by 0.200 ± 0.100 than B's (",
        ),
    ],
)
def test_claims_follow_the_interval(name, difference, sentence):
    text = claim(FIGURE[name], difference, "A", "B")
    assert text.startswith(sentence) and "95 % interval" in text


def test_the_better_baseline_is_chosen_for_each_figure():
    comparison = make_comparison(
        ada={AP: 50, ERROR: 4},
        fix={AP: 40, ERROR: 5},
        heatmap_subpixel={AP: 45, ERROR: 6},
        heatmap_rounded={AP: 70, ERROR: 1},
    )
    assert comparison.better_baseline(AP) == "heatmap_subpixel"
    assert comparison.better_baseline(ERROR) == "fix"
    texts = sentences(comparison, "ada")
    assert texts[0].startswith("title of ada improves AP by 5.0 ± ")
    assert "over title of heatmap_subpixel" in texts[0] and "over title of fix" in texts[1]


def test_figures_that_a_row_lacks_stay_empty():
    comparison = make_comparison(ada={AP: 50, SCORE: 0.9}, fix={AP: 50}, heatmap_subpixel={AP: 40})
    assert comparison.difference("ada", "fix", SCORE) is None
    assert comparison.better_baseline(SCORE) == ""
    text = write_markdown(comparison, "ada")
    assert "AP: no difference shown between title of ada and title of fix" in text
    assert "the mean score" not in text


def test_of_one_seed_nothing_is_claimed():
    rows = {"ada": {AP: 50}, "fix": {AP: 40}, "heatmap_subpixel": {AP: 40}}
    assert "title of ada improves AP" in write_markdown(make_comparison(**rows), "ada")
    text = write_markdown(make_comparison(num_seeds=1, **rows), "ada")
    assert "improves" not in text and "**" not in text.replace("**Bold**", "")
    assert "Nothing is claimed: with one seed" in text


def test_without_results_of_single_images_there_are_means_only():
    comparison = make_comparison(ada={AP: 50}, fix={AP: 40}, heatmap_subpixel={AP: 30})
    bare = Comparison(comparison.rows, comparison.seeds, FIGURE, comparison.values, {}, 0)
    text = write_markdown(bare, "ada")
    assert "50.1 ± 0.1" in text and "Nothing is claimed" in text and "Difference" not in text


def test_data_hold_what_the_tables_show():
    comparison = make_comparison(ada={AP: 50}, fix={AP: 40}, heatmap_subpixel={AP: 30})
    data = json.loads(json.dumps(to_data(comparison)))
    entry = data["rows"]["ada"][AP]
    assert entry["values"] == [50, 50.1, 50.2] and entry["baseline"] == "fix"
    assert entry["difference"]["mean"] == pytest.approx(10)
    assert "baseline" not in data["rows"]["fix"][AP]


def test_detectors_boxes_have_their_own_figures():
    found = find_figures([{"keypoints_detector_boxes/AP": 1.0, "keypoints_gamma0.1/AP": 2.0}])
    assert list(found) == ["keypoints_detector_boxes/AP"]
    assert len({figure.title for figure in FIGURES}) == len(FIGURES)
