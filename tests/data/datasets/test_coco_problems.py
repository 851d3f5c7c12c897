"""Each rule of a keypoint file, broken one at a time: the reader says which, where."""

import pytest

from adaanchor_d2.data.datasets.coco import load_coco_keypoints
from adaanchor_d2.data.datasets.coco_problems import find_problems
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.errors import InputError

COCO = get_skeleton("coco")
NAN, INF = float("nan"), float("inf")


def change(table, number, key, value):
    def spoil(document):
        document[table][number][key] = value

    return spoil


def drop(table, number, key):
    def spoil(document):
        del document[table][number][key]

    return spoil


def keypoint(place, value):
    def spoil(document):
        document["annotations"][0]["keypoints"][place] = value

    return spoil


def append_again(table):
    def spoil(document):
        document[table].append(dict(document[table][0]))

    return spoil


FATAL = [
    (drop("images", 0, "file_name"), "image 7 has no 'file_name'"),
    (drop("images", 1, "id"), "entry 1 of 'images' has no 'id'"),
    (drop("annotations", 1, "keypoints"), "annotation 2 has no 'keypoints'"),
    (drop("annotations", 1, "bbox"), "annotation 2 has no 'bbox'"),
    (drop("annotations", 1, "category_id"), "annotation 2 has no 'category_id'"),
    (change("images", 0, "width", 0), "image 7 has size 0 x 48"),
    (change("images", 0, "height", "48"), "image 7 has size 64 x '48'"),
    (change("images", 0, "file_name", 3), "image 7 has file_name 3"),
    (change("annotations", 0, "id", "x"), "entry 0 of 'annotations' has id 'x'"),
    (change("annotations", 0, "id", 0), "annotation 0: ids must start at 1"),
    (change("annotations", 0, "image_id", 8), "annotation 1 belongs to image 8, which is not"),
    (append_again("images"), "image 7 occurs more than once"),
    (append_again("annotations"), "annotation 1 occurs more than once"),
    (change("annotations", 0, "keypoints", [1, 2, 2] * 14), "annotation 1 has 42 numbers"),
    (change("annotations", 0, "keypoints", None), "'keypoints' that are not a list"),
    (keypoint(4, NAN), "annotation 1 has nan as y of keypoint 'left_eye'"),
    (keypoint(6, INF), "annotation 1 has inf as x of keypoint 'right_eye'"),
    (keypoint(0, "5"), "annotation 1 has '5' as x of keypoint 'nose'"),
    (keypoint(0, None), "annotation 1 has None as x of keypoint 'nose'"),
    (keypoint(5, 3), "annotation 1 has visibility 3 for keypoint 'left_eye'"),
    (change("annotations", 0, "bbox", [1, 2, 3]), "annotation 1 has bbox [1, 2, 3]"),
    (change("annotations", 0, "bbox", [1, 2, NAN, 4]), "annotation 1 has bbox [1, 2, nan, 4]"),
    (change("annotations", 0, "bbox", [1, 2, 0, 4]), "annotation 1 has bbox [1, 2, 0, 4], whose"),
    (change("annotations", 0, "bbox", [9, 9, -5, 4]), "annotation 1 has bbox [9, 9, -5, 4], whose"),
    (
        lambda document: document["annotations"].append(3),
        "entry 3 of 'annotations' is not an object",
    ),
    (lambda document: document.pop("annotations"), "has no list 'annotations'"),
]
SUSPICIOUS = [
    (change("annotations", 0, "num_keypoints", 4), "annotation 1 has num_keypoints 4, but 17"),
    (change("annotations", 0, "bbox", [-9, 5, 20, 30]), "annotation 1 has bbox [-9, 5, 20, 30]"),
    (change("annotations", 2, "bbox", [9, 5, 0, 0]), "annotation 3 has bbox [9, 5, 0, 0], whose"),
    (keypoint(3, 200), "annotation 1 has 1 labelled keypoints far outside its image of 64 x 48"),
    (lambda document: document.pop("categories"), "lists no category 1"),
]


def load(dataset):
    return load_coco_keypoints(str(dataset.json_file), str(dataset.image_root), COCO)


@pytest.mark.parametrize("spoil, sentence", FATAL, ids=[sentence for _, sentence in FATAL])
def test_the_reader_refuses(tiny_dataset, spoil, sentence):
    assert len(load(tiny_dataset)) == 2
    spoil(tiny_dataset.document)
    with pytest.raises(InputError) as error:
        load(tiny_dataset.write())
    message = str(error.value)
    assert sentence in message and str(tiny_dataset.json_file) in message and "\n" not in message


@pytest.mark.parametrize("spoil, sentence", SUSPICIOUS, ids=[s for _, s in SUSPICIOUS])
def test_the_reader_accepts_what_the_check_reports(tiny_dataset, spoil, sentence):
    spoil(tiny_dataset.document)
    assert len(load(tiny_dataset.write())) == 2
    (problem,) = find_problems(tiny_dataset.document, "my.json", COCO)
    assert problem.message.startswith("my.json") and sentence in problem.message
    assert not problem.fatal


def test_boxes_may_touch_the_border(tiny_dataset):
    tiny_dataset.document["annotations"][0]["bbox"] = [-0.5, 0, 65.0, 48.4]
    assert list(find_problems(tiny_dataset.document, "my.json", COCO)) == []
