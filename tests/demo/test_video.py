import logging

import cv2
import numpy as np
import pytest

from adaanchor_d2.demo import video
from adaanchor_d2.demo.video import VideoSource, VideoWriter
from adaanchor_d2.errors import InputError


def write_video(path, num_frames=20, size=(64, 48), fps=10.0):
    """A square that moves by a pixel a frame, so that frames can be told apart."""
    writer = VideoWriter(str(path), fps)
    for index in range(num_frames):
        picture = np.zeros((size[1], size[0], 3), np.uint8)
        picture[:, : 2 * index] = 255
        writer.write(picture)
    writer.close()
    return writer


def brightness(source):
    return [frame.image.mean() for frame in source]


def test_every_frame_is_written_and_read_once(tmp_path):
    writer = write_video(tmp_path / "a.mp4")
    source = VideoSource(writer.path)
    assert (source.name, source.fps, source.num_frames) == ("a.mp4", 10.0, 20)
    frames = list(source)
    assert [frame.image_id for frame in frames] == list(range(20))
    assert {(frame.name, frame.image.shape) for frame in frames} == {("a.mp4", (48, 64, 3))}
    assert (np.diff([frame.image.mean() for frame in frames]) > 2).all()


class StandInCapture:
    """A capture that says what it is told to, and then gives three frames."""

    def __init__(self, **properties):
        self.properties = properties
        self.left = 3

    def isOpened(self):
        return True

    def get(self, key):
        names = {cv2.CAP_PROP_FPS: "fps", cv2.CAP_PROP_FRAME_COUNT: "count"}
        return self.properties[names[key]]

    def read(self):
        self.left -= 1
        return (True, np.zeros((4, 4, 3), np.uint8)) if self.left >= 0 else (False, None)


@pytest.mark.parametrize("count", [0, -9223372036854775808, float("nan"), 2, 5])
def test_frame_counts_need_not_be_true(tmp_path, monkeypatch, caplog, count):
    monkeypatch.setattr(cv2, "VideoCapture", lambda _: StandInCapture(fps=0.0, count=count))
    (tmp_path / "a.mp4").touch()
    source = VideoSource(str(tmp_path / "a.mp4"))
    assert source.num_frames == (count if count in (2, 5) else None)
    assert source.fps == video.DEFAULT_FPS
    assert len(list(source)) == 3
    assert ("says that it has 5 frames, but only 3" in caplog.text) == (count == 5)


def test_motion_jpeg_serves_where_mpeg4_is_missing(tmp_path, monkeypatch, caplog):
    real = cv2.VideoWriter

    def writer(path, codec, *args):
        return real(path if codec != cv2.VideoWriter_fourcc(*"mp4v") else "", codec, *args)

    monkeypatch.setattr(cv2, "VideoWriter", writer)
    with caplog.at_level(logging.WARNING):
        written = write_video(tmp_path / "a.mp4")
    assert written.path == str(tmp_path / "a.avi") and "a.avi" in caplog.text
    assert len(brightness(VideoSource(written.path))) == 20


def test_frames_of_another_size_are_not_lost(tmp_path):
    writer = VideoWriter(str(tmp_path / "a.mp4"), 10.0)
    for size in (48, 48, 96, 48):
        writer.write(np.full((size, size, 3), 128, np.uint8))
    writer.close()
    assert len(brightness(VideoSource(writer.path))) == 4


def test_what_was_written_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(video, "_count_frames", lambda path: 19)
    with pytest.raises(InputError, match="holds 19 frames, but 20 were written"):
        write_video(tmp_path / "a.mp4")


def test_mistakes(tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(InputError, match=r"none\.mp4 does not exist"):
        VideoSource(str(tmp_path / "none.mp4"))
    with pytest.raises(InputError, match=r"text\.mp4 cannot be decoded"):
        VideoSource(str(tmp_path / "text.mp4"))
    (tmp_path / "street.jpg").write_text("an image")
    with pytest.raises(InputError, match=r"street\.jpg is an image: give it to --input"):
        VideoSource(str(tmp_path / "street.jpg"))
    with pytest.raises(InputError, match="camera 99 cannot be opened"):
        VideoSource(99)
    with pytest.raises(InputError, match="cannot be written"):
        write_video(tmp_path / "none" / "a.mp4")


def test_a_video_without_frames(tmp_path, monkeypatch):
    capture = StandInCapture(fps=25.0, count=0)
    capture.left = 0
    monkeypatch.setattr(cv2, "VideoCapture", lambda _: capture)
    (tmp_path / "a.mp4").touch()
    with pytest.raises(InputError, match=r"a\.mp4 has no frame"):
        list(VideoSource(str(tmp_path / "a.mp4")))
