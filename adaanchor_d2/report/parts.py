"""The parts of a test set's report, each added where what it needs is there, else a note."""

from detectron2.data import MetadataCatalog

from ..analysis import ERROR_KINDS, MatchedKeypoints
from ..analysis.figures import anchor_figures, count_errors, describe_unmatched, group_masks
from ..analysis.keypoint_errors import GOOD
from ..errors import InputError
from ..visualization.curves import threshold_panels as gamma_panels
from .charts import draw_charts
from .confidence import (
    LEAST_IN_BIN,
    NUM_BINS,
    Confidence,
    calibration_rows,
    reliability_panels,
    threshold_panels,
)
from .gallery import choose_people, gallery_data
from .people import People
from .predictions import Predictions
from .set_report import SetReport
from .tables import evaluation_tables, figure_table


def add_tables(found: SetReport) -> None:
    evaluator_type = getattr(MetadataCatalog.get(found.name), "evaluator_type", "")
    for table in evaluation_tables(found.groups, evaluator_type):
        (found.gamma_tables if "_gamma" in table.task else found.tables).append(table)
    for run in found.runs:
        if not (run.folder / "metrics.json").exists():
            found.note(f"{run.title} has no metrics.json: no figures.", "results")
        elif not run.last_evaluation:
            found.note(f"{run.title} has not been evaluated.", "results")
    tasks = {table.task for table in found.tables}
    for task in ("visibility", "confidence"):
        if found.tables and not any(t.endswith(task) for t in tasks):
            found.note(_NO_TASK[task].get(evaluator_type, _NO_TASK[task][""]), "results")


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


def add_gamma_charts(found: SetReport) -> None:
    records = {run.title: run.records for run in found.runs}
    panels = [panel for panel in gamma_panels(records) if panel.x_label == "gamma"]
    found.threshold_charts += draw_charts(panels, found.styles)
    if not panels:
        found.note(
            "No AP over gamma: no run was evaluated at several (TEST.GAMMAS; models of whole "
            "images only).",
            "thresholds",
        )


def add_file_tables(found: SetReport, predictions: dict[str, Predictions]) -> None:
    matched = {title: p.matched for title, p in predictions.items() if p.matched is not None}
    if not matched:
        found.note(
            "No kinds of errors: they are told from result files in COCO's form only.",
            "results",
        )
        return
    for task, figures_of, ends in _FILE_TABLES:
        figures = {title: figures_of(m) for title, m in matched.items()}
        names = dict.fromkeys(name for values in figures.values() for name in values)
        if names:
            rows = {name: ends.get(name) for name in names}
            found.file_tables.append(figure_table(task, found.groups, figures, rows))


def _people(matched: MatchedKeypoints) -> dict[str, float]:
    return {name.replace("_", " "): count for name, count in matched.people.items()}


def _error_shares(matched: MatchedKeypoints) -> dict[str, float]:
    counts = count_errors(matched)
    return {kind: 100 * count / len(matched) for kind, count in counts.items()}


def _displacements(matched: MatchedKeypoints) -> dict[str, float]:
    if matched.anchor_xy is None:
        return {}
    parts = {group: matched.where(mask) for group, mask in group_masks(matched).items()}
    figures = anchor_figures(matched, parts)["displacement"]
    return {group: value for group, value in figures.items() if value is not None}


# Name, its figures of a result file, their better ends.
_FILE_TABLES = (
    ("people, count", _people, {}),
    # Fewer errors of one kind may be more of another, worse one.
    ("keypoints by kind of error, percent", _error_shares, {ERROR_KINDS[GOOD]: "max"}),
    ("mean distance of keypoints from their anchors, image pixels", _displacements, {}),
)


def add_confidence(found: SetReport, people: People, predictions: dict[str, Predictions]) -> None:
    confidences = {}
    for title, predicted in predictions.items():
        if predicted.score is None:
            sentence = f"{title} gives no confidence: all its scores are the same."
            found.note(sentence, "thresholds", "calibration")
        else:
            confidences[title] = Confidence(people, predicted)
    if not confidences:
        return
    _note_unmatched(found, {title: predictions[title].matched for title in confidences})
    found.threshold_charts += draw_charts(threshold_panels(confidences), found.styles)
    found.calibration_charts = draw_charts(reliability_panels(confidences), found.styles)
    figures = {title: confidence.figures() for title, confidence in confidences.items()}
    ends = calibration_rows(confidences)
    found.calibration = figure_table("keypoints found", found.groups, figures, ends)
    if not people.tells_hidden:
        found.note(
            f"Not split by visibility: the annotations of {found.name} do not tell hidden from "
            "visible ones.",
            "calibration",
        )
    found.note(
        f"{NUM_BINS} bins of equal width; those with fewer than {LEAST_IN_BIN} keypoints are not "
        "drawn, but count in the ECE.",
        "calibration",
    )


def _note_unmatched(found: SetReport, matched: dict[str, MatchedKeypoints | None]) -> None:
    """Say of each group how many people of all its runs count nowhere."""
    for group in found.groups:
        runs = [matched[r.title].people for r in group.runs if matched.get(r.title) is not None]
        people = {key: sum(of_run[key] for of_run in runs) for key in ("unmatched", "predicted")}
        if people["unmatched"]:
            found.note(f"{group.title}, {describe_unmatched(people)}", "thresholds", "calibration")


def add_gallery(
    found: SetReport, people: People, predictions: dict[str, Predictions], limit: int
) -> None:
    total = len(people.annotation_id)
    if limit <= 0:
        found.note(f"No gallery: it was limited to {limit} people.", "gallery")
        return
    rows = choose_people([predicted.error for predicted in predictions.values()], limit)
    if len(rows) < total:
        found.note(
            f"{len(rows):,} of {total:,} people: half of them those with the largest errors of "
            "any run, the others spread evenly over the rest.",
            "gallery",
        )
    try:
        found.gallery = gallery_data(people, predictions, rows)
    except InputError as error:
        found.note(str(error), "gallery")
