import cv2
import numpy as np
import pytest

from adaanchor_d2.demo import pictures
from adaanchor_d2.demo.images import Frame, ImageSource
from adaanchor_d2.demo.pictures import (
    Window,
    WindowClosed,
    open_picture_files,
    open_picture_video,
)
from adaanchor_d2.demo.video import VideoSource, VideoWriter
from adaanchor_d2.errors import InputError

PICTURE = np.full((8, 8, 3), 200, np.uint8)


@pytest.fixture
def source(tmp_path):
    for name in ("in/a.png", "in/b/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / name), PICTURE)
    return ImageSource([str(tmp_path / "in/a.png"), str(tmp_path / "in/b")])


def test_images_of_one_name_keep_their_folders(tmp_path, source):
    files = open_picture_files(str(tmp_path / "out"), source)
    for frame in source:
        files.save(frame, PICTURE)
    files.close()
    assert cv2.imread(str(tmp_path / "out/a.png")).shape == (8, 8, 3)
    assert cv2.imread(str(tmp_path / "out/b/a.png")).shape == (8, 8, 3)


def test_one_image_may_become_one_file(tmp_path, source):
    (tmp_path / "people.json").touch()
    with pytest.raises(InputError, match="people.json is no picture"):
        open_picture_files(str(tmp_path / "people.json"), source)
    with pytest.raises(InputError, match="new.mp4 is no picture and no folder"):
        open_picture_files(str(tmp_path / "new.mp4"), source)
    with pytest.raises(InputError, match="is a file, but there are 2 images"):
        open_picture_files(str(tmp_path / "out.jpg"), source)
    one = ImageSource(source.paths[:1])
    open_picture_files(str(tmp_path / "new/out.jpg"), one).save(next(iter(one)), PICTURE)
    assert cv2.imread(str(tmp_path / "new/out.jpg")) is not None


def test_inputs_are_never_replaced(tmp_path, source):
    with pytest.raises(InputError, match="would replace the input"):
        open_picture_files(str(tmp_path / "in"), source)
    writer = VideoWriter(str(tmp_path / "in/v.mp4"), 5.0)
    writer.write(PICTURE)
    writer.close()
    with pytest.raises(InputError, match="would replace the input"):
        open_picture_video(str(tmp_path / "in"), VideoSource(str(tmp_path / "in/v.mp4")))


def test_pictures_that_cannot_be_written(tmp_path, source):
    (tmp_path / "out/a.png").mkdir(parents=True)
    files = open_picture_files(str(tmp_path / "out"), source)
    with pytest.raises(InputError, match="cannot be written"):
        files.save(next(iter(source)), PICTURE)


def test_a_window_needs_an_opencv_that_has_windows(monkeypatch):
    def no_windows(*args):
        raise cv2.error("The function is not implemented.")

    monkeypatch.setattr(cv2, "namedWindow", no_windows)
    with pytest.raises(InputError, match="This OpenCV shows no windows"):
        Window(wait_ms=1)


@pytest.mark.parametrize(("key", "ends"), [(-1, False), (ord("n"), False), (ord("q"), True)])
def test_a_key_closes_the_window(monkeypatch, key, ends):
    shown = []
    monkeypatch.setattr(pictures.cv2, "namedWindow", lambda *args: None)
    monkeypatch.setattr(pictures.cv2, "imshow", lambda title, picture: shown.append(picture))
    monkeypatch.setattr(pictures.cv2, "waitKey", lambda wait_ms: key)
    window = Window(wait_ms=1)
    frame = Frame("a", 0, PICTURE)
    if ends:
        with pytest.raises(WindowClosed):
            window.save(frame, PICTURE)
    else:
        window.save(frame, PICTURE)
    assert len(shown) == 1
