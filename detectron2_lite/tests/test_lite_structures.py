"""Boxes, images, instances and keypoints."""

import copy
import pickle

import numpy as np
import pytest
import torch

from detectron2.structures import Boxes, BoxMode, ImageList, Instances, Keypoints


@pytest.mark.parametrize("make", [list, tuple, np.asarray, torch.tensor])
def test_box_mode_convert(make):
    xywh = make([10.0, 20.0, 5.0, 2.5]) if make in (list, tuple) else make([[10.0, 20.0, 5.0, 2.5]])
    xyxy = BoxMode.convert(xywh, BoxMode.XYWH_ABS, BoxMode.XYXY_ABS)
    assert type(xyxy) is type(xywh)
    assert np.asarray(xyxy).ravel().tolist() == [10.0, 20.0, 15.0, 22.5]
    back = BoxMode.convert(xyxy, BoxMode.XYXY_ABS, BoxMode.XYWH_ABS)
    assert np.asarray(back).ravel().tolist() == [10.0, 20.0, 5.0, 2.5]
    assert np.asarray(xywh).ravel().tolist() == [10.0, 20.0, 5.0, 2.5]
    assert BoxMode.convert(xywh, BoxMode.XYWH_ABS, BoxMode.XYWH_ABS) is xywh


def test_box_mode_values_are_those_of_json_files():
    assert [mode.value for mode in (BoxMode.XYXY_ABS, BoxMode.XYWH_ABS)] == [0, 1]
    assert BoxMode(1) is BoxMode.XYWH_ABS
    with pytest.raises((NotImplementedError, AssertionError)):
        BoxMode.convert([0.0, 0.0, 1.0, 1.0], BoxMode.XYXY_REL, BoxMode.XYXY_ABS)


def test_boxes():
    boxes = Boxes([[-1, 2, 5, 4], [3, 3, 3, 8], [0, 0, 20, 30]])
    assert boxes.tensor.dtype == torch.float32
    assert boxes.area().tolist() == [12, 0, 600]
    assert len(boxes) == 3
    assert boxes.device == torch.device("cpu")
    assert boxes.to("meta").tensor.is_meta


def test_boxes_index_cat_and_iterate():
    boxes = Boxes(torch.arange(12.0).reshape(3, 4))
    assert boxes[1].tensor.tolist() == [[4, 5, 6, 7]]
    assert boxes[1:].tensor.shape == (2, 4)
    assert boxes[torch.tensor([True, False, True])].tensor[:, 0].tolist() == [0, 8]
    assert Boxes.cat([boxes, boxes[:1]]).tensor[:, 0].tolist() == [0, 4, 8, 0]
    assert len(Boxes.cat([])) == 0
    assert [box.shape for box in boxes] == [(4,)] * 3
    assert Boxes(torch.zeros(0)).tensor.shape == (0, 4)
    with pytest.raises(AssertionError):
        Boxes(torch.zeros(3, 5))


def test_image_list_pads_right_and_bottom():
    first, second = torch.ones(3, 4, 6), 2 * torch.ones(3, 5, 2)
    images = ImageList.from_tensors([first, second], size_divisibility=4, pad_value=-1.0)
    assert images.tensor.shape == (2, 3, 8, 8)
    assert images.image_sizes == [(4, 6), (5, 2)]
    assert torch.equal(images[0], first)
    assert torch.equal(images[1], second)
    assert images.tensor.sum() == first.sum() + second.sum() - (2 * 3 * 64 - 72 - 30)
    assert len(images) == 2
    assert images.to(torch.float64).tensor.dtype == torch.float64


def test_image_list_of_equal_sizes_keeps_type_and_size():
    images = ImageList.from_tensors([torch.zeros(3, 4, 6, dtype=torch.uint8)] * 2)
    assert images.tensor.shape == (2, 3, 4, 6)
    assert images.tensor.dtype == torch.uint8


def test_image_list_constraints():
    images = [torch.zeros(1, 4, 6)]
    square = ImageList.from_tensors(images, padding_constraints={"square_size": 10})
    assert square.tensor.shape == (1, 1, 10, 10)
    rounded = ImageList.from_tensors(images, 32, padding_constraints={"size_divisibility": 5})
    assert rounded.tensor.shape == (1, 1, 5, 10)


@pytest.fixture
def instances():
    result = Instances((10, 20), scores=torch.tensor([0.1, 0.9, 0.5]))
    result.pred_boxes = Boxes(torch.arange(12.0).reshape(3, 4))
    result.names = ["a", "b", "c"]
    return result


def test_instances_fields(instances):
    assert len(instances) == 3
    assert instances.image_size == (10, 20)
    assert instances.has("scores") and not instances.has("masks")
    assert instances.get("names") is instances.names
    assert set(instances.get_fields()) == {"scores", "pred_boxes", "names"}
    instances.remove("names")
    assert not instances.has("names")
    with pytest.raises(AttributeError, match="masks"):
        instances.masks  # noqa: B018
    with pytest.raises(AssertionError):
        instances.short = [1]
    with pytest.raises(NotImplementedError):
        len(Instances((1, 1)))
    with pytest.raises(NotImplementedError):
        iter(instances)


def test_instances_indexing(instances):
    instances.remove("names")
    assert instances[instances.scores > 0.4].scores.tolist() == pytest.approx([0.9, 0.5])
    assert instances[1].pred_boxes.tensor.tolist() == [[4, 5, 6, 7]]
    assert instances[-1].scores.tolist() == [0.5]
    assert instances[0:2].image_size == (10, 20)
    assert len(instances[torch.tensor([2, 0, 0, 1])]) == 4
    with pytest.raises(IndexError):
        instances[3]


def test_instances_cat_and_to(instances):
    joined = Instances.cat([instances, instances[1:]])
    assert joined.names == ["a", "b", "c", "b", "c"]
    assert joined.pred_boxes.tensor.shape == (5, 4)
    assert joined.scores.shape == (5,)
    moved = instances.to("meta")
    assert moved.scores.is_meta and moved.pred_boxes.tensor.is_meta
    assert moved.names == ["a", "b", "c"]
    with pytest.raises(AssertionError):
        Instances.cat([instances, Instances((1, 1), scores=torch.zeros(1))])


def test_structures_can_be_copied_and_pickled(instances):
    for other in (copy.deepcopy(instances), pickle.loads(pickle.dumps(instances))):
        assert other.image_size == (10, 20)
        assert other.names == ["a", "b", "c"]
        assert torch.equal(other.pred_boxes.tensor, instances.pred_boxes.tensor)


def test_keypoints():
    keypoints = Keypoints(np.arange(24.0).reshape(2, 4, 3))
    assert keypoints.tensor.shape == (2, 4, 3)
    assert keypoints.tensor.dtype == torch.float32
    assert len(keypoints) == 2
    assert keypoints[torch.tensor([False, True])].tensor[0, 0].tolist() == [12, 13, 14]
    assert Keypoints.cat([keypoints, keypoints]).tensor.shape == (4, 4, 3)
    assert keypoints.to("meta").tensor.is_meta
    with pytest.raises(AssertionError):
        Keypoints(torch.zeros(4, 3))
    with pytest.raises(AssertionError):
        Keypoints(torch.zeros(1, 4, 2))
