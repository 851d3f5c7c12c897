"""What the report shows of one test set: tables, confidence, calibration and gallery."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from detectron2.data import MetadataCatalog

from ..analysis import ERROR_KINDS, MatchedKeypoints
from ..errors import InputError
from ..visualization.curves import threshold_panels as gamma_panels
from .charts import Chart, draw_charts
from .confidence import (
    LEAST_IN_BIN,
    NUM_BINS,
    Confidence,
    calibration_rows,
    reliability_panels,
    threshold_panels,
)
from .gallery import choose_people, gallery_data
from .people import People, load_people
from .predictions import Predictions, load_predictions, result_file
from .roots import data_root_of
from .runs import Run
from .seeds import Group
from .tables import Table, evaluation_tables, figure_table


@dataclass
class SetReport:
    """One test set and the runs evaluated on it.

    Attributes:
        name: of the data set.
        groups: its runs.
        tables: the last evaluations.
        gamma_tables: those at further gammas.
        file_tables: what the result files say of people and errors.
        threshold_charts: precision and recall over thresholds, AP over gamma.
        calibration_charts: reliability diagrams.
        calibration: ECE and AUROC by visibility.
        limit_name: up to where a keypoint is right; "" where no predictions were read.
        gallery: for the page's script; None: no gallery.
        notes: {part of the page: sentences on what is not there}.
    """

    name: str
    groups: list[Group]
    tables: list[Table] = field(default_factory=list)
    gamma_tables: list[Table] = field(default_factory=list)
    file_tables: list[Table] = field(default_factory=list)
    threshold_charts: list[Chart] = field(default_factory=list)
    calibration_charts: list[Chart] = field(default_factory=list)
    calibration: Table | None = None
    limit_name: str = ""
    gallery: dict | None = None
    notes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def runs(self) -> list[Run]:
        return [run for group in self.groups for run in group.runs]

    def note(self, part: str, sentence: str) -> None:
        self.notes.setdefault(part, []).append(sentence)


def report_on_set(name: str, groups: Sequence[Group], gallery_limit: int) -> SetReport:
    """Gather what there is.

    Args:
        name: of the data set.
        groups: runs whose first test set it is.
        gallery_limit: the most people in the gallery; 0 for none.

    Raises:
        InputError: a result file that is broken or does not belong to the test set.
    """
    found = SetReport(name, list(groups))
    _add_tables(found)
    _add_gamma_charts(found)
    people, predictions = _read_keypoints(found)
    if people is None or not predictions:
        return found
    found.limit_name = people.limit_name
    _add_file_tables(found, predictions)
    _add_confidence(found, people, predictions)
    _add_gallery(found, people, predictions, gallery_limit)
    return found


def _add_tables(found: SetReport) -> None:
    evaluator_type = getattr(MetadataCatalog.get(found.name), "evaluator_type", "")
    for table in evaluation_tables(found.groups, evaluator_type):
        (found.gamma_tables if "_gamma" in table.task else found.tables).append(table)
    for run in found.runs:
        if not (run.folder / "metrics.json").exists():
            found.note("results", f"{run.title} has no metrics.json: no figures.")
        elif not run.last_evaluation:
            found.note("results", f"{run.title} has not been evaluated.")
    tasks = {table.task for table in found.tables}
    for task in ("visibility", "confidence"):
        if found.tables and not any(t.endswith(task) for t in tasks):
            found.note("results", _NO_TASK[task].get(evaluator_type, _NO_TASK[task][""]))


# Task -> evaluator type -> why it is not there.
_NO_TASK = {
    "visibility": {
        "crowdpose": "No figures of visible and hidden keypoints: CrowdPose's flags do not tell "
        "them apart.",
        "mpii_keypoints": "No figures of visible and hidden keypoints: MPII's annotations do not "
        "tell them apart.",
        "wflw_landmarks": "No figures of visible and hidden landmarks: WFLW does not tell them "
        "apart.",
        "": "No figures of visible and hidden keypoints: they need ground-truth boxes.",
    },
    "confidence": {
        "": "No confidence figures in the evaluation: it has none for this data set, these boxes "
        "or this rule.",
    },
}


def _add_gamma_charts(found: SetReport) -> None:
    records = {run.title: run.records for run in found.runs}
    panels = [panel for panel in gamma_panels(records) if panel.x_label == "gamma"]
    found.threshold_charts += draw_charts(panels, found.groups)
    if not panels:
        found.note(
            "thresholds",
            "No AP over gamma: no run was evaluated at several (TEST.GAMMAS; models of whole "
            "images only).",
        )


def _read_keypoints(found: SetReport) -> tuple[People | None, dict[str, Predictions]]:
    """The annotated people and what the runs predicted for them, where both are there."""
    first = found.runs[0]
    with data_root_of(first.folder, found.name):
        try:
            people = load_people(found.name, first.config.get("TEST.KEYPOINT_OKS_SIGMAS") or ())
        except InputError as error:
            _note_in_all(found, str(error))
            return None, {}
        predictions = {}
        for run in found.runs:
            path = result_file(run, people)
            if path.is_file():
                predictions[run.title] = load_predictions(run, people)
            else:
                _note_in_all(found, f"{run.title} has no {path.relative_to(run.folder)}.")
    return people, predictions


def _note_in_all(found: SetReport, sentence: str) -> None:
    for part in ("thresholds", "calibration", "gallery"):
        found.note(part, sentence)


def _add_file_tables(found: SetReport, predictions: dict[str, Predictions]) -> None:
    matched = {title: p.matched for title, p in predictions.items() if p.matched is not None}
    if not matched:
        found.note(
            "results",
            "No kinds of errors: they are told from result files in COCO's form only.",
        )
        return
    people = {title: _named(m.people) for title, m in matched.items()}
    ends = dict.fromkeys(next(iter(people.values())))
    errors = {title: _error_shares(m) for title, m in matched.items()}
    error_ends = {kind: "max" if kind == "good" else "min" for kind in ERROR_KINDS}
    found.file_tables = [
        figure_table("people, count", found.groups, people, ends),
        figure_table("keypoints by kind of error, percent", found.groups, errors, error_ends),
    ]


def _named(counts: dict[str, int]) -> dict[str, int]:
    return {name.replace("_", " "): count for name, count in counts.items()}


def _error_shares(matched: MatchedKeypoints) -> dict[str, float]:
    """Percent of the labelled keypoints."""
    counts = np.bincount(matched.error, minlength=len(ERROR_KINDS))
    return dict(zip(ERROR_KINDS, (100 * counts / len(matched)).tolist(), strict=True))


def _add_confidence(found: SetReport, people: People, predictions: dict[str, Predictions]) -> None:
    confidences = {}
    for title, predicted in predictions.items():
        if predicted.score is None:
            for part in ("thresholds", "calibration"):
                found.note(part, f"{title} gives no confidence: all its scores are the same.")
        else:
            confidences[title] = Confidence(people, predicted)
    if not confidences:
        return
    found.threshold_charts += draw_charts(threshold_panels(confidences), found.groups)
    found.calibration_charts = draw_charts(reliability_panels(confidences), found.groups)
    figures = {title: confidence.figures() for title, confidence in confidences.items()}
    ends = calibration_rows(confidences)
    found.calibration = figure_table("keypoints found", found.groups, figures, ends)
    if not people.tells_hidden:
        found.note(
            "calibration",
            f"Not split by visibility: the annotations of {found.name} do not tell hidden from "
            "visible ones.",
        )
    found.note(
        "calibration",
        f"{NUM_BINS} bins of equal width; those with fewer than {LEAST_IN_BIN} keypoints are not "
        "drawn, but count in the ECE.",
    )


def _add_gallery(
    found: SetReport, people: People, predictions: dict[str, Predictions], limit: int
) -> None:
    total = len(people.annotation_id)
    if limit <= 0:
        found.note("gallery", f"No gallery: it was limited to {limit} people.")
        return
    rows = choose_people([predicted.error for predicted in predictions.values()], limit)
    if len(rows) < total:
        found.note(
            "gallery",
            f"{len(rows):,} of {total:,} people: half of them those with the largest errors of "
            "any run, the others spread evenly over the rest.",
        )
    try:
        found.gallery = gallery_data(people, predictions, rows)
    except InputError as error:
        found.note("gallery", str(error))
