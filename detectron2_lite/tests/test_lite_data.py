"""Data sets, samplers and loaders within one process."""

import itertools
import uuid

import pytest
import torch

import detectron2
from detectron2.config import get_cfg
from detectron2.data import (
    DatasetCatalog,
    MetadataCatalog,
    build_detection_test_loader,
    build_detection_train_loader,
    get_detection_dataset_dicts,
)
from detectron2.data.samplers import InferenceSampler, TrainingSampler

IS_LITE = "lite" in detectron2.__version__
only_lite = pytest.mark.skipif(not IS_LITE, reason="what only detectron2_lite does")


def take(iterable, count):
    return list(itertools.islice(iterable, count))


def identity(record):
    return record


def test_training_sampler_shuffles_whole_epochs():
    stream = take(TrainingSampler(7, seed=5), 21)
    epochs = [stream[i : i + 7] for i in (0, 7, 14)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert take(TrainingSampler(7, seed=5), 21) == stream
    assert take(TrainingSampler(7, seed=6), 21) != stream
    assert take(TrainingSampler(3, shuffle=False), 5) == [0, 1, 2, 0, 1]


def test_training_sampler_order_is_torchs_permutation():
    generator = torch.Generator().manual_seed(5)
    assert take(TrainingSampler(7, seed=5), 7) == torch.randperm(7, generator=generator).tolist()


def test_training_sampler_checks_its_size():
    with pytest.raises(ValueError):
        TrainingSampler(0)
    with pytest.raises(TypeError):
        TrainingSampler(1.5)


def test_inference_sampler():
    sampler = InferenceSampler(5)
    assert list(sampler) == list(range(5))
    assert len(sampler) == 5


@pytest.mark.parametrize("num_workers", [0, 1, 2])
def test_train_batches_do_not_depend_on_the_number_of_workers(num_workers):
    """Chunks of batch size are dealt to the workers, so batches and their order stay the same."""
    records = [{"id": i} for i in range(12)]
    loader = build_detection_train_loader(
        records,
        mapper=identity,
        sampler=TrainingSampler(12, seed=3),
        total_batch_size=4,
        aspect_ratio_grouping=False,
        num_workers=num_workers,
    )
    batches = [[record["id"] for record in batch] for batch in take(loader, 6)]
    stream = take(TrainingSampler(12, seed=3), 24)
    assert batches == [stream[i : i + 4] for i in range(0, 24, 4)]


def test_aspect_ratio_grouping():
    records = [{"id": i, "width": 1 + i % 3, "height": 2} for i in range(30)]
    loader = build_detection_train_loader(
        records, mapper=identity, total_batch_size=4, aspect_ratio_grouping=True
    )
    for batch in take(loader, 20):
        assert len(batch) == 4
        assert len({record["width"] > record["height"] for record in batch}) == 1


def test_loaders_leave_their_records_alone():
    """A mapper may change what it gets: each time it is another copy."""
    records = [{"values": [i]} for i in range(3)]
    loader = build_detection_test_loader(records, mapper=lambda r: r["values"].append(9) or r)
    for _ in range(2):
        assert [batch[0]["values"] for batch in loader] == [[0, 9], [1, 9], [2, 9]]
    assert records == [{"values": [i]} for i in range(3)]


def test_train_loader_collates():
    loader = build_detection_train_loader(
        list(range(8)),
        mapper=lambda x: 2 * x,
        total_batch_size=4,
        aspect_ratio_grouping=False,
        collate_fn=sum,
    )
    assert sum(take(loader, 2)) == 2 * sum(range(8))


def draw(record):
    return torch.rand(1).item(), torch.utils.data.get_worker_info().id


def test_workers_draw_different_random_numbers():
    loader = build_detection_train_loader(
        list(range(8)), mapper=draw, total_batch_size=2, aspect_ratio_grouping=False, num_workers=2
    )
    values = [value for batch in take(loader, 4) for value, _ in batch]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_test_loader_gives_every_sample_once_in_order(num_workers):
    loader = build_detection_test_loader(
        [{"id": i} for i in range(7)], mapper=identity, batch_size=3, num_workers=num_workers
    )
    assert len(loader) == 3
    batches = [[record["id"] for record in batch] for batch in loader]
    assert batches == [[0, 1, 2], [3, 4, 5], [6]]


@pytest.fixture
def name():
    unique = f"lite_test_{uuid.uuid4().hex}"
    annotation = {"category_id": 0, "keypoints": [1.0, 1.0, 2, 0.0, 0.0, 0]}
    records = [
        {"image_id": 0, "annotations": [annotation, annotation]},
        {"image_id": 1, "annotations": []},
        {"image_id": 2, "annotations": [{**annotation, "iscrowd": 1}]},
        {"image_id": 3, "annotations": [annotation]},
    ]
    DatasetCatalog.register(unique, lambda: records)
    MetadataCatalog.get(unique).thing_classes = ["person"]
    yield unique
    DatasetCatalog.remove(unique)
    MetadataCatalog.remove(unique)


def ids(records):
    return [record["image_id"] for record in records]


def test_dataset_dicts_are_filtered(name):
    assert ids(get_detection_dataset_dicts(name)) == [0, 3]
    assert ids(get_detection_dataset_dicts([name], filter_empty=False)) == [0, 1, 2, 3]
    assert ids(get_detection_dataset_dicts([name], min_keypoints=2)) == [0]


def test_loaders_from_config(name):
    cfg = get_cfg()
    cfg.DATASETS.TRAIN = cfg.DATASETS.TEST = (name,)
    cfg.DATALOADER.NUM_WORKERS = 0
    cfg.DATALOADER.ASPECT_RATIO_GROUPING = False
    cfg.SOLVER.IMS_PER_BATCH = 2
    cfg.SEED = 1
    train = build_detection_train_loader(cfg, mapper=identity)
    assert sorted(ids(next(iter(train)))) == [0, 3]
    test = build_detection_test_loader(cfg, name, mapper=identity)
    assert [ids(batch) for batch in test] == [[0], [1], [2], [3]]


def test_explicit_arguments_override_the_config():
    cfg = get_cfg()
    cfg.DATALOADER.NUM_WORKERS = 0
    cfg.DATALOADER.ASPECT_RATIO_GROUPING = False
    cfg.SEED = 1
    loader = build_detection_train_loader(
        cfg, dataset=list(range(6)), mapper=identity, total_batch_size=3
    )
    assert sorted(sum(take(loader, 2), [])) == list(range(6))


@only_lite
def test_missing_components_are_named(name):
    cfg = get_cfg()
    with pytest.raises(KeyError, match="DatasetMapper belongs to Detectron2"):
        build_detection_test_loader(cfg, name)
    cfg.MODEL.LOAD_PROPOSALS = True
    with pytest.raises(KeyError, match="LOAD_PROPOSALS.* belongs to Detectron2"):
        build_detection_test_loader(cfg, name, mapper=identity)
    cfg.MODEL.LOAD_PROPOSALS = False
    cfg.DATALOADER.SAMPLER_TRAIN = "RepeatFactorTrainingSampler"
    with pytest.raises(KeyError, match="RepeatFactorTrainingSampler belongs to Detectron2"):
        build_detection_train_loader(cfg, dataset=[1], mapper=identity)
    cfg.DATALOADER.SAMPLER_TRAIN = "NoSuchSampler"
    with pytest.raises(ValueError, match="NoSuchSampler"):
        build_detection_train_loader(cfg, dataset=[1], mapper=identity)
