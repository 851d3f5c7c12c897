"""What the quick start compares anchor rules on: synthetic people or synthetic faces."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from adaanchor_d2.data.synthetic import (
    SyntheticPeopleOptions,
    write_synthetic_faces,
    write_synthetic_people,
)

# Anchor rule -> its config in the subject's folder.
RULES = {
    "AdaAnchor": "ada",
    "FixAnchor": "fix",
    "HeatmapAnchor": "heatmap",
    "RegressionAnchor": "regression",
}


@dataclass(frozen=True)
class Subject:
    """What is compared on.

    Attributes:
        configs: folder below configs/.
        data_folder: below the data root.
        write_data: called with the folder and how much to draw.
        columns: {name in table and summary: metric of the evaluation}.
        curves: {title: metric}, drawn over the iterations.
        legend: what the table's figures are.
    """

    configs: str
    data_folder: str
    write_data: Callable[..., None]
    columns: dict[str, str]
    curves: dict[str, str]
    legend: str


PEOPLE = Subject(
    configs="quickstart",
    data_folder="synthetic_people",
    # Mostly upright people who face the viewer: what a small network can learn in minutes.
    write_data=partial(
        write_synthetic_people,
        options=SyntheticPeopleOptions(max_people=3, any_pose_probability=0.2),
    ),
    columns={
        "AP": "keypoints/AP",
        "vis_error": "visibility/VisError",
        "vis_score": "visibility/VisScore",
        "inv_error": "visibility/InvError",
        "inv_score": "visibility/InvScore",
        "auroc": "confidence/AUROC",
        "ece": "confidence/ECE",
    },
    curves={
        "AP": "keypoints/AP",
        "error of visible keypoints (px)": "visibility/VisError",
        "error of hidden keypoints (px)": "visibility/InvError",
    },
    legend="AP in percent on synthetic people; errors in pixels of the {height}x{width} network\n"
    "input, scores (mean confidence) from 0 to 1, of visible (vis) and hidden (inv)\n"
    "keypoints; auroc and ece: can the confidence be trusted (1 and 0 are best).",
)
FACES = Subject(
    configs="quickstart_faces",
    data_folder="synthetic_faces",
    write_data=write_synthetic_faces,
    columns={
        "nme": "keypoints/NME",
        "failures": "keypoints/FR@0.1",
        "auc": "keypoints/AUC@0.1",
        "nme_pose": "keypoints/NME_LargePose",
        "nme_occlusion": "keypoints/NME_Occlusion",
        "nme_blur": "keypoints/NME_Blur",
    },
    curves={
        "NME (%)": "keypoints/NME",
        "NME, large pose (%)": "keypoints/NME_LargePose",
        "NME, occlusion (%)": "keypoints/NME_Occlusion",
        "failures (%)": "keypoints/FR@0.1",
        "AUC": "keypoints/AUC@0.1",
    },
    legend="On synthetic faces in crops of {height}x{width} pixels: mean error in percent of the\n"
    "distance of the eyes (nme; of all faces and of three subsets), share of faces with\n"
    "more than 10 percent (failures), area under the curve of errors to there (auc).",
)
SUBJECTS = {"people": PEOPLE, "faces": FACES}
