"""Annotations that several tests compare with."""

import pytest
from helpers.annotated_people import write_people


@pytest.fixture
def made_up(tmp_path):
    return write_people(tmp_path / "gt.json"), "coco"


@pytest.fixture
def coco_sample(shared_data):
    return shared_data / "coco/annotations/person_keypoints_train2017.json", "coco"


@pytest.fixture
def crowdpose_sample(shared_data):
    return shared_data / "crowdpose/annotations/crowdpose_trainval.json", "crowdpose"
