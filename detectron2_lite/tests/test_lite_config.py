"""Configs: defaults, merging, construction from a config."""

import pytest

import detectron2
from detectron2.config import CfgNode, configurable, get_cfg

IS_LITE = "lite" in detectron2.__version__
only_lite = pytest.mark.skipif(not IS_LITE, reason="what only detectron2_lite does")

# Facts from Detectron2's config reference.
DEFAULTS = {
    "VERSION": 2,
    "MODEL.DEVICE": "cuda",
    "MODEL.META_ARCHITECTURE": "GeneralizedRCNN",
    "MODEL.WEIGHTS": "",
    "MODEL.PIXEL_MEAN": [103.53, 116.28, 123.675],
    "MODEL.PIXEL_STD": [1.0, 1.0, 1.0],
    "MODEL.BACKBONE.NAME": "build_resnet_backbone",
    "MODEL.BACKBONE.FREEZE_AT": 2,
    "MODEL.KEYPOINT_ON": False,
    "MODEL.ROI_KEYPOINT_HEAD.NUM_KEYPOINTS": 17,
    "INPUT.FORMAT": "BGR",
    "INPUT.MIN_SIZE_TRAIN": (800,),
    "INPUT.MAX_SIZE_TEST": 1333,
    "INPUT.RANDOM_FLIP": "horizontal",
    "INPUT.CROP.ENABLED": False,
    "DATASETS.TRAIN": (),
    "DATASETS.TEST": (),
    "DATALOADER.NUM_WORKERS": 4,
    "DATALOADER.ASPECT_RATIO_GROUPING": True,
    "DATALOADER.SAMPLER_TRAIN": "TrainingSampler",
    "DATALOADER.FILTER_EMPTY_ANNOTATIONS": True,
    "SOLVER.LR_SCHEDULER_NAME": "WarmupMultiStepLR",
    "SOLVER.MAX_ITER": 40000,
    "SOLVER.BASE_LR": 0.001,
    "SOLVER.BASE_LR_END": 0.0,
    "SOLVER.MOMENTUM": 0.9,
    "SOLVER.NESTEROV": False,
    "SOLVER.WEIGHT_DECAY": 0.0001,
    "SOLVER.WEIGHT_DECAY_NORM": 0.0,
    "SOLVER.WEIGHT_DECAY_BIAS": None,
    "SOLVER.GAMMA": 0.1,
    "SOLVER.STEPS": (30000,),
    "SOLVER.WARMUP_FACTOR": 0.001,
    "SOLVER.WARMUP_ITERS": 1000,
    "SOLVER.WARMUP_METHOD": "linear",
    "SOLVER.CHECKPOINT_PERIOD": 5000,
    "SOLVER.IMS_PER_BATCH": 16,
    "SOLVER.REFERENCE_WORLD_SIZE": 0,
    "SOLVER.BIAS_LR_FACTOR": 1.0,
    "SOLVER.CLIP_GRADIENTS.ENABLED": False,
    "SOLVER.CLIP_GRADIENTS.CLIP_TYPE": "value",
    "SOLVER.CLIP_GRADIENTS.CLIP_VALUE": 1.0,
    "SOLVER.CLIP_GRADIENTS.NORM_TYPE": 2.0,
    "SOLVER.AMP.ENABLED": False,
    "TEST.EVAL_PERIOD": 0,
    "TEST.EXPECTED_RESULTS": [],
    "TEST.KEYPOINT_OKS_SIGMAS": [],
    "TEST.DETECTIONS_PER_IMAGE": 100,
    "TEST.AUG.ENABLED": False,
    "TEST.PRECISE_BN.NUM_ITER": 200,
    "OUTPUT_DIR": "./output",
    "SEED": -1,
    "CUDNN_BENCHMARK": False,
    "FLOAT32_PRECISION": "",
    "VIS_PERIOD": 0,
    "GLOBAL.HACK": 1.0,
}


def look_up(cfg, key):
    for name in key.split("."):
        cfg = cfg[name]
    return cfg


@pytest.mark.parametrize("key", DEFAULTS)
def test_defaults(key):
    value = look_up(get_cfg(), key)
    assert value == DEFAULTS[key]
    assert type(value) is type(DEFAULTS[key])


def test_get_cfg_returns_independent_copies():
    get_cfg().SOLVER.MAX_ITER = 1
    get_cfg().MODEL.PIXEL_MEAN.append(0.0)
    assert get_cfg().SOLVER.MAX_ITER == 40000
    assert len(get_cfg().MODEL.PIXEL_MEAN) == 3


def test_base_chain(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "base.yaml").write_text(
        "VERSION: 2\nSOLVER: {MAX_ITER: 7, BASE_LR: 0.5}\nSEED: 1\n"
    )
    (tmp_path / "deep/middle.yaml").write_text("_BASE_: ../base.yaml\nSOLVER: {MAX_ITER: 8}\n")
    (tmp_path / "deep/leaf.yaml").write_text("_BASE_: middle.yaml\nSOLVER: {STEPS: [3, 4]}\n")
    cfg = get_cfg()
    cfg.merge_from_file(str(tmp_path / "deep/leaf.yaml"), allow_unsafe=False)
    assert (cfg.SOLVER.MAX_ITER, cfg.SOLVER.BASE_LR, cfg.SEED) == (8, 0.5, 1)
    assert cfg.SOLVER.STEPS == (3, 4)  # a list takes the type of the default, a tuple


