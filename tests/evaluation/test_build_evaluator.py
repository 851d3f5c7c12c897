import numpy as np
import pytest
from detectron2.config import get_cfg
from detectron2.data import MetadataCatalog

from adaanchor_d2 import add_adaanchor_config
from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation import CocoKeypointEvaluator, build_evaluator

from .cases import ground_truth_pairs, make_evaluator, process, register


@pytest.fixture
def cfg():
    cfg = get_cfg()
    add_adaanchor_config(cfg)
    return cfg


def test_config_and_arguments_build_the_same(cfg, small_set, tmp_path):
    built = build_evaluator(cfg, register(small_set), str(tmp_path), has_confidence=True)
    assert isinstance(built, CocoKeypointEvaluator)
    direct = make_evaluator(
        small_set,
        rescore_threshold=cfg.TEST.RESCORE_THRESHOLD,
        confidence_thresholds=cfg.TEST.CONFIDENCE_THRESHOLDS,
    )
    for evaluator in (built, direct):
        process(evaluator, ground_truth_pairs(small_set, np.random.default_rng(0)))
    assert built.evaluate() == direct.evaluate()
    assert (tmp_path / "coco_instances_results.json").is_file()


def test_rescoring_is_a_switch(cfg, small_set):
    aps = []
    for cfg.TEST.RESCORE in (True, False):
        evaluator = build_evaluator(cfg, register(small_set), None, has_confidence=True)
        process(evaluator, ground_truth_pairs(small_set, np.random.default_rng(1)))
        aps.append(evaluator.evaluate()["keypoints"]["AP"])
    assert aps[0] != aps[1]


def test_config_sigmas_of_wrong_length(cfg, small_set):
    cfg.TEST.KEYPOINT_OKS_SIGMAS = [0.1, 0.2]
    with pytest.raises(InputError, match="TEST.KEYPOINT_OKS_SIGMAS has 2 sigmas.*17 keypoints"):
        build_evaluator(cfg, register(small_set), None, has_confidence=True)


def test_unknown_evaluator_type(cfg):
    with pytest.raises(InputError, match="evaluation_of_nothing.*None.*coco_keypoints"):
        build_evaluator(cfg, "evaluation_of_nothing", None, has_confidence=True)
    MetadataCatalog.get("evaluation_of_a_kind").evaluator_type = "my_kind"
    with pytest.raises(InputError, match="'my_kind'.*coco_keypoints"):
        build_evaluator(cfg, "evaluation_of_a_kind", None, has_confidence=True)


def test_missing_json_file(cfg, small_set):
    name = "evaluation_without_json"
    skeleton = MetadataCatalog.get(register(small_set)).skeleton
    MetadataCatalog.get(name).set(evaluator_type="coco_keypoints", skeleton=skeleton)
    with pytest.raises(InputError, match=f"{name} has no json_file"):
        build_evaluator(cfg, name, None, has_confidence=True)
