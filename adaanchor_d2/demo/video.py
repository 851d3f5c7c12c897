"""Videos, frame by frame: none is skipped, none is written twice."""

import logging
import math
import os
from collections.abc import Iterator

import cv2
import numpy as np

from ..errors import InputError
from .images import SUFFIXES, Frame

# Of videos that do not tell theirs, and of webcams.
DEFAULT_FPS = 25.0
# Codecs in the order in which they are tried, with the suffix that goes with them; "" keeps it.
_CODECS = (("mp4v", ""), ("MJPG", ".avi"))

logger = logging.getLogger(__name__)


class VideoSource:
    """Iterates over all frames of a video file or a webcam; a frame's image id counts from 0.

    Attributes:
        path: of the file; "" of a webcam.
        name: the file's, or "webcam".
        fps: frames per second. Frames of a varying rate come one by one like others.
        num_frames: as the file says, which need not be true; None where it does not.
    """

    def __init__(self, source: str | int) -> None:
        """
        Args:
            source: path of a video, or number of a camera.

        Raises:
            InputError: there is no such video or camera, or it cannot be decoded.
        """
        is_file = isinstance(source, str)
        if is_file and not os.path.isfile(source):
            raise InputError(f"--video-input {source} does not exist.")
        if is_file and source.lower().endswith(SUFFIXES):
            raise InputError(f"--video-input {source} is an image: give it to --input.")
        self.path = source if is_file else ""
        self.name = os.path.basename(source) if is_file else "webcam"
        self._capture = cv2.VideoCapture(source)
        if not self._capture.isOpened():
            raise InputError(
                f"--video-input {source} cannot be decoded: it is no video, or of a codec that "
                "this OpenCV does not have."
                if is_file
                else f"--webcam: camera {source} cannot be opened."
            )
        self.fps = self._read_fps()
        self.num_frames = self._read_num_frames()

    def _read_fps(self) -> float:
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        if math.isfinite(fps) and 0 < fps <= 1000:
            return fps
        logger.info("%s does not tell its frame rate: %g is taken.", self.name, DEFAULT_FPS)
        return DEFAULT_FPS

    def _read_num_frames(self) -> int | None:
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        return int(count) if math.isfinite(count) and count > 0 else None

    def __iter__(self) -> Iterator[Frame]:
        index = 0
        while True:
            is_read, image = self._capture.read()
            if not is_read:
                break
            yield Frame(self.name, index, image)
            index += 1
        if index == 0:
            raise InputError(f"Video {self.name} has no frame that can be decoded.")
        if self.num_frames is not None and index < self.num_frames:
            logger.warning(
                "%s says that it has %d frames, but only %d could be decoded.",
                self.name,
                self.num_frames,
                index,
            )

    def close(self) -> None:
        self._capture.release()


class VideoWriter:
    """Writes pictures of one size to a video, MPEG-4 or, where OpenCV lacks it, motion JPEG.

    Attributes:
        path: of the file; it ends in .avi where motion JPEG had to serve.
        num_frames: written so far.
    """

    def __init__(self, path: str, fps: float) -> None:
        self.path = path
        self.fps = fps
        self.num_frames = 0
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def write(self, picture: np.ndarray) -> None:
        """Append a picture (H, W, 3) uint8, BGR; one of another size is brought to the first's."""
        if self._writer is None:
            self._size = picture.shape[1::-1]
            self._writer = self._open()
        if picture.shape[1::-1] != self._size:
            picture = cv2.resize(picture, self._size)
        self._writer.write(picture)
        self.num_frames += 1

    def _open(self) -> cv2.VideoWriter:
        wanted = self.path
        for codec, suffix in _CODECS:
            self.path = os.path.splitext(wanted)[0] + suffix if suffix else wanted
            code = cv2.VideoWriter_fourcc(*codec)
            writer = cv2.VideoWriter(self.path, code, self.fps, self._size)
            if writer.isOpened():
                if self.path != wanted:
                    logger.warning("%s cannot be written: it is %s.", wanted, self.path)
                return writer
        raise InputError(f"Video {wanted} cannot be written.")

    def close(self) -> None:
        """Finish the file.

        Raises:
            InputError: it does not hold what was written, for instance on a full disk.
        """
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        num_found = _count_frames(self.path)
        if num_found != self.num_frames:
            raise InputError(
                f"Video {self.path} holds {num_found} frames, but {self.num_frames} were written."
            )


def _count_frames(path: str) -> int:
    capture = cv2.VideoCapture(path)
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    capture.release()
    return count
