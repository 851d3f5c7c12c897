from itertools import islice

import pytest
import torch
from detectron2.data import MetadataCatalog

from adaanchor_d2.data import (
    Skeleton,
    build_mapper,
    build_test_loader,
    build_train_loader,
    register_coco_keypoints,
)
from adaanchor_d2.data import build as build_module
from adaanchor_d2.errors import InputError, describe_input_error

TRAIN = ("DATASETS.TRAIN", ("coco_keypoints_train",), "SOLVER.IMS_PER_BATCH", 8)


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("sampler", ["TrainingSampler", "ImageGroupedSampler"])
def test_train_loader(real_data_root, make_cfg, sampler, num_workers):
    options = ("DATALOADER.NUM_WORKERS", num_workers, "DATALOADER.SAMPLER_TRAIN", sampler)
    cfg = make_cfg(*TRAIN, *options, "SOLVER.ACCUMULATE_STEPS", 2)
    batches = list(islice(build_train_loader(cfg), 24))
    assert all(len(batch) == 4 for batch in batches)
    samples = [sample for batch in batches for sample in batch]
    assert all(sample["image"].shape == (3, 256, 192) for sample in samples)
    assert all(sample["keypoints"].shape == (17, 3) for sample in samples)
    # 96 samples are one pass over the 95 people, and one more.
    assert len({sample["annotation_id"] for sample in samples}) == 95
    switches = sum(
        a["image_id"] != b["image_id"] for a, b in zip(samples, samples[1:], strict=False)
    )
    assert (switches < 40) == (sampler == "ImageGroupedSampler")


