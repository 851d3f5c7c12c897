"""What the quick start compares anchor rules on: synthetic people, faces and crowds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from adaanchor_d2.data.synthetic import (
    SyntheticCrowdsOptions,
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
        is_cropped: a sample is one person or face; else a whole image with all its people.
    """

    configs: str
    data_folder: str
    write_data: Callable[..., None]
    columns: dict[str, str]
    curves: dict[str, str]
    legend: str
    is_cropped: bool = True


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
CROWDS = Subject(
    configs="quickstart_crowds",
    data_folder="synthetic_crowds",
    write_data=partial(
        write_synthetic_people,
        layout="crowdpose",
        options=SyntheticCrowdsOptions(any_pose_probability=0.2),
    ),
    columns={
        "AP": "keypoints/AP",
        "easy": "keypoints/APeasy",
        "medium": "keypoints/APmedium",
        "hard": "keypoints/APhard",
        "recall": "keypoints/KeypointRecall@KS0.5",
        "precision": "keypoints/KeypointPrecision@KS0.5",
        "AP_gamma0.5": "keypoints_gamma0.5/AP",
        "recall_gamma0.5": "keypoints_gamma0.5/KeypointRecall@KS0.5",
    },
    curves={"AP (gamma 0.1)": "keypoints/AP"},
    legend="AP in percent on synthetic crowds, shorter side {height} pixels, of all images and by\n"
    "crowding (easy, medium, hard); recall and precision of the keypoints located before\n"
    "grouping, right when their similarity is at least 0.5. Keypoints with a confidence of\n"
    "gamma 0.1 or more, in the last columns of 0.5 or more; grouped by the ground truth.",
    is_cropped=False,
)
CENTERS = Subject(
    configs="quickstart_centers",
    data_folder="synthetic_crowds",
    write_data=partial(
        write_synthetic_people,
        layout="crowdpose",
        # Of half of the people something hides the middle, where the other rules look for them.
        options=SyntheticCrowdsOptions(any_pose_probability=0.2, hidden_center_probability=0.5),
    ),
    columns={
        "AP": "keypoints/AP",
        "easy": "keypoints/APeasy",
        "medium": "keypoints/APmedium",
        "hard": "keypoints/APhard",
        "people": "keypoints/PersonRecall@OKS0.5",
        "AP_gamma0.3": "keypoints_gamma0.3/AP",
        "people_gamma0.3": "keypoints_gamma0.3/PersonRecall@OKS0.5",
        "AP_gamma0.5": "keypoints_gamma0.5/AP",
        "people_gamma0.5": "keypoints_gamma0.5/PersonRecall@OKS0.5",
    },
    curves={"AP (gamma 0.01)": "keypoints/AP"},
    legend="Single-stage; AP in percent on synthetic crowds, shorter side {height} pixels, of\n"
    "all images and by crowding (easy, medium, hard), half of the people have a hidden\n"
    "middle; people: percent found at an OKS of 0.5 or more. Centres with a confidence of\n"
    "gamma 0.01 or more, in the last columns of 0.3 and 0.5 or more.",
    is_cropped=False,
)
SUBJECTS = {"people": PEOPLE, "faces": FACES, "crowds": CROWDS, "centers": CENTERS}
