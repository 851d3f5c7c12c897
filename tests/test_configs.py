"""The leaf configs say what the paper says (test_leaves.py runs them)."""

from pathlib import Path

import pytest

from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.modeling.decoders import COCO_JOINT_ORDER

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
LEAVES = sorted(path for path in CONFIGS.rglob("*.yaml") if not path.name.startswith("Base"))
COCO = [path for path in LEAVES if path.parent.name == "coco_single" and "256x192" in path.name]
# Folder -> people trained on (of many people: images), batch, learning rate, epochs (two steps and
# the end), crop.
SCHEDULES = {
    "coco_single": (149813, 320, 0.001, (90, 120, 140), (256, 192)),
    "mpii_single": (22246, 320, 0.001, (90, 120, 140), (256, 256)),
    "wflw_single": (7500, 16, 0.0001, (30, 50, 60), (256, 256)),
    "coco_bottom_up": (56599, 40, 0.001, (90, 120, 140), (512, 512)),
    "crowdpose_bottom_up": (12000, 40, 0.001, (90, 120, 140), (512, 512)),
    "coco_center": (56599, 40, 0.001, (90, 120, 140), (512, 512)),
    "crowdpose_center": (12000, 40, 0.001, (90, 120, 140), (512, 512)),
}
BOTTOM_UP = [
    path
    for path in LEAVES
    if path.parent.name in ("coco_bottom_up", "crowdpose_bottom_up") and "overfit" not in path.name
]
CENTER = [
    path
    for path in LEAVES
    if path.parent.name in ("coco_center", "crowdpose_center") and "overfit" not in path.name
]
PAPER = COCO + [path for path in LEAVES if path.parent.name in ("mpii_single", "wflw_single")]
PAPER += BOTTOM_UP + CENTER


def names(paths):
    return [str(path.relative_to(CONFIGS)) for path in paths]


@pytest.mark.parametrize("path", PAPER, ids=names(PAPER))
def test_schedule_is_the_papers(path):
    cfg = load_config(str(path))
    people, batch, base_lr, epochs, crop = SCHEDULES[path.parent.name]
    assert cfg.SOLVER.IMS_PER_BATCH == batch and cfg.SOLVER.BASE_LR == base_lr
    iterations = (*cfg.SOLVER.STEPS, cfg.SOLVER.MAX_ITER)
    assert iterations == tuple(round(epoch * people / batch) for epoch in epochs)
    assert cfg.SOLVER.GAMMA == 0.1 and cfg.SOLVER.OPTIMIZER == "Adam"
    assert cfg.SOLVER.WEIGHT_DECAY == 0 and cfg.SOLVER.WARMUP_ITERS == 0
    assert tuple(cfg.INPUT.CROP_SIZE) == crop and not cfg.TEST.FLIP
    if cfg.MODEL.KEYPOINT_HEAD.NAME == "AdaAnchor":
        assert cfg.MODEL.KEYPOINT_HEAD.FIXED_ITERS == round(cfg.SOLVER.MAX_ITER / 4)


def test_every_row_of_tables_1_and_2_has_a_leaf():
    def row(path):
        cfg = load_config(str(path))
        head = cfg.MODEL.KEYPOINT_HEAD
        rule = (head.NAME, head.FUSION, head.NUM_ANCHORS, head.LOCAL_REFINEMENT)
        return cfg.MODEL.TIMM.NAME.split(".")[0], *rule

    rules = {"AdaAnchor", "HeatmapAnchor", "RegressionAnchor"}
    wanted = {(f"resnet{n}", rule, "mul", 20, True) for n in (50, 101, 152) for rule in rules}
    wanted |= {
        ("resnet50", "FixAnchor", "mul", 20, True),
        ("resnet50", "AdaAnchor", "add", 20, True),
        ("resnet50", "AdaAnchor", "mul", 1, True),
        ("resnet50", "AdaAnchor", "mul", 20, False),
    }
    extra = ("subpixel", "hrnet")
    paper = [path for path in COCO if not any(word in path.name for word in extra)]
    assert wanted == {row(path) for path in paper}


@pytest.mark.parametrize(
    ("folder", "network", "best_metric"),
    [
        ("mpii_single", "resnet50.tv_in1k", ("keypoints/Mean@0.5", "max")),
        ("wflw_single", "hrnet_w18.ms_in1k", ("keypoints/NME", "min")),
    ],
)
def test_every_row_of_tables_3_and_4_has_a_leaf(folder, network, best_metric):
    leaves = [load_config(str(path)) for path in LEAVES if path.parent.name == folder]
    rules = [cfg.MODEL.KEYPOINT_HEAD.NAME for cfg in leaves]
    assert sorted(rules) == ["AdaAnchor", "HeatmapAnchor", "RegressionAnchor"]
    assert {cfg.MODEL.TIMM.NAME for cfg in leaves} == {network}
    for cfg in leaves:
        assert (cfg.SOLVER.BEST_METRIC, cfg.SOLVER.BEST_METRIC_MODE) == best_metric
        assert cfg.INPUT.SCALE_FACTOR == 0.25 and cfg.INPUT.ROTATION_FACTOR == 30
        assert cfg.INPUT.HALF_BODY_PROB == 0


