"""What the report shows of one test set."""

from dataclasses import dataclass, field

from .charts import Chart
from .runs import Run
from .seeds import Group
from .tables import Table

# Parts of the page that need the result files and the data set.
KEYPOINT_PARTS = ("thresholds", "calibration", "gallery")


@dataclass
class SetReport:
    """One test set and the runs evaluated on it.

    Attributes:
        name: of the data set.
        groups: its runs.
        styles: how the lines of runs look.
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
    styles: dict[str, dict]
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

    def note(self, sentence: str, *parts: str) -> None:
        """Say what is not there in these parts of the page."""
        for part in parts:
            self.notes.setdefault(part, []).append(sentence)
