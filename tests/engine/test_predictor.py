import cv2
import numpy as np
import pytest
import torch
from detectron2.structures import Boxes
from helpers.crowds import bottom_up_config, center_config
from helpers.tiny import tiny_config, with_saved_weights

import adaanchor_d2
from adaanchor_d2.data import get_skeleton
from adaanchor_d2.data.build import build_mapper
from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.meta_arch import FlipTest

BOXES = np.array([[5.0, 4.0, 45.0, 60.0], [30.0, 20.0, 90.0, 70.0], [-10.0, 10.0, 20.0, 200.0]])
SMALL_IMAGES = {"INPUT__MIN_SIZE_TEST": 64, "MODEL__KEYPOINT_HEAD__GAMMA": 0.001}
# Kind of model -> its config.
KINDS = {
    "single": lambda: tiny_config(),
    "flip": lambda: tiny_config(TEST__FLIP=True, DATASETS__TEST=("coco_keypoints_val",)),
    "bottom_up": lambda: bottom_up_config(**SMALL_IMAGES),
    "center": lambda: center_config(**SMALL_IMAGES),
}


def picture(seed: int = 0, height: int = 80, width: int = 100) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(params=KINDS)
def predictor(request, tmp_path):
    return adaanchor_d2.Predictor(with_saved_weights(KINDS[request.param](), tmp_path / "w.pth"))


@pytest.fixture
def single(tmp_path):
    return adaanchor_d2.Predictor(with_saved_weights(tiny_config(), tmp_path / "w.pth"))


def test_people_have_the_documented_fields(predictor):
    image = picture()
    before = image.copy()
    people = predictor(image)
    assert (image == before).all()
    assert people.image_size == (80, 100) and len(people) > 0
    assert people.pred_keypoints.shape == (len(people), 17, 3)
    assert people.pred_keypoint_anchors.shape == (len(people), 17, 2)
    assert people.scores.shape == (len(people),) and people.pred_boxes.tensor.shape[1] == 4
    for value in people.get_fields().values():
        tensor = getattr(value, "tensor", value)
        assert tensor.device.type == "cpu" and not tensor.requires_grad
    assert ((people.scores >= 0) & (people.scores <= 1)).all()


def test_a_list_gives_a_list_with_the_same_people(predictor):
    images = [picture(0), picture(1)]
    together = predictor(images)
    for image, people in zip(images, together, strict=True):
        alone = predictor(image)
        torch.testing.assert_close(people.pred_keypoints, alone.pred_keypoints, atol=1e-3, rtol=0)
    assert predictor([]) == []


def test_people_are_those_of_an_evaluation(tmp_path):
    """Files, boxes and batches of the test loader give what an image at hand gives."""
    cfg = with_saved_weights(tiny_config(), tmp_path / "w.pth")
    predictor = adaanchor_d2.Predictor(cfg)
    cv2.imwrite(str(tmp_path / "a.png"), picture())
    mapper = build_mapper(cfg, is_train=False)
    image = {"file_name": str(tmp_path / "a.png"), "image_id": 1}
    people = [{**image, "annotation_id": -1, "bbox": tuple(box), "box_score": 0.5} for box in BOXES]
    with torch.no_grad():
        expected = [r["instances"] for r in predictor.model([mapper(p) for p in people])]
    found = predictor(picture(), BOXES, [0.5] * 3)
    for index, person in enumerate(expected):
        torch.testing.assert_close(found.pred_keypoints[index], person.pred_keypoints[0])
        torch.testing.assert_close(
            found.pred_keypoint_anchors[index], person.pred_keypoint_anchors[0]
        )
    np.testing.assert_allclose(found.pred_boxes.tensor, BOXES)


def test_scores_are_rescored_as_in_evaluation(tmp_path):
    scores = {}
    for rescores in (True, False):
        cfg = tiny_config(TEST__RESCORE=rescores, TEST__RESCORE_THRESHOLD=0.0)
        predictor = adaanchor_d2.Predictor(with_saved_weights(cfg, tmp_path / "w.pth"))
        people = predictor(picture(), BOXES, [0.5, 1.0, 0.25])
        scores[rescores] = people.scores
    box_scores = torch.tensor([0.5, 1.0, 0.25])
    assert torch.equal(scores[False], box_scores)
    mean = people.pred_keypoints[..., 2].mean(dim=1)
    torch.testing.assert_close(scores[True], box_scores * mean)


def test_without_boxes_the_whole_image_is_one(single):
    whole = single(picture(), [[0, 0, 100, 80]])
    assert torch.equal(single(picture()).pred_keypoints, whole.pred_keypoints)
    assert single(picture()).pred_boxes.tensor.tolist() == [[0, 0, 100, 80]]


def test_boxes_of_any_kind(single):
    expected = single(picture(), BOXES).pred_keypoints
    for boxes in (BOXES.tolist(), torch.from_numpy(BOXES), Boxes(torch.from_numpy(BOXES))):
        torch.testing.assert_close(single(picture(), boxes).pred_keypoints, expected)


