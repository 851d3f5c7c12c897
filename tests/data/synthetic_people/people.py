"""People for the tests."""

import numpy as np

from adaanchor_d2.data.synthetic_drawing.canvas import Canvas
from adaanchor_d2.data.synthetic_people.body import KEYPOINT_NAMES, Shape, build_body
from adaanchor_d2.data.synthetic_people.clothes import random_outfit
from adaanchor_d2.data.synthetic_people.figure import Figure
from adaanchor_d2.data.synthetic_people.image import _silhouette
from adaanchor_d2.data.synthetic_people.labels import annotate_coco
from adaanchor_d2.data.synthetic_people.pose import Limb, Pose


def standing_person(yaw=0.0, arm_swing=0.0):
    """A person of 180 pixels in the middle of a 320 x 240 picture, arms off the trunk."""
    arm, leg = Limb(arm_swing, 25, 0, 0), Limb(0, 6, 0, 0)
    pose = Pose("stand", (0, yaw, 0), (0, 0, 0), (0, 0, 0), (arm, arm), (leg, leg))
    shape = Shape(1.0, 1.0, 1.0, 1.0, 1.0, 0.005)
    rng = np.random.default_rng(1)
    outfit = random_outfit(rng)
    while outfit.head.long_hair or outfit.head.hat:
        outfit = random_outfit(rng)
    body = build_body(pose, shape, 0.0)
    return Figure(pose, shape, body, outfit, 180.0, np.array((160.0, 115.0)), 0.0)


def flags_of(figure, cover=None):
    """Draw a figure alone, then what covers it; return name -> flag and the annotation."""
    canvas = Canvas(320, 240)
    figure.draw(canvas, 0, np.random.default_rng(0))
    silhouette = _silhouette(canvas, 1, np.zeros(2), np.array((320, 240)))
    if cover is not None:
        canvas.fill(cover, (40.0, 90.0, 160.0))
    person = annotate_coco(canvas.labels(), 0, figure, silhouette)
    return dict(zip(KEYPOINT_NAMES, person["keypoints"][2::3], strict=True)), person
