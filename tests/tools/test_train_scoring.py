import json
import re

import pytest
import torch
from detectron2.modeling import build_model
from helpers.crowds import center_config
from helpers.scored_people import write_scored_people


@pytest.fixture
def train(run_tool, tmp_path, capsys):
    """Run the command; returns status, output, error."""

    def run(gt, results, *arguments, output=tmp_path / "scoring.pth"):
        files = ("--gt", gt, "--results", results, "--output", output)
        status = run_tool("train_scoring.py", *files, *arguments)
        printed = capsys.readouterr()
        return status, printed.out, printed.err.strip()

    return run


@pytest.mark.parametrize(("skeleton", "num_keypoints"), [("coco", 17), ("crowdpose", 14)])
def test_trains_what_the_model_takes(train, tmp_path, skeleton, num_keypoints):
    files = write_scored_people(tmp_path, skeleton=skeleton)
    status, output, _ = train(*files, "--skeleton", skeleton, "--epochs", "60")
    assert status == 0
    rows = dict(re.findall(r"^(score.*?|prediction) +[\d.]+ +(-?[\d.]+)$", output, re.M))
    assert float(rows["score x prediction"]) > float(rows["score"]) + 0.3
    assert "432 to train on, 48 held out" in output
    path = str(tmp_path / "scoring.pth")
    overrides = {"MODEL__CENTER__SCORE_WEIGHTS": path}
    overrides["MODEL__KEYPOINT_HEAD__NUM_KEYPOINTS"] = num_keypoints
    net = build_model(center_config(**overrides)).decoder.scoring_net
    assert net(torch.rand(2, num_keypoints, 3)).isfinite().all()


@pytest.mark.parametrize(("skeleton", "counts"), [("coco", True), ("crowdpose", False)])
def test_the_area_of_a_person_is_that_of_the_evaluation(train, tmp_path, skeleton, counts):
    """COCO's is the file's, CrowdPose's 0.53 x box whatever the file says."""
    gt, results = write_scored_people(tmp_path, num_images=4, skeleton=skeleton)
    arguments = (gt, results, "--skeleton", skeleton, "--epochs", "1")
    _, before, _ = train(*arguments)
    content = json.loads(gt.read_text())
    for person in content["annotations"]:
        person["area"] *= 100
    gt.write_text(json.dumps(content))
    status, after, _ = train(*arguments)
    assert status == 0 and (after != before) == counts


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda results: [], "holds nobody: its list is empty"),
        (lambda results: {"a": 1}, "is no list of predicted people"),
        (lambda results: [*results, 5], "entry 8 is no object with image_id, keypoints and score"),
        (lambda results: [{**results[0], "image_id": "a"}], "entry 0 has image_id 'a'"),
        (lambda results: [{**results[0], "keypoints": [1, 2]}], "not a list of 51 numbers"),
        (lambda results: [{**results[0], "score": float("nan")}], "a score that is not a finite"),
        (lambda results: [{**results[0], "image_id": 77}], "not in .*: image id 77"),
        (lambda results: results[:4], "in 1 images .* at least 2"),
    ],
)
def test_bad_results_get_a_sentence(train, tmp_path, change, sentence):
    gt, results = write_scored_people(tmp_path, num_images=2)
    results.write_text(json.dumps(change(json.loads(results.read_text()))))
    status, _, error = train(gt, results)
    assert status == 2 and re.search(sentence, error), error
    assert "\n" not in error and error.endswith(".") and not (tmp_path / "scoring.pth").exists()


def test_bad_arguments_get_a_sentence(train, tmp_path):
    gt, results = write_scored_people(tmp_path, num_images=2)
    cases = [
        ((gt, results, "--skeleton", "dog"), {}, "Skeleton 'dog' is unknown"),
        ((gt, results, "--skeleton", "crowdpose"), {}, "has 51 numbers in 'keypoints'"),
        ((gt, tmp_path / "none.json"), {}, "Result file .*none.json cannot be read"),
        ((gt, results, "--epochs", "0"), {}, "--epochs is 0"),
        ((gt, results), {"output": "weights.json"}, "must end in .pth"),
        ((gt, results), {"output": tmp_path / "none/w.pth"}, "w.pth cannot be written"),
    ]
    for arguments, options, sentence in cases:
        status, _, error = train(*arguments, **options)
        assert status == 2 and re.search(sentence, error) and "\n" not in error, error
