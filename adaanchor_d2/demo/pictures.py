"""Where drawn pictures go: files, a video, a window."""

import os
from collections.abc import Sequence

import cv2
import numpy as np
from detectron2.structures import Instances

from ..data.skeletons import Skeleton
from ..errors import InputError
from ..visualization.poses import draw_people
from .images import SUFFIXES, VIDEO_SUFFIXES, Frame, ImageSource
from .video import VideoSource, VideoWriter

_TITLE = "adaanchor_d2"
_ESCAPE = 27


class WindowClosed(Exception):
    """The user wants to see no more."""


class DrawnPictures:
    """Draws the people of each frame and saves or shows the picture.

    Attributes:
        num_undrawn: people so far of whom no keypoint reached the threshold.
    """

    def __init__(
        self,
        shown_in: "PictureFiles | PictureVideo | Window",
        skeleton: Skeleton,
        *,
        threshold: float,
        shows_anchors: bool,
        shows_boxes: bool,
    ) -> None:
        """
        Args:
            shown_in: takes the pictures.
            threshold: keypoints with a lower score are not drawn.
            shows_anchors: draw an arrow from each keypoint's anchor to it.
            shows_boxes: draw ``pred_boxes``.
        """
        self._shown_in = shown_in
        self._skeleton = skeleton
        self._threshold = threshold
        self._shows_anchors = shows_anchors
        self._shows_boxes = shows_boxes
        self.num_undrawn = 0

    def write(self, frame: Frame, people: Instances) -> None:
        keypoints = people.pred_keypoints.numpy()
        self.num_undrawn += np.count_nonzero((keypoints[..., 2] < self._threshold).all(axis=1))
        picture = draw_people(
            frame.image,
            keypoints,
            self._skeleton,
            threshold=self._threshold,
            anchors=people.pred_keypoint_anchors.numpy() if self._shows_anchors else None,
            boxes=people.pred_boxes.tensor.numpy() if self._shows_boxes else None,
        )
        self._shown_in.save(frame, picture)

    def close(self) -> None:
        self._shown_in.close()


class PictureFiles:
    """Saves each picture as the file that ``paths`` gives for its frame's name."""

    def __init__(self, paths: dict[str, str]) -> None:
        self._paths = paths

    def save(self, frame: Frame, picture: np.ndarray) -> None:
        path = self._paths[frame.name]
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if not cv2.imwrite(path, picture):
            raise InputError(f"Picture {path} cannot be written.")

    def close(self) -> None:
        pass


class PictureVideo:
    """Saves pictures as the frames of a video."""

    def __init__(self, path: str, fps: float) -> None:
        self._writer = VideoWriter(path, fps)

    def save(self, frame: Frame, picture: np.ndarray) -> None:
        self._writer.write(picture)

    def close(self) -> None:
        self._writer.close()


class Window:
    """Shows pictures; Escape or q ends the show."""

    def __init__(self, wait_ms: int) -> None:
        """
        Args:
            wait_ms: how long to wait for a key after each picture; 0 waits for one.

        Raises:
            InputError: this OpenCV has no windows.
        """
        self._wait_ms = wait_ms
        try:
            cv2.namedWindow(_TITLE, cv2.WINDOW_NORMAL)
        except cv2.error:
            raise InputError(
                "This OpenCV shows no windows (it is a headless build): give --output, --save-json "
                "or --save-csv, or install opencv-python."
            ) from None

    def save(self, frame: Frame, picture: np.ndarray) -> None:
        cv2.imshow(_TITLE, picture)
        if cv2.waitKey(self._wait_ms) & 0xFF in (_ESCAPE, ord("q")):
            raise WindowClosed

    def close(self) -> None:
        cv2.destroyAllWindows()


def open_picture_files(output: str, source: ImageSource) -> PictureFiles:
    """Save below the folder ``output``, or for a single image as the file ``output``.

    Raises:
        InputError: a file for several images, or pictures that would replace their images.
    """
    if output.lower().endswith(SUFFIXES) and not os.path.isdir(output):
        if source.num_frames > 1:
            raise InputError(
                f"--output {output} is a file, but there are {source.num_frames} images: give a "
                "folder."
            )
        paths = [output]
    elif os.path.isfile(output) or output.lower().endswith(VIDEO_SUFFIXES):
        raise InputError(f"--output {output} is no picture and no folder.")
    else:
        paths = [os.path.join(output, name) for name in source.names]
    _refuse_inputs(paths, source.paths)
    return PictureFiles(dict(zip(source.names, paths, strict=True)))


def open_picture_video(output: str, source: VideoSource) -> PictureVideo:
    """Save as the video file ``output``, or in the folder ``output`` under the source's name."""
    path = output
    if os.path.isdir(output) or not os.path.splitext(output)[1]:
        os.makedirs(output, exist_ok=True)
        path = os.path.join(output, f"{os.path.splitext(source.name)[0]}.mp4")
    _refuse_inputs([path], [source.path])
    return PictureVideo(path, source.fps)


def _refuse_inputs(outputs: Sequence[str], inputs: Sequence[str]) -> None:
    taken = {os.path.realpath(path) for path in inputs}
    for path in outputs:
        if os.path.realpath(path) in taken:
            raise InputError(f"--output would replace the input {path}: give another folder.")
