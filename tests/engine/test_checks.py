import pytest
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog
from engine.stand_in import DATASET

from adaanchor_d2.data.skeletons import Skeleton, get_skeleton
from adaanchor_d2.engine import Trainer
from adaanchor_d2.engine.checks import (
    check_device,
    check_evaluation,
    check_solver,
    check_training,
    warn_of_fixed_anchors,
)
from adaanchor_d2.errors import InputError


def test_a_good_config_passes(cfg):
    check_training(cfg())


@pytest.mark.parametrize(
    "options, sentence",
    [
        (["SOLVER.OPTIMIZER", "Lion"], "SOLVER.OPTIMIZER 'Lion' is unknown; known are Adam"),
        (["MODEL.KEYPOINT_HEAD.NAME", "Ada"], "NAME 'Ada' is no known anchor rule; known are AdaA"),
        (["MODEL.PIXEL_MEAN", "[1.0, 2.0]"], "PIXEL_MEAN has 2 values"),
        (["MODEL.PIXEL_STD", "[0.0, 1.0, 1.0]"], "PIXEL_STD .* above 0"),
        (["INPUT.CROP_SIZE", "(64, 'a')"], "CROP_SIZE .* two whole numbers"),
        (["INPUT.SCALE_FACTOR", "1.5"], "SCALE_FACTOR 1.5 must be in"),
        (["SOLVER.BEST_METRIC_MODE", "most"], "BEST_METRIC_MODE is 'most'.*max or min"),
        (["SOLVER.ACCUMULATE_STEPS", 0], "SOLVER.ACCUMULATE_STEPS is 0"),
        (["SOLVER.CHECKPOINT_PERIOD", 0], "SOLVER.CHECKPOINT_PERIOD is 0"),
        (["SOLVER.WARMUP_ITERS", -1], r"SOLVER.WARMUP_ITERS is -1, but must be 0 \(off\) or more"),
        (["TEST.EVAL_PERIOD", -5], r"TEST.EVAL_PERIOD is -5, but must be 0 \(off\) or more"),
        (["INPUT.PERSON_BOXES", "ground-truth"], "PERSON_BOXES is 'ground-truth', but must be"),
        (["SOLVER.EMA.ENABLED", True, "SOLVER.EMA.DECAY", 1.5], "SOLVER.EMA.DECAY is 1.5"),
        (["SOLVER.AMP.ENABLED", True, "SOLVER.AMP.DTYPE", "half"], "known are bfloat16, float16"),
        (["SOLVER.AMP.ENABLED", True, "SOLVER.AMP.DTYPE", "float16"], "float16 needs a GPU"),
        (["SOLVER.IMS_PER_BATCH", 10, "SOLVER.ACCUMULATE_STEPS", 4], "10 does not divide by 4"),
        (["TEST.PRECISE_BN.ENABLED", True], "TEST.PRECISE_BN.ENABLED is not supported"),
        (["MODEL.META_ARCHITECTURE", "Nothing"], "'Nothing' is unknown; known are .*EngineStandIn"),
        (["MODEL.META_ARCHITECTURE", "CenterPose"], "CenterPose needs INPUT.MAPPER WholeImageM"),
        (
            ["MODEL.META_ARCHITECTURE", "SinglePose", "INPUT.MAPPER", "WholeImageMapper"],
            "SinglePose needs INPUT.MAPPER PersonCropMapper, not WholeImageMapper",
        ),
        (
            [
                *("MODEL.META_ARCHITECTURE", "BottomUpPose", "INPUT.MAPPER", "WholeImageMapper"),
                *("DATASETS.TEST", ("engine_mpii",)),
            ],
            "DATASETS.TEST names 'engine_mpii', which is evaluated person by person",
        ),
        (["MODEL.DEVICE", "gpu"], "MODEL.DEVICE 'gpu' is no device"),
        (["MODEL.KEYPOINT_HEAD.NUM_KEYPOINTS", 14], f"is 14, but data set '{DATASET}' has 17"),
        (["DATASETS.TRAIN", ()], "DATASETS.TRAIN is empty"),
        (["DATASETS.TEST", ("nowhere_val",)], "nowhere_val"),
        (["TEST.EXPECTED_RESULTS", [["keypoints", "AP"]]], "TEST.EXPECTED_RESULTS holds"),
        (["INPUT.PERSON_BOXES", "detector"], "set it to keypoints_detector_boxes/AP"),
        (
            ["INPUT.PERSON_BOXES", "rectangle", "SOLVER.BEST_METRIC", "keypoints/NME"],
            "keypoints/NME does not exist .* set it to keypoints_rectangle_boxes/NME",
        ),
    ],
)
def test_mistakes_get_one_sentence(cfg, options, sentence):
    if "engine_mpii" not in DatasetCatalog.list():
        DatasetCatalog.register("engine_mpii", list)
        skeleton = get_skeleton("coco")  # what matters is how it is evaluated
        MetadataCatalog.get("engine_mpii").set(skeleton=skeleton, evaluator_type="mpii_keypoints")
    with pytest.raises(InputError, match=sentence) as caught:
        check_training(cfg(*options))
    assert "\n" not in str(caught.value)


