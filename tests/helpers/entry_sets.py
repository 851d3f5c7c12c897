"""Small data sets in MPII's and WFLW's layouts, with pictures of noise."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
from scipy.io import savemat

MPII_CODES = (
    *("rank", "rkne", "rhip", "lhip", "lkne", "lank", "pelv", "thor", "neck", "head"),
    *("rwri", "relb", "rsho", "lsho", "lelb", "lwri"),
)
WFLW_LIST = "WFLW_annotations/list_98pt_rect_attr_train_test/list_98pt_rect_attr_{split}.txt"
# Faces' flags: pose, expression, illumination, make-up, occlusion, blur. Nobody wears make-up.
FLAGS = ((0, 0, 0, 0, 0, 0), (1, 0, 0, 0, 1, 0), (0, 1, 1, 0, 1, 0), (0, 0, 0, 0, 0, 1))


def write_mpii(folder: Path, num_people: int = 5, seed: int = 0) -> Path:
    """``valid.json`` (= ``train.json``), ``test.json``, ``gt_valid.mat``; two people an image."""
    rng = np.random.default_rng(seed)
    people = [_mpii_person(rng, f"{index // 2:03d}.png") for index in range(num_people)]
    annot = folder / "annot"
    annot.mkdir(parents=True)
    for name in ("train", "valid"):
        (annot / f"{name}.json").write_text(json.dumps(people))
    public = [{key: p[key] for key in ("image", "center", "scale")} for p in people]
    (annot / "test.json").write_text(json.dumps(public))
    write_mat(annot / "gt_valid.mat", people, rng.uniform(20, 60, (2, num_people)))
    _write_pictures(rng, folder / "images", {person["image"] for person in people})
    return folder


def write_mat(path: Path, people: list[dict], head_sides: np.ndarray, **changes) -> None:
    """The evaluation file of people with head boxes of these sides (2, N)."""
    joints = np.array([person["joints"] for person in people], float)  # (N, 16, 2)
    corner = np.full_like(head_sides, 7.0)
    content = {
        "dataset_joints": np.array([MPII_CODES], dtype=object),
        "jnt_missing": 1 - np.array([person["joints_vis"] for person in people], np.uint8).T,
        "pos_gt_src": joints.transpose(1, 2, 0),
        "headboxes_src": np.stack([corner, corner + head_sides]),
    }
    savemat(path, {k: v for k, v in (content | changes).items() if v is not None})


def _mpii_person(rng, image: str) -> dict:
    labelled = rng.uniform(size=16) < 0.85
    labelled[9] = True
    joints = np.where(labelled[:, None], rng.uniform(-3, 120, (16, 2)).round(2), -1.0)
    return {
        "image": image,
        "center": rng.uniform(40, 80, 2).round(1).tolist(),
        "scale": round(rng.uniform(0.3, 0.6), 4),
        "joints": joints.tolist(),
        "joints_vis": labelled.astype(int).tolist(),
    }


def write_wflw(folder: Path, num_faces: int = 5, seed: int = 0) -> Path:
    """Both lists with the same faces, two an image, and HRNet's csv of them beside ``images``."""
    rng = np.random.default_rng(seed)
    faces = [rng.uniform(20, 100, (98, 2)).round(6) for _ in range(num_faces)]
    images = [f"0--Noise/{index // 2}.png" for index in range(num_faces)]
    lines = [
        " ".join(map(str, [*face.ravel(), 15, 18, 110, 105, *FLAGS[index % 4], images[index]]))
        for index, face in enumerate(faces)
    ]
    for split in ("train", "test"):
        path = folder / WFLW_LIST.format(split=split)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
    _write_pictures(rng, folder / "WFLW_images", set(images))
    return folder


def write_wflw_csv(path: Path, rows: list[list]) -> Path:
    """HRNet's csv of rows [image, scale, centre x, centre y, coordinates ...]."""
    header = ["image_name", "scale", "center_w", "center_h"]
    header += [f"original_{point}_{axis}" for point in range(98) for axis in "xy"]
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def _write_pictures(rng, folder: Path, names: set[str]) -> None:
    for name in sorted(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), rng.integers(0, 255, (120, 128, 3), dtype=np.uint8))
