"""The test set that runs are compared on, read once for all of them."""

from functools import cached_property

import numpy as np
from detectron2.data import DatasetCatalog, MetadataCatalog

from ..data.datasets.register import check_dataset_files
from ..data.person_records import labelled_people
from ..evaluation.coco_ground_truth import evaluated_people, load_coco_ground_truth
from ..evaluation.metadata import find_annotation_files


class EvaluatedSet:
    """Annotated people of a registered data set in COCO's form, as the evaluation sees them.

    Attributes:
        name: the registered one.
        skeleton: its skeleton.
        content: the files' content, see ``load_coco_ground_truth``.
    """

    def __init__(self, name: str):
        check_dataset_files(name)
        metadata = MetadataCatalog.get(name)
        self.name = name
        self.skeleton = metadata.skeleton
        files = find_annotation_files(name)
        use_area = metadata.evaluator_type != "crowdpose"
        self.content = load_coco_ground_truth(files, self.skeleton, use_area)

    @cached_property
    def people(self) -> dict[str, np.ndarray]:
        """The people whom AP counts, see ``coco_ground_truth.evaluated_people``."""
        return evaluated_people(self.content, len(self.skeleton.names))

    @cached_property
    def person_records(self) -> list[dict]:
        """What is evaluated with ground-truth boxes, in the order of the result file."""
        people = labelled_people(DatasetCatalog.get(self.name))
        return sorted(people, key=lambda person: (person["image_id"], person["annotation_id"]))


def is_in_coco_form(name: str) -> bool:
    """Whether the result file of a registered data set holds people in COCO's form."""
    return MetadataCatalog.get(name).get("evaluator_type") in ("coco_keypoints", "crowdpose")