def test_batch_must_divide_by_processes(cfg):
    check_solver(cfg("SOLVER.IMS_PER_BATCH", 6, "SOLVER.ACCUMULATE_STEPS", 2), world_size=3)
    with pytest.raises(InputError, match=r"does not divide by 8, .*processes \(4\) x .*\(2\)"):
        check_solver(cfg("SOLVER.IMS_PER_BATCH", 6, "SOLVER.ACCUMULATE_STEPS", 2), world_size=4)


def test_test_sets_need_the_same_skeleton(cfg):
    if "engine_crowdpose" not in DatasetCatalog.list():
        DatasetCatalog.register("engine_crowdpose", list)
        MetadataCatalog.get("engine_crowdpose").set(skeleton=get_skeleton("crowdpose"))
    with pytest.raises(InputError, match="'engine_crowdpose' has 14 keypoints"):
        check_training(cfg("DATASETS.TEST", ("engine_crowdpose",)))


def test_the_flip_test_needs_test_sets_with_the_same_mirror_partners(cfg):
    coco = get_skeleton("coco")
    swapped = Skeleton("unpaired", [f"k{i}" for i in range(17)], range(17), (), coco.sigmas)
    same = Skeleton("other_sigmas", coco.names, coco.flip_indices, (), [0.1] * 17)
    for skeleton in (swapped, same):
        name = f"engine_{skeleton.name}"
        if name not in DatasetCatalog.list():
            DatasetCatalog.register(name, list)
            MetadataCatalog.get(name).set(skeleton=skeleton)
    both = "DATASETS.TEST", (DATASET, "engine_unpaired")
    sentence = f"TEST.FLIP needs one .* '{DATASET}' has the skeleton 'coco' and 'engine_unpaired'"
    for check in (check_training, check_evaluation):
        check(cfg(*both))
        check(cfg("TEST.FLIP", True, "DATASETS.TEST", (DATASET, "engine_other_sigmas")))
        with pytest.raises(InputError, match=sentence):
            check(cfg("TEST.FLIP", True, *both))
    with pytest.raises(InputError, match=sentence):
        Trainer.test(cfg("TEST.FLIP", True, *both), torch.nn.Identity())


def test_data_sets_must_be_there(cfg, tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    for check in (check_training, check_evaluation):
        with pytest.raises(InputError, match="'coco_keypoints_val' is not there"):
            check(cfg("DATASETS.TEST", ("coco_keypoints_val",)))


def test_boxes_do_not_name_the_results_of_whole_images(cfg):
    check_training(cfg("INPUT.MAPPER", "WholeImageMapper", "INPUT.PERSON_BOXES", "detector"))


def test_a_detection_file_is_a_kind_of_boxes(cfg, tmp_path):
    (tmp_path / "boxes.json").write_text("[]")
    check_evaluation(cfg("INPUT.PERSON_BOXES", str(tmp_path / "boxes.json")))
    with pytest.raises(InputError, match="ground_truth, rectangle, detector or the path of a det"):
        check_evaluation(cfg("INPUT.PERSON_BOXES", str(tmp_path / "none.json")))


def test_missing_gpu_says_how_to_use_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="MODEL.DEVICE is cuda.*'MODEL.DEVICE cpu'"):
        check_device("cuda")
    check_device("cpu", num_processes=64)


def test_more_processes_than_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    check_device("cuda", num_processes=2)
    with pytest.raises(InputError, match="needs 3 GPUs, but this machine has 2"):
        check_device("cuda", num_processes=3)
    with pytest.raises(InputError, match="needs 6 GPUs"):
        check_device("cuda:5")


def test_one_named_gpu_cannot_serve_several_processes(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    check_device("cuda:1")
    with pytest.raises(InputError, match="MODEL.DEVICE cuda:1 is one GPU, but 2 processes"):
        check_device("cuda:1", num_processes=2)
    check_device("cpu:0", num_processes=2)


def test_warm_up_of_the_whole_training_is_warned_of(cfg, caplog):
    config = cfg("MODEL.KEYPOINT_HEAD.FIXED_ITERS", "50", "SOLVER.MAX_ITER", "50")
    warn_of_fixed_anchors(config)
    assert "FIXED_ITERS 50 is not below SOLVER.MAX_ITER 50" in caplog.text