def test_training_samples_repeat_with_the_seed_alone(real_data_root, make_cfg):
    def first_batch(seed):
        torch.rand(3)  # what a model draws must not matter
        cfg = make_cfg(*TRAIN, "DATALOADER.NUM_WORKERS", 2, "SEED", seed)
        return next(iter(build_train_loader(cfg)))

    one, two, other = first_batch(5), first_batch(5), first_batch(6)
    assert all(torch.equal(a["image"], b["image"]) for a, b in zip(one, two, strict=True))
    assert not all(torch.equal(a["image"], b["image"]) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("sampler", ["TrainingSampler", "ImageGroupedSampler"])
def test_a_resumed_run_sees_other_samples(tiny_dataset, dataset_name, make_cfg, sampler):
    register_coco_keypoints(dataset_name, tiny_dataset.json_file, tiny_dataset.image_root, "coco")
    cfg = make_cfg(
        *("DATASETS.TRAIN", (dataset_name,), "SOLVER.IMS_PER_BATCH", 2, "SEED", 5),
        *("DATALOADER.SAMPLER_TRAIN", sampler, "DATALOADER.NUM_WORKERS", 0),
    )

    def samples(start_iter):
        loader = build_train_loader(cfg)
        loader.start_iter = start_iter
        batches = list(islice(loader, 8))
        order = [sample["annotation_id"] for batch in batches for sample in batch]
        return order, batches[0][0]["crop_to_image"].tolist()

    (order, crop), (resumed_order, resumed_crop) = samples(0), samples(700)
    assert order != resumed_order and crop != resumed_crop
    assert samples(700) == (resumed_order, resumed_crop)


def test_negative_seed_differs_in_each_run(tiny_dataset, dataset_name, make_cfg, monkeypatch):
    register_coco_keypoints(dataset_name, tiny_dataset.json_file, tiny_dataset.image_root, "coco")
    cfg = make_cfg("DATASETS.TRAIN", (dataset_name,), "SOLVER.IMS_PER_BATCH", 2, "SEED", -1)
    drawn = []

    def draw():  # all processes get the same number from it
        drawn.append(7 + len(drawn))
        return drawn[-1]

    monkeypatch.setattr(build_module.comm, "shared_random_seed", draw)
    orders = []
    for _ in range(2):
        batches = islice(build_train_loader(cfg), 12)
        orders.append([sample["annotation_id"] for batch in batches for sample in batch])
    assert drawn == [7, 8] and orders[0] != orders[1]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_test_loader_gives_every_person_once(real_data_root, make_cfg, num_workers):
    cfg = make_cfg("TEST.BATCH_SIZE", 20, "DATALOADER.NUM_WORKERS", num_workers)
    batches = list(build_test_loader(cfg, "coco_keypoints_val"))
    assert [len(batch) for batch in batches] == [20, 20, 6]
    ids = [sample["annotation_id"] for batch in batches for sample in batch]
    assert len(set(ids)) == 46
    assert len({sample["image_id"] for batch in batches for sample in batch}) == 18


def test_test_loader_with_detector_boxes(real_data_root, make_cfg):
    cfg = make_cfg("INPUT.PERSON_BOXES", "detector")
    samples = [s for batch in build_test_loader(cfg, "coco_keypoints_val") for s in batch]
    assert len(samples) == 59 and {s["image_id"] for s in samples} == {785, 197388}
    assert all(s["annotation_id"] == -1 and "keypoints" not in s for s in samples)
    assert min(s["box_score"] for s in samples) >= 0
    confident = make_cfg("INPUT.PERSON_BOXES", "detector", "INPUT.PERSON_BOX_MIN_SCORE", 0.5)
    scores = [s["box_score"] for b in build_test_loader(confident, "coco_keypoints_val") for s in b]
    assert scores and len(scores) < 59 and min(scores) >= 0.5


def test_own_data_with_an_own_skeleton(tiny_dataset, dataset_name, make_cfg):
    skeleton = Skeleton.from_names("pair", ["left_tip", "right_tip"], [], [0.05, 0.05])
    for person in tiny_dataset.document["annotations"]:
        person["keypoints"] = person["keypoints"][:6]
        person["num_keypoints"] = sum(v > 0 for v in person["keypoints"][2::3])
    tiny_dataset.write()
    register_coco_keypoints(dataset_name, tiny_dataset.json_file, tiny_dataset.image_root, skeleton)
    assert MetadataCatalog.get(dataset_name).keypoint_flip_map == [("left_tip", "right_tip")]
    cfg = make_cfg(
        *("DATASETS.TRAIN", (dataset_name,), "SOLVER.IMS_PER_BATCH", 2),
        *("MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS", 2),
    )
    assert next(iter(build_train_loader(cfg)))[0]["keypoints"].shape == (2, 3)
    samples = [s for batch in build_test_loader(cfg, dataset_name) for s in batch]
    assert [s["annotation_id"] for s in samples] == [1, 2]


def test_number_of_keypoints_must_fit(real_data_root, make_cfg):
    cfg = make_cfg(*TRAIN, "MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS", 16)
    with pytest.raises(InputError, match=r"NUM_KEYPOINTS is 16, but .* has 17 keypoints"):
        build_train_loader(cfg)


def test_batch_must_divide(real_data_root, make_cfg, monkeypatch):
    cfg = make_cfg(*TRAIN, "SOLVER.ACCUMULATE_STEPS", 3)
    with pytest.raises(InputError, match="IMS_PER_BATCH 8 does not divide by .*ACCUMULATE_STEPS 3"):
        build_train_loader(cfg)


def test_training_sets_must_share_a_skeleton(tiny_dataset, dataset_name, make_cfg):
    register_coco_keypoints(dataset_name, tiny_dataset.json_file, tiny_dataset.image_root, "mpii")
    cfg = make_cfg("DATASETS.TRAIN", ("coco_keypoints_train", dataset_name))
    with pytest.raises(
        InputError, match="mixes skeletons: .* has 'coco', 'test_people' has 'mpii'"
    ):
        build_module.get_training_skeleton(cfg)


def test_unknown_mapper_lists_the_known(make_cfg):
    with pytest.raises(
        InputError, match="INPUT.MAPPER 'Crop' is unknown; known are PersonCropMapper"
    ):
        build_mapper(make_cfg("INPUT.MAPPER", "Crop"), is_train=False)


def test_a_broken_image_is_named_from_a_worker(tiny_dataset, dataset_name, make_cfg):
    (tiny_dataset.image_root / "a.png").write_bytes(b"not an image")
    register_coco_keypoints(dataset_name, tiny_dataset.json_file, tiny_dataset.image_root, "coco")
    loader = build_test_loader(make_cfg("DATALOADER.NUM_WORKERS", 1), dataset_name)
    with pytest.raises(Exception, match="cannot be decoded") as error:
        list(loader)
    sentence = describe_input_error(error.value)
    assert sentence.startswith("Image ") and "a.png cannot be decoded" in sentence
    assert "\n" not in sentence
