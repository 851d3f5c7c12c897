"""Everything that there is of a test set, gathered."""

from collections.abc import Sequence

from ..errors import InputError
from .parts import add_confidence, add_file_tables, add_gallery, add_gamma_charts, add_tables
from .people import People, load_people
from .predictions import Predictions, load_predictions, result_file
from .roots import data_root_of
from .runs import Run
from .seeds import Group
from .set_report import KEYPOINT_PARTS, SetReport


def report_on_set(
    name: str, groups: Sequence[Group], styles: dict[str, dict], gallery_limit: int
) -> SetReport:
    """Gather what there is; what is not, or is broken, is noted.

    Args:
        name: of the data set.
        groups: runs whose first test set it is.
        styles: ``group_styles`` of all groups of the page.
        gallery_limit: the most people in the gallery; 0 for none.
    """
    found = SetReport(name, list(groups), styles)
    add_tables(found)
    add_gamma_charts(found)
    people, predictions = _read_keypoints(found)
    if people is not None and predictions:
        found.limit_name = people.limit_name
        add_file_tables(found, predictions)
        add_confidence(found, people, predictions)
        add_gallery(found, people, predictions, gallery_limit)
    return found


def _read_keypoints(found: SetReport) -> tuple[People | None, dict[str, Predictions]]:
    """The annotated people and what the runs predicted for them, where both are there."""
    first = found.runs[0]
    sigmas = first.config.get("TEST.KEYPOINT_OKS_SIGMAS") or ()
    with data_root_of(first.folder, found.name):
        try:
            people = load_people(found.name, sigmas)
        except InputError as error:
            found.note(str(error), *KEYPOINT_PARTS)
            return None, {}
        predictions = {run.title: _read_run(found, run, people) for run in found.runs}
    return people, {title: read for title, read in predictions.items() if read is not None}


def _read_run(found: SetReport, run: Run, people: People) -> Predictions | None:
    path = result_file(run, people)
    if not path.is_file():
        found.note(f"{run.title} has no {path.relative_to(run.folder)}.", *KEYPOINT_PARTS)
        return None
    try:
        return load_predictions(run, people)
    except InputError as error:
        found.note(str(error), *KEYPOINT_PARTS)
        return None
