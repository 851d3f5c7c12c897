"""WFLW's six attributes, decided by what was drawn.

* pose: the head is turned by 40 degrees or more to a side, or by 20 or more up or down.
* expression: the mouth is open by 0.35 of the most or the corners are at 0.55 of their way, the
  brows at 0.6 of theirs, or an eye is closed by 0.8.
* illumination: the light is dark, comes from one side only, or is so strong that skin is burnt out.
* make-up: lips, lids and cheeks are painted.
* occlusion: something (a thing, a hand, what is worn, hair, another face) lies on top at 5 of the
  98 landmarks or more. What the head hides of itself, frames of plain glasses and hair along the
  contour do not count.
* blur: the camera's blur has a standard deviation of 0.03 eye spans or more.
"""

from .traits import Expression, Turn

NAMES = ("pose", "expression", "illumination", "make-up", "occlusion", "blur")
LARGE_YAW, LARGE_PITCH = 40.0, 20.0  # degrees
OPEN_MOUTH, STRONG_SMILE, STRONG_BROWS, CLOSED_EYE = 0.35, 0.55, 0.6, 0.8
OCCLUDED_LANDMARKS = 5
BLUR_SPANS = 0.03


def is_large_pose(turn: Turn) -> bool:
    """Whether the head is turned far away from the viewer; leaning does not count."""
    return abs(turn.yaw) >= LARGE_YAW or abs(turn.pitch) >= LARGE_PITCH


def is_expressive(expression: Expression) -> bool:
    """Whether the face shows a strong expression."""
    return (
        expression.mouth_open >= OPEN_MOUTH
        or abs(expression.smile) >= STRONG_SMILE
        or abs(expression.brows) >= STRONG_BROWS
        or max(expression.closed) >= CLOSED_EYE
    )