def test_boxes_that_show_nothing_of_the_image_are_told(single, caplog):
    outside = [[100, 0, 120, 80], [-30, 10, 0, 50]]
    people = single(picture(), [*outside, [-5, -5, 3, 3]], name="street.jpg")
    assert len(people) == 3
    assert caplog.messages == [
        "street.jpg: boxes outside the image (100 x 80 pixels), of which the network sees nothing: "
        "[100.0, 0.0, 120.0, 80.0], [-30.0, 10.0, 0.0, 50.0]."
    ]
    single([picture(), picture()], [[[0, 0, 9, 9]], [[200, 0, 210, 9]]])
    assert caplog.messages[1].startswith("image 1: boxes outside")
    with pytest.raises(InputError, match="for a list of images: give a list of names"):
        single([picture(), picture()], name="street.jpg")


@pytest.mark.parametrize("nothing", [[], np.zeros((0, 4)), Boxes(torch.zeros(0, 4))])
def test_no_boxes_are_nobody(single, nothing):
    people = single(picture(), nothing)
    assert len(people) == 0 and people.image_size == (80, 100)
    assert people.pred_keypoints.shape == (0, 17, 3)
    some = single([picture(), picture(1)], [nothing, BOXES])
    assert [len(people) for people in some] == [0, 3]
    assert set(some[0].get_fields()) == set(some[1].get_fields())


def test_flip_test_averages_with_the_mirror_image(tmp_path):
    cfg = with_saved_weights(KINDS["flip"](), tmp_path / "w.pth")
    predictor = adaanchor_d2.Predictor(cfg)
    wrapped = FlipTest(predictor.model, get_skeleton("coco").flip_indices)
    mapper = build_mapper(cfg, is_train=False)
    record = {"file_name": "", "image_id": 0, "decoded_image": picture()}
    samples = [mapper(r) for r in mapper.records_of_image(record, None, None)]
    with torch.no_grad():
        expected, plain = wrapped(samples), predictor.model(samples)
    found = predictor(picture()).pred_keypoints
    assert torch.equal(found, expected[0]["instances"].pred_keypoints)
    assert not torch.equal(found, plain[0]["instances"].pred_keypoints)


def test_channels_are_bgr_as_opencv_reads_them(tmp_path):
    """A model of RGB images and one of BGR images see the same pixels in their own order."""
    planes = {}
    for order in ("RGB", "BGR"):
        cfg = with_saved_weights(tiny_config(INPUT__FORMAT=order), tmp_path / "w.pth")
        predictor = adaanchor_d2.Predictor(cfg)
        seen = []
        predictor.model.register_forward_pre_hook(lambda _, args, to=seen: to.append(args[0]))
        blue = np.zeros((80, 80, 3), np.uint8)
        blue[..., 0] = 255
        predictor(blue, [[20, 20, 60, 60]])
        planes[order] = seen[0][0]["image"].amax(dim=(1, 2)).tolist()
    assert planes == {"RGB": [0, 0, 255], "BGR": [255, 0, 0]}


@pytest.mark.parametrize(
    "image", [None, "a.jpg", np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), picture()[:0]]
)
def test_what_is_no_image(single, image):
    with pytest.raises(InputError, match="Predictor "):
        single(image)


@pytest.mark.parametrize(
    ("boxes", "scores", "sentence"),
    [
        ([[0, 0, 10]], None, r"image 0: boxes must be \(N, 4\)"),
        ([[0, 0, 10, 10], [5, 5, 5, 9]], None, "image 0: box 1 is"),
        ([[0, 0, np.nan, 10]], None, "image 0: box 0 is"),
        ([[0, 0, 10, 10]], [1, 1], "image 0: box scores"),
    ],
)
def test_what_are_no_boxes(single, boxes, scores, sentence):
    with pytest.raises(InputError, match=sentence):
        single(picture(), boxes, scores)


def test_boxes_for_one_image_of_two(single):
    with pytest.raises(InputError, match="There are 2 images, but boxes for 1"):
        single([picture(), picture()], [BOXES])


def test_models_of_whole_images_take_no_boxes(tmp_path):
    predictor = adaanchor_d2.Predictor(with_saved_weights(KINDS["center"](), tmp_path / "w.pth"))
    with pytest.raises(InputError, match="finds the people itself"):
        predictor(picture(), BOXES)


@pytest.mark.parametrize(
    ("cfg", "sentence"),
    [
        (bottom_up_config(MODEL__TAG__SOURCE="oracle"), "MODEL.TAG.SOURCE oracle"),
        (tiny_config(TEST__FLIP=True), "TEST.FLIP needs"),
        (tiny_config(MODEL__WEIGHTS="none.pth"), "There is no checkpoint none.pth"),
        (tiny_config(TEST__BATCH_SIZE=0), "TEST.BATCH_SIZE is 0"),
    ],
)
def test_settings_that_cannot_predict(cfg, sentence):
    with pytest.raises(InputError, match=sentence):
        adaanchor_d2.Predictor(cfg)


def test_what_else_a_model_gives_is_kept(single, monkeypatch):
    postprocess = single.model.postprocess

    def with_spread(*args):
        results = postprocess(*args)
        for result in results:
            result["instances"].pred_keypoint_spread = torch.ones(1, 17)
        return results

    monkeypatch.setattr(single.model, "postprocess", with_spread)
    assert single(picture(), BOXES).pred_keypoint_spread.shape == (3, 17)
    assert single(picture(), []).pred_keypoint_spread.shape == (0, 17)
