"""The command on made-up and real annotations, and the sentences it refuses with."""

import json
import re

import cv2
import numpy as np
import pytest
from helpers.annotated_people import read_people, write_people, write_results

FILES = {"figures.json", "joints.csv"}
PICTURES = {"precision_recall.png", "reliability.png", "errors.png", "errors_by_joint.png"}


@pytest.fixture
def analyze(run_tool, capsys):
    """Run the command; returns status, output, error."""

    def run(gt, *results, arguments=()):
        status = run_tool("analyze_results.py", "--gt", gt, "--results", *results, *arguments)
        printed = capsys.readouterr()
        return status, printed.out, printed.err.strip()

    return run


def overconfident(people, seed):
    """xy of which three in ten are wrong, and scores that are too high."""
    rng = np.random.default_rng(seed)
    wrong = rng.uniform(size=people["keypoints"].shape[:2]) < 0.3
    xy = people["keypoints"][..., :2] + wrong[..., None] * 70.0
    return xy, np.clip(rng.normal(0.93, 0.03, wrong.shape) - 0.03 * wrong, 0.01, 0.99)


@pytest.fixture
def made_up(tmp_path):
    """Annotations and two files of results."""
    gt_file = write_people(tmp_path / "gt.json", num_images=60)
    people = read_people(gt_file)
    files = []
    for seed, name in enumerate(("ours", "theirs")):
        (tmp_path / name).mkdir()
        results_file = tmp_path / name / "results.json"
        files.append(write_results(results_file, people, *overconfident(people, seed)))
    return gt_file, files


def ece(output, name="results.json"):
    table = output.split("All keypoints\n")[1].splitlines()
    return float(next(line for line in table if line.startswith(name)).split()[-2])


def test_several_files_side_by_side_with_tables_and_pictures(analyze, made_up, tmp_path):
    gt_file, files = made_up
    folder = tmp_path / "new" / "analysis"
    status, output, _ = analyze(gt_file, *files, arguments=("--output-dir", folder))
    assert status == 0
    assert {path.name for path in folder.iterdir()} == FILES | PICTURES
    assert all(f"written {folder / name}" in output for name in FILES | PICTURES)
    for name in PICTURES:
        assert min(cv2.imread(str(folder / name)).shape[:2]) > 200
    figures = json.loads((folder / "figures.json").read_text())
    assert list(figures) == ["ours", "theirs"]
    assert f"{figures['theirs']['groups']['all']['ECE']:.3f}" in output


@pytest.mark.parametrize(
    ("data_set", "skeleton"),
    [
        ("coco/annotations/person_keypoints_val2017.json", "coco"),
        ("crowdpose/annotations/crowdpose_test.json", "crowdpose"),
    ],
)
def test_real_annotations_as_results(analyze, shared_data, tmp_path, data_set, skeleton):
    gt_file = shared_data / data_set
    people = read_people(gt_file, skeleton)
    results_file = write_results(tmp_path / "r.json", people, people["keypoints"][..., :2])
    arguments = ("--skeleton", skeleton, "--output-dir", tmp_path / "out")
    status, output, _ = analyze(gt_file, results_file, arguments=arguments)
    assert status == 0 and ece(output, "r.json") == 0
    assert ("nothing is split by visibility" in output) == (skeleton == "crowdpose")
    assert "All located keypoints are right" in output


@pytest.mark.parametrize("kind", ["temperature", "isotonic"])
def test_a_calibration_fitted_on_one_file_makes_another_honest(analyze, made_up, tmp_path, kind):
    gt_file, (fitted, other) = made_up
    calibration = tmp_path / "calibration.json"
    arguments = ("--fit-calibration", kind, "--save-calibration", calibration)
    status, output, _ = analyze(gt_file, fitted, arguments=arguments)
    assert status == 0 and json.loads(calibration.read_text())["kind"] == kind
    raw, held_out = map(float, re.findall(r"ECE ([\d.]+) as they are, ([\d.]+) calib", output)[0])
    assert raw > 0.15 > 2 * held_out
    _, before, _ = analyze(gt_file, other)
    status, after, _ = analyze(gt_file, other, arguments=("--calibration", calibration))
    assert status == 0 and ece(after) <= ece(before) / 2


def test_annotations_without_visibility_are_not_split(analyze, tmp_path):
    gt_file = write_people(tmp_path / "gt.json", visibilities=(0, 2))
    people = read_people(gt_file)
    results_file = write_results(tmp_path / "r.json", people, *overconfident(people, 0))
    status, output, _ = analyze(gt_file, results_file)
    assert status == 0 and "(labelled ones have v = 2), so nothing is split" in output
    assert "Hidden" not in output and "Visible" not in output


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda r: [], "holds nobody: its list is empty"),
        (lambda r: [{**r[0], "keypoints": [1, 2, 0.5] * 16}], "not a list of 51 numbers but of 48"),
        (lambda r: [{**r[0], "category_id": 2}], "has category_id 2, but people have 1"),
        (lambda r: [{**r[0], "image_id": 777}], "1 of 1 images .* not in .*gt.json: image id 777"),
        (lambda r: [{**r[0], "keypoints": [1, 2, 1.5] * 17}], "only scores from 0 to 1"),
        (lambda r: [{**r[0], "keypoints": [1, 2, 0] * 17}], "all keypoints have score 0"),
    ],
)
def test_what_cannot_be_analysed_gets_one_sentence(analyze, made_up, tmp_path, change, sentence):
    gt_file, (results_file, _) = made_up
    results_file.write_text(json.dumps(change(json.loads(results_file.read_text()))))
    status, output, error = analyze(
        gt_file, results_file, arguments=("--output-dir", tmp_path / "o")
    )
    assert status == 2 and re.search(sentence, error) and "\n" not in error and not output
    assert error.endswith(".") and not (tmp_path / "o").exists()


def test_arguments_that_do_not_fit_get_one_sentence(analyze, made_up, tmp_path):
    gt_file, files = made_up
    saved = ("--save-calibration", tmp_path / "c.json")
    fit = ("--fit-calibration", "isotonic", *saved)
    empty = tmp_path / "empty.json"
    empty.write_text(json.dumps({"images": [], "annotations": []}))
    cases = [
        ((gt_file, files[0], files[0]), (), "--results names .* more than once"),
        ((gt_file, files[0]), saved, "--fit-calibration and --save-calibration need each other"),
        (
            (
                gt_file,
                files[0],
                files[0].parent / "." / ".." / files[0].parent.name / files[0].name,
            ),
            (),
            "more than once",
        ),
        ((gt_file, *files), fit, "--fit-calibration takes one file of --results"),
        ((gt_file, files[0]), (*fit, "--calibration", "c"), "takes one file of --results"),
        ((gt_file, files[0]), ("--calibration", tmp_path / "no"), "Calibration file .* be read"),
        ((gt_file, files[0]), ("--skeleton", "dog"), "Skeleton 'dog' is unknown"),
        ((tmp_path / "no.json", files[0]), (), "Annotation file .*no.json cannot be read"),
        ((gt_file, files[0]), ("--output-dir", gt_file), "gt.json is no folder"),
        ((gt_file, files[0]), (*fit[:3], gt_file / "c.json"), "gt.json is no folder"),
        ((empty, files[0]), (), "has nobody with a labelled keypoint"),
    ]
    for files_given, arguments, sentence in cases:
        status, _, error = analyze(*files_given, arguments=arguments)
        assert status == 2 and re.search(sentence, error.splitlines()[-1]), error
