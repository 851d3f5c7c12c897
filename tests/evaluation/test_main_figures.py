import pytest

from adaanchor_d2.errors import InputError
from adaanchor_d2.evaluation.main_figures import better_end, check_best_metric


@pytest.mark.parametrize(
    ("evaluator_type", "metric", "mode"),
    [
        ("coco_keypoints", "keypoints/AP", "max"),
        ("crowdpose", "keypoints/PersonRecall@OKS0.5", "max"),
        ("coco_keypoints", "keypoints_detector_boxes/AP75", "max"),
        ("coco_keypoints", "visibility/InvError", "min"),
        ("mpii_keypoints", "keypoints/Mean@0.5", "max"),
        ("wflw_landmarks", "keypoints/NME_LargePose", "min"),
        ("coco_keypoints", "", "max"),
        ("somebody's own", "task/figure", "min"),
    ],
)
def test_figures_that_exist(evaluator_type, metric, mode):
    check_best_metric(evaluator_type, metric, mode)


@pytest.mark.parametrize(
    ("evaluator_type", "metric", "mode", "sentence"),
    [
        ("mpii_keypoints", "keypoints/AP", "max", "keypoints/AP is no figure .*Mean@0.5, Mean@0.1"),
        ("coco_keypoints", "keypoint/AP", "max", "keypoint/AP is no figure .*AP, AP50"),
        ("wflw_landmarks", "keypoints/NME", "max", "would keep the worst .*set it to min"),
    ],
)
def test_figures_that_do_not(evaluator_type, metric, mode, sentence):
    with pytest.raises(InputError, match=sentence):
        check_best_metric(evaluator_type, metric, mode)


def test_the_better_end_of_any_figure():
    for evaluator_type, figure, end in (
        ("coco_keypoints", "AP", "max"),
        ("wflw_landmarks", "NME_Blur", "min"),
        ("coco_keypoints", "NME", None),
        ("coco_keypoints", "Precision@0.5", "max"),
        ("", "ECE", "min"),
        ("coco_keypoints", "InvScore", None),
        ("coco_keypoints", "VisCount", None),
    ):
        assert better_end(evaluator_type, figure) == end
