"""Evaluation on CrowdPose."""

from ..errors import InputError
from .build import EVALUATOR_REGISTRY
from .coco_average_precision import CROWDPOSE_METRICS, crowdpose_average_precision
from .multi_person_evaluator import MultiPersonEvaluator


class CrowdPoseEvaluator(MultiPersonEvaluator):
    """The figures of CrowdPose's official evaluation, and keypoint recall.

    ``keypoints`` holds AP, AP50, AP75, AR, AR50, AR75 and the AP by crowding APeasy, APmedium,
    APhard, percent: see ``crowdpose_average_precision``. There are no figures of visible and hidden
    keypoints, because CrowdPose's flags do not tell them apart.

    Raises:
        InputError: an image without ``crowdIndex`` in the annotation file.
    """

    ap_metrics = CROWDPOSE_METRICS
    absent_people = "no annotated person is in such an image"
    use_area = False
    tells_visibility = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for image in self._ground_truth["images"]:
            if not isinstance(image.get("crowdIndex"), int | float):
                raise InputError(
                    f"{self._source}: image {image['id']} has no number 'crowdIndex', by which "
                    "CrowdPose's evaluation divides the images."
                )

    def score_people(self, coco_results: list[dict]) -> dict[str, float]:
        return crowdpose_average_precision(self._ground_truth, coco_results, self._sigmas)


@EVALUATOR_REGISTRY.register()
def crowdpose(cfg, dataset_name: str, output_dir: str | None, has_confidence: bool):
    """The evaluator of data sets in CrowdPose's format."""
    return CrowdPoseEvaluator(cfg, dataset_name, output_dir, has_confidence)
