"""Annotation files that several tests evaluate."""

import pytest

from .cases import write_small_set


@pytest.fixture
def small_set(tmp_path):
    return write_small_set(tmp_path / "small.json")


@pytest.fixture
def real_set(shared_data):
    return shared_data / "coco" / "annotations" / "person_keypoints_val2017.json"