@pytest.mark.parametrize("folder", ["coco_bottom_up", "crowdpose_bottom_up"])
def test_every_row_of_tables_5_and_6_has_a_leaf(folder):
    """All take their tags from the network that the folder's leaf ``ae_...`` trains."""
    leaves = {path.stem: load_config(str(path)) for path in BOTTOM_UP if path.parent.name == folder}
    ours = [cfg for cfg in leaves.values() if cfg.MODEL.TAG.SOURCE == "frozen"]
    rules = {cfg.MODEL.KEYPOINT_HEAD.NAME for cfg in ours}
    assert rules == {"AdaAnchor", "FixAnchor", "HeatmapAnchor"}
    tagger = leaves["ae_hrnet_w32_512"]
    assert tagger.MODEL.TAG.SOURCE == "joint"
    for cfg in ours:
        assert cfg.MODEL.TAG.WEIGHTS == f"{tagger.OUTPUT_DIR}/model_final.pth"
        assert cfg.MODEL.TAG.TIMM_NAME == tagger.MODEL.TIMM.NAME.split(".")[0] == "hrnet_w32"
    if folder == "coco_bottom_up":
        assert leaves["higherhrnet_w32_512"].MODEL.KEYPOINT_HEAD.NAME == "HigherHeatmapAnchor"


@pytest.mark.parametrize("path", BOTTOM_UP + CENTER, ids=names(BOTTOM_UP + CENTER))
def test_leaves_of_many_people_augment_as_the_paper(path):
    cfg = load_config(str(path))
    assert cfg.INPUT.MAPPER == "WholeImageMapper" and cfg.INPUT.MIN_SIZE_TEST == 512
    assert cfg.INPUT.ROTATION_FACTOR == 30 and tuple(cfg.INPUT.SCALE_RANGE) == (0.75, 1.5)
    assert cfg.INPUT.TRANSLATE == 40 and cfg.INPUT.FLIP_PROB == 0.5
    assert not cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS


@pytest.mark.parametrize("path", BOTTOM_UP, ids=names(BOTTOM_UP))
def test_bottom_up_leaves_decode_as_the_paper(path):
    cfg = load_config(str(path))
    assert cfg.MODEL.KEYPOINT_HEAD.GAMMA == 0.1 and cfg.MODEL.MAX_PEOPLE == 30
    assert not cfg.TEST.FILL_MISSING and not cfg.TEST.GAMMAS
    coco = path.parent.name == "coco_bottom_up"
    assert tuple(cfg.MODEL.TAG.JOINT_ORDER) == (COCO_JOINT_ORDER if coco else ())


@pytest.mark.parametrize("folder", ["coco_center", "crowdpose_center"])
def test_every_anchor_rule_has_a_leaf_for_every_offset_branch(folder):
    """They share all but the rule, what belongs to it, and the branch, so that they compare."""
    leaves = [load_config(str(path)) for path in CENTER if path.parent.name == folder]
    rules, branches = ("AdaAnchor", "FixAnchor", "HeatmapAnchor"), ("adaptive", "plain")
    found = {(cfg.MODEL.KEYPOINT_HEAD.NAME, cfg.MODEL.CENTER.OFFSET_BRANCH): cfg for cfg in leaves}
    assert len(leaves) == 6 and set(found) == {(r, b) for r in rules for b in branches}
    shared = []
    for (rule, _), cfg in found.items():
        center, is_heatmap = cfg.MODEL.CENTER, rule == "HeatmapAnchor"
        assert center.OFFSET_RADIUS == (4 if is_heatmap else 0)
        weights = (center.OFFSET_LOSS_WEIGHT, center.KEYPOINT_LOSS_WEIGHT)
        assert weights == ((0.03, 1) if is_heatmap else (3, 100))
        assert cfg.MODEL.KEYPOINT_HEAD.GAMMA == 0.01 and not cfg.TEST.GAMMAS
        assert cfg.TEST.POSE_NMS_NUM_KEYPOINTS == (8 if folder == "coco_center" else 7)
        shared.append(cfg.clone())
        shared[-1].defrost()
        shared[-1].MODEL.KEYPOINT_HEAD.NAME = shared[-1].OUTPUT_DIR = ""
        shared[-1].MODEL.KEYPOINT_HEAD.FIXED_ITERS = 0
        for key in ("BRANCH", "RADIUS", "LOSS_WEIGHT"):
            shared[-1].MODEL.CENTER.pop(f"OFFSET_{key}")
        shared[-1].MODEL.CENTER.pop("KEYPOINT_LOSS_WEIGHT")
    assert all(cfg == shared[0] for cfg in shared)


@pytest.mark.parametrize(
    ("folder", "others"),
    [
        ("quickstart", ("fix", "heatmap", "regression")),
        ("quickstart_faces", ("fix", "heatmap", "regression")),
        ("quickstart_crowds", ("fix", "heatmap")),
        ("quickstart_centers", ("fix",)),
    ],
)
def test_quick_start_rules_share_everything_but_the_rule(folder, others):
    def shared(name):
        cfg = load_config(str(CONFIGS / folder / f"{name}.yaml")).clone()
        cfg.defrost()
        cfg.MODEL.KEYPOINT_HEAD.clear()
        cfg.OUTPUT_DIR = ""
        return cfg

    assert all(shared(other) == shared("ada") for other in others)
