"""DatasetCatalog and MetadataCatalog."""

import uuid

import pytest

from detectron2.data import DatasetCatalog, MetadataCatalog


@pytest.fixture
def name():
    unique = f"lite_test_{uuid.uuid4().hex}"
    yield unique
    for catalog in (DatasetCatalog, MetadataCatalog):
        if unique in catalog.list():
            catalog.remove(unique)


def test_register_and_get(name):
    DatasetCatalog.register(name, lambda: [{"image_id": 1}])
    assert name in DatasetCatalog.list()
    assert DatasetCatalog.get(name) == [{"image_id": 1}]
    with pytest.raises(AssertionError, match="already registered"):
        DatasetCatalog.register(name, list)
    DatasetCatalog.remove(name)
    with pytest.raises(KeyError, match=name):
        DatasetCatalog.get(name)


def test_only_functions_are_registered(name):
    with pytest.raises(AssertionError):
        DatasetCatalog.register(name, [1, 2])


def test_metadata_is_one_object_per_name(name):
    metadata = MetadataCatalog.get(name)
    assert metadata.name == name
    assert metadata.set(thing_classes=["person"], evaluator_type="x") is metadata
    assert MetadataCatalog.get(name).thing_classes == ["person"]
    assert metadata.as_dict() == {
        "name": name,
        "thing_classes": ["person"],
        "evaluator_type": "x",
    }


def test_metadata_values_are_set_once(name):
    metadata = MetadataCatalog.get(name)
    metadata.thing_classes = ["person"]
    metadata.thing_classes = ["person"]
    with pytest.raises(AssertionError, match="thing_classes"):
        metadata.thing_classes = ["dog"]


def test_missing_metadata(name):
    metadata = MetadataCatalog.get(name)
    assert metadata.get("nothing", 3) == 3
    assert not hasattr(metadata, "nothing")
    with pytest.raises(AttributeError, match="nothing"):
        metadata.nothing  # noqa: B018
