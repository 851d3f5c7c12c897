import numpy as np

from adaanchor_d2.data.person_records import (
    detected_people,
    evaluated_people,
    has_ground_truth,
    labelled_people,
)


def person(**changes) -> dict:
    fields = {
        "id": 4,
        "bbox": [1.0, 2.0, 10.0, 20.0],
        "iscrowd": 0,
        "num_keypoints": 1,
        "area": 50.0,
        "keypoints": [3.5, 4.5, 2.0],
    }
    return fields | changes


def image(*people) -> dict:
    return {"file_name": "a", "image_id": 7, "height": 48, "width": 64, "annotations": list(people)}


def test_a_person_record():
    (record,) = labelled_people([image(person())])
    assert {k: v for k, v in record.items() if k != "keypoints"} == {
        "file_name": "a",
        "image_id": 7,
        "height": 48,
        "width": 64,
        "annotation_id": 4,
        "bbox": (1.0, 2.0, 11.0, 22.0),
        "box_score": 1.0,
        "area": 50.0,
    }
    np.testing.assert_array_equal(record["keypoints"], np.array([[3.5, 4.5, 2]], np.float32))
    assert record["keypoints"].dtype == np.float32


def test_unusable_people_are_left_out():
    unusable = [
        person(iscrowd=1),
        person(num_keypoints=0),
        person(keypoints=[3.5, 4.5, 0.0]),
        person(bbox=[1.0, 2.0, 0.0, 5.0]),
        person(bbox=[1.0, 2.0, 5.0, -1.0]),
    ]
    assert labelled_people([image(*unusable)]) == []
    assert len(labelled_people([image(*unusable, person())])) == 1


def test_detections_follow_the_images():
    detections = {
        9: [{"bbox": [0, 0, 2, 3], "score": 0.5}],
        7: [{"bbox": [1, 1, 4, 4], "score": 0.9}, {"bbox": [2, 2, 4, 4], "score": 0.8}],
    }
    records = detected_people([image(person()), image() | {"image_id": 9}], detections)
    assert [r["image_id"] for r in records] == [7, 7, 9]
    assert records[0]["bbox"] == (1, 1, 5, 5) and records[0]["annotation_id"] == -1
    assert [r["box_score"] for r in records] == [0.9, 0.8, 0.5]
    assert all("keypoints" not in r for r in records)


def without_keypoints(**changes) -> dict:
    return {k: v for k, v in person(**changes).items() if k not in ("keypoints", "num_keypoints")}


def test_people_without_ground_truth():
    unknown = image(without_keypoints(), without_keypoints(bbox=[1.0, 2.0, 0.0, 5.0]))
    assert not has_ground_truth([unknown]) and labelled_people([unknown]) == []
    (record,) = evaluated_people([unknown])
    assert record["bbox"] == (1.0, 2.0, 11.0, 22.0) and "keypoints" not in record
    # Beside labelled people, a person without keypoints is one who is not evaluated.
    assert has_ground_truth([unknown, image(person())])
    assert len(evaluated_people([unknown, image(person())])) == 1


def test_another_box_of_the_annotation():
    face = person(rectangle=[3.0, 4.0, 5.0, 6.0])
    assert labelled_people([image(face)], "rectangle")[0]["bbox"] == (3.0, 4.0, 8.0, 10.0)
    empty = person(rectangle=[3.0, 4.0, 0.0, 6.0])
    assert evaluated_people([image(empty)], "rectangle") == []


def test_sizes_stay_unknown_where_the_annotations_do_not_tell_them():
    unknown = {k: v for k, v in image(person()).items() if k not in ("height", "width")}
    (record,) = labelled_people([unknown])
    assert "height" not in record and "width" not in record
