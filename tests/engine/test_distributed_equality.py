"""Two gloo processes train like one process with the same global batch.

float64, SGD, fixed samples without augmentation, BatchNorm frozen. The numbers of labelled
keypoints differ between the processes, so the losses' normalizers have to be averaged over them.
"""

import os

import pytest
import torch
from detectron2.engine import launch
from engine.distributed_runs import NUM_STEPS, train_all
from engine.stand_in import read_losses
from helpers.tiny import RULES


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Output folders of the runs with one process and with two."""
    one, two = (str(tmp_path_factory.mktemp(name)) for name in ("one", "two"))
    train_all(one)
    launch(train_all, 2, dist_url="auto", args=(two,))
    return one, two


@pytest.mark.parametrize("name", ["stand_in", "accumulated", *RULES, "CenterPose"])
def test_two_processes_equal_one(folders, name):
    one, two = (read_losses(os.path.join(folder, name)) for folder in folders)
    assert len(one) == NUM_STEPS
    assert [loss for _, loss in two] == pytest.approx([loss for _, loss in one], rel=1e-5)
    assert len({round(loss, 8) for _, loss in one}) == NUM_STEPS  # it did train
    states = [
        torch.load(os.path.join(folder, name, "model_final.pth"), weights_only=True)["model"]
        for folder in folders
    ]
    for key, value in states[0].items():
        torch.testing.assert_close(states[1][key], value, rtol=1e-7, atol=1e-9, msg=key)
    assert not any(key.startswith("module.") for key in states[1])
