import numpy as np
import pytest

from adaanchor_d2.data.whole_image_records import evaluated_images, ignore_mask, trained_images
from adaanchor_d2.errors import InputError

LABELLED, UNLABELLED = [1.5, 2.5, 2, 0, 0, 0], [0, 0, 0, 0, 0, 0]


def person(number, keypoints, iscrowd=0, **more):
    box = [number, 2, 3, 2]
    return {"id": number, "bbox": box, "iscrowd": iscrowd, "keypoints": keypoints, **more}


def image(image_id, *people):
    size = {"height": 6, "width": 8}
    name = f"{image_id}.jpg"
    return {"file_name": name, "image_id": image_id, **size, "annotations": list(people)}


IMAGES = [
    image(1, person(1, LABELLED, num_keypoints=0), person(2, UNLABELLED), person(3, LABELLED, 1)),
    image(2),
    image(3, person(4, UNLABELLED)),
]


def test_people_and_what_is_ignored():
    """A person is told by its flags: CrowdPose's num_keypoints leaves head and neck out."""
    first, empty, unlabelled = evaluated_images(IMAGES, num_keypoints=2)
    assert first["annotation_ids"] == [1]
    assert first["people_keypoints"].dtype == np.float32
    np.testing.assert_array_equal(first["people_keypoints"], [[[1.5, 2.5, 2], [0, 0, 0]]])
    assert [region["id"] for region in first["ignored"]] == [2, 3]
    assert empty["people_keypoints"].shape == (0, 2, 3) and empty["ignored"] == []
    assert unlabelled["annotation_ids"] == [] and len(unlabelled["ignored"]) == 1


def test_images_that_are_trained_on():
    ids = {
        flag: [record["image_id"] for record in trained_images(IMAGES, 2, with_empty_images=flag)]
        for flag in (False, True)
    }
    assert ids == {False: [1], True: [1, 2, 3]}


def test_a_split_without_ground_truth():
    unknown = {"id": 1, "bbox": [0, 0, 1, 1], "iscrowd": 0}
    for images in ([image(1, unknown)], [image(1)]):
        (record,) = evaluated_images(images, 2)
        assert set(record) == {"file_name", "image_id", "height", "width"}


def test_the_mask_covers_what_is_ignored():
    first, empty, _ = evaluated_images(IMAGES, 2)
    mask = ignore_mask(first, 6, 8)
    expected = np.zeros((6, 8), np.uint8)
    expected[2:4, 2:6] = 1  # the boxes of 2 and 3
    np.testing.assert_array_equal(mask, expected)
    assert ignore_mask(empty, 6, 8) is None


def test_a_bad_segmentation_is_named():
    crowd = person(7, LABELLED, 1, segmentation={"size": [9, 9], "counts": [81]})
    (record,) = evaluated_images([image(1, crowd)], 2)
    with pytest.raises(InputError, match="Annotation 7 of image 1.jpg has a segmentation that has"):
        ignore_mask(record, 6, 8)


def test_broken_compressed_counts_are_named():
    crowd = person(7, LABELLED, 1, segmentation={"size": [6, 8], "counts": "abc"})
    (record,) = evaluated_images([image(1, crowd)], 2)
    with pytest.raises(InputError, match=r"image 1.jpg .* 6 x 8 pixels \(one of .* 7\)"):
        ignore_mask(record, 6, 8)
