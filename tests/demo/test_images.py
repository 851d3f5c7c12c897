import logging

import cv2
import numpy as np
import pytest
from PIL import Image

from adaanchor_d2.demo.images import ImageSource
from adaanchor_d2.errors import InputError


def write(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(names):
        assert cv2.imwrite(str(folder / name), np.full((4, 5, 3), 10 * index, np.uint8))


def test_files_folders_and_patterns(tmp_path, caplog):
    write(tmp_path / "a", "x.jpg", "y.PNG")
    write(tmp_path / "b" / "deep", "z.png")
    (tmp_path / "a" / "notes.txt").write_text("no image")
    inputs = [tmp_path / "a" / "y.PNG", tmp_path / "a", tmp_path / "b" / "**" / "*.png"]
    with caplog.at_level(logging.INFO):
        source = ImageSource(list(map(str, inputs)))
    assert source.names == ["a/y.PNG", "a/x.jpg", "b/deep/z.png"]
    assert [frame.image.shape for frame in source] == [(4, 5, 3)] * 3
    assert [frame.image_id for frame in source] == [0, 1, 2]
    assert "1 files that are no images" in caplog.text


def test_images_named_by_numbers_have_these_ids(tmp_path):
    write(tmp_path, "000000000785.jpg", "12.jpg")
    assert [(f.name, f.image_id) for f in ImageSource([str(tmp_path)])] == [
        ("000000000785.jpg", 785),
        ("12.jpg", 12),
    ]
    write(tmp_path, "012.jpg")  # the same number twice
    assert ImageSource([str(tmp_path)]).image_ids == [0, 1, 2]


def test_what_cannot_be_decoded_is_named_and_the_rest_goes_on(tmp_path, caplog):
    write(tmp_path, "a.jpg", "c.jpg")
    (tmp_path / "b.jpg").write_bytes(b"no image")
    source = ImageSource([str(tmp_path)])
    assert [frame.name for frame in source] == ["a.jpg", "c.jpg"]
    assert source.unreadable == ["b.jpg"] and source.num_frames == 3
    assert f"Image {tmp_path / 'b.jpg'} cannot be decoded" in caplog.text


def test_photographs_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.fromarray(np.zeros((10, 20, 3), np.uint8)).save(tmp_path / "turned.jpg", exif=exif)
    (frame,) = ImageSource([str(tmp_path / "turned.jpg")])
    assert frame.image.shape == (20, 10, 3)


@pytest.mark.parametrize("name", ["none.jpg", "*.jpg", "empty"])
def test_inputs_without_images(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="--input "):
        ImageSource([str(tmp_path / name)])


def test_a_video_among_the_images_is_told_where_it_belongs(tmp_path):
    (tmp_path / "walk.MP4").touch()
    with pytest.raises(InputError, match="walk.MP4 is a video: give it to --video-input"):
        ImageSource([str(tmp_path / "walk.MP4")])
    with pytest.raises(InputError, match="matches the video .*walk.MP4: give it to"):
        ImageSource([str(tmp_path / "*")])


def test_an_image_named_twice_is_one(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "b.png").touch()
    source = ImageSource([str(tmp_path / name) for name in ("b.png", "./b.png", "a.png")])
    assert source.names == ["b.png", "a.png"]