def test_dump_can_be_merged_again(tmp_path):
    cfg = get_cfg()
    cfg.merge_from_list(["DATASETS.TRAIN", "('a', 'b')", "SOLVER.BASE_LR", 1e-05])
    (tmp_path / "dumped.yaml").write_text(cfg.dump())
    again = get_cfg()
    again.merge_from_file(str(tmp_path / "dumped.yaml"), allow_unsafe=False)
    assert (again.DATASETS, again.SOLVER) == (cfg.DATASETS, cfg.SOLVER)
    assert type(again.DATASETS.TRAIN) is tuple


def test_unknown_key_in_a_file_is_named(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("VERSION: 2\nSOLVER: {MAX_ITERS: 7}\n")
    with pytest.raises(KeyError, match="SOLVER.MAX_ITERS"):
        get_cfg().merge_from_file(str(path), allow_unsafe=False)


def test_missing_file_is_named():
    with pytest.raises((AssertionError, OSError), match="nowhere.yaml"):
        get_cfg().merge_from_file("nowhere.yaml", allow_unsafe=False)


def test_newer_version_is_refused(tmp_path):
    path = tmp_path / "new.yaml"
    path.write_text("VERSION: 3\n")
    with pytest.raises(AssertionError):
        get_cfg().merge_from_file(str(path), allow_unsafe=False)


def test_merge_from_list():
    cfg = get_cfg()
    cfg.merge_from_list(["SOLVER.MAX_ITER", "12", "INPUT.MIN_SIZE_TRAIN", "(1, 2)", "SEED", 3])
    assert (cfg.SOLVER.MAX_ITER, cfg.INPUT.MIN_SIZE_TRAIN, cfg.SEED) == (12, (1, 2), 3)
    with pytest.raises(AssertionError, match="SOLVER.NONE"):
        cfg.merge_from_list(["SOLVER.NONE", 1])
    with pytest.raises(ValueError, match="SOLVER.MAX_ITER"):
        cfg.merge_from_list(["SOLVER.MAX_ITER", "many"])


def test_frozen():
    cfg = get_cfg()
    cfg.freeze()
    with pytest.raises(AttributeError):
        cfg.SOLVER.MAX_ITER = 1
    thawed = cfg.clone()
    thawed.defrost()
    thawed.SOLVER.MAX_ITER = 1
    assert cfg.SOLVER.MAX_ITER == 40000


class Layer:
    @configurable
    def __init__(self, width, depth=2, *, extra="none"):
        self.values = (width, depth, extra)

    @classmethod
    def from_config(cls, cfg, depth_offset=0):
        return {"width": cfg.WIDTH, "depth": cfg.DEPTH + depth_offset}


def test_configurable_init():
    cfg = CfgNode({"WIDTH": 4, "DEPTH": 5})
    assert Layer(1).values == (1, 2, "none")
    assert Layer(width=1, depth=3).values == (1, 3, "none")
    assert Layer(cfg).values == (4, 5, "none")
    assert Layer(cfg=cfg).values == (4, 5, "none")
    assert Layer(cfg, depth_offset=10).values == (4, 15, "none")  # an argument of from_config
    assert Layer(cfg, depth=0, extra="x").values == (4, 0, "x")  # arguments of __init__ win


def test_configurable_uses_the_subclass_from_config():
    class Doubled(Layer):
        @classmethod
        def from_config(cls, cfg):
            return {"width": 2 * cfg.WIDTH}

    assert Doubled(CfgNode({"WIDTH": 4, "DEPTH": 5})).values == (8, 2, "none")


def test_configurable_function():
    def from_config(cfg, name):
        return {"size": cfg.SIZE, "name": name.upper()}

    @configurable(from_config=from_config)
    def build(size, name, suffix=""):
        return size, name + suffix

    cfg = CfgNode({"SIZE": 3})
    assert build(1, "a") == (1, "a")
    assert build(cfg, "a") == (3, "A")
    assert build(cfg, name="a", suffix="!") == (3, "A!")


def test_configurable_needs_from_config():
    class NoFromConfig:
        @configurable
        def __init__(self, a):
            pass

    class NoCfgArgument:
        @configurable
        def __init__(self, a):
            pass

        @classmethod
        def from_config(cls, config):
            return {"a": 1}

    with pytest.raises(AttributeError, match="from_config"):
        NoFromConfig(1)
    with pytest.raises(TypeError, match="cfg"):
        NoCfgArgument(get_cfg())


@only_lite
@pytest.mark.parametrize("allow_unsafe", [{}, {"allow_unsafe": True}])
def test_yaml_never_runs_code(tmp_path, allow_unsafe):
    marker = tmp_path / "ran"
    path = tmp_path / "payload.yaml"
    path.write_text(f"SEED: !!python/object/apply:os.mkdir ['{marker}']\n")
    with pytest.raises(Exception, match="allow_unsafe|could not determine a constructor"):
        get_cfg().merge_from_file(str(path), **allow_unsafe)
    assert not marker.exists()


@only_lite
def test_sections_of_detectron2_models_are_named(tmp_path):
    path = tmp_path / "resnet.yaml"
    path.write_text("VERSION: 2\nMODEL: {RESNETS: {DEPTH: 50}}\n")
    with pytest.raises(KeyError, match="MODEL.RESNETS belongs to Detectron2.*install"):
        get_cfg().merge_from_file(str(path))
    with pytest.raises(KeyError, match="MODEL.ROI_HEADS.NAME belongs to Detectron2.*install"):
        get_cfg().merge_from_list(["MODEL.ROI_HEADS.NAME", "StandardROIHeads"])
