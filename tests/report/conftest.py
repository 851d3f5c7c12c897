"""Two runs on 150 people, and the page that is made of them, once for all tests."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.report_sets import (
    LEFT_WRIST,
    NUM_KEYPOINTS,
    RIGHT_ANKLE,
    evaluation,
    write_people,
    write_results,
    write_run,
)

from adaanchor_d2.report import load_runs, write_report

NUM_PEOPLE = 150
TITLES = ("ada", "</script><script>document.title='run'</script>")


@pytest.fixture(scope="session")
def runs_folder(tmp_path_factory) -> Path:
    """``datasets``; ``ada``: a wrist is wrong the more the higher the person's number, with anchors
    and confidence; ``other``: an ankle of every fifth person is 30 px off, without confidence.
    """
    folder = tmp_path_factory.mktemp("runs")
    keypoints = write_people(folder / "datasets" / "synthetic_people", NUM_PEOPLE)
    shape = (NUM_PEOPLE, NUM_KEYPOINTS)
    records = [
        evaluation(9, keypoints__AP=30.0, visibility__VisError=4.0, confidence__ECE=0.2),
        evaluation(19, keypoints__AP=40.0, visibility__VisError=3.0, confidence__ECE=0.1),
    ]
    head = {"MODEL__KEYPOINT_HEAD__NAME": "AdaAnchor", "SEED": 0}
    ada = write_run(folder / "ada", records, **head)
    offsets = np.zeros((*shape, 2))
    offsets[..., 0] = 1.0
    offsets[:, LEFT_WRIST, 0] = 1.0 + 0.2 * np.arange(NUM_PEOPLE)
    scores = np.linspace(0.3, 0.9, shape[0] * shape[1]).reshape(shape)
    write_results(ada, keypoints, offsets, scores, anchors=keypoints[..., :2] + offsets - 3)
    head = {"MODEL__KEYPOINT_HEAD__NAME": "RegressionAnchor", "SEED": 0}
    other = write_run(folder / "other", records[:1], **head)
    offsets = np.zeros((*shape, 2))
    offsets[::5, RIGHT_ANKLE, 1] = 30.0
    write_results(other, keypoints, offsets, np.ones(shape))
    return folder


@pytest.fixture(scope="session")
def report(runs_folder, tmp_path_factory):
    """``page`` (its path), ``sets`` (what was gathered)."""
    page = tmp_path_factory.mktemp("page") / "report.html"
    sets = write_report(load_runs([runs_folder], TITLES), page)
    return SimpleNamespace(page=page, sets=sets)
