"""Curves of training."""

from collections.abc import Sequence

from ..visualization.curves import Panel, training_panels
from .charts import Chart, draw_charts
from .seeds import Group

# Figures with a curve, those that were evaluated more than once: {metric: title}.
_METRICS = {
    "keypoints/AP": "AP",
    "keypoints_detector_boxes/AP": "AP, detector boxes",
    "keypoints/Mean@0.5": "PCKh@0.5",
    "keypoints/NME": "NME (%)",
    "keypoints/FR@0.1": "failures (%)",
    "keypoints/PersonRecall@OKS0.5": "people found (%)",
    "visibility/VisError": "error of visible keypoints (px of the input)",
    "visibility/InvError": "error of hidden keypoints (px of the input)",
    "confidence/AUROC": "AUROC",
    "confidence/ECE": "ECE",
    "anchors/displacement_px": "distance of the anchors from their targets (px)",
}


def draw_training(
    groups: Sequence[Group], styles: dict[str, dict]
) -> tuple[list[Chart], list[str]]:
    """Return the charts, and sentences on what has none; ``styles`` are ``group_styles``."""
    records = {run.title: run.records for group in groups for run in group.runs if run.records}
    if not records:
        return [], ["No run has a metrics.json with curves of training."]
    loss, *others = training_panels(records, {title: key for key, title in _METRICS.items()})
    panels = [panel for panel in (loss, *others) if _is_a_curve(panel)]
    notes = []
    if not any(panel.has_markers for panel in panels):
        notes.append("Figures have no curve: no run was evaluated twice (TEST.EVAL_PERIOD).")
    return draw_charts(panels, styles), notes


def _is_a_curve(panel: Panel) -> bool:
    return any(len(points) > 1 for points in panel.points.values())
