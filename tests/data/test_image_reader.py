import cv2
import numpy as np
import pytest
from PIL import Image

from adaanchor_d2.data import image_reader
from adaanchor_d2.data.image_reader import ImageReader, read_image
from adaanchor_d2.errors import InputError


@pytest.fixture
def image_file(tmp_path):
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), np.arange(60, dtype=np.uint8).reshape(4, 5, 3))
    return path


def test_pixels_are_bgr(image_file):
    np.testing.assert_array_equal(
        read_image(str(image_file)), np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    )


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"none\.jpg cannot be read: No such file"):
        read_image(str(tmp_path / "none.jpg"))


@pytest.mark.parametrize("content", [b"", b"no image at all"])
def test_undecodable_file(tmp_path, content):
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.jpg cannot be decoded"):
        read_image(str(path))


def test_size_must_be_the_annotated_one(image_file):
    with pytest.raises(InputError, match=r"picture\.png is 5 x 4 pixels, .* says 4 x 5"):
        ImageReader().read(str(image_file), width=4, height=5)


def test_size_that_is_not_annotated(image_file):
    assert ImageReader().read(str(image_file)).shape == (4, 5, 3)


def test_only_a_new_file_is_decoded(image_file, tmp_path, monkeypatch):
    other = tmp_path / "other.png"
    other.write_bytes(image_file.read_bytes())
    decoded = []
    monkeypatch.setattr(
        image_reader, "read_image", lambda name: decoded.append(name) or read_image(name)
    )
    reader = ImageReader()
    for path in (image_file, image_file, other, image_file):
        assert reader.read(str(path), 5, 4).shape == (4, 5, 3)
    assert decoded == [str(image_file), str(other), str(image_file)]


def test_exif_orientation_is_left_alone(tmp_path):
    """Annotations count the pixels of the file."""
    pixels = Image.fromarray(np.zeros((10, 20, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    pixels.save(tmp_path / "turned.jpg", exif=exif)
    assert read_image(str(tmp_path / "turned.jpg")).shape == (10, 20, 3)
    assert read_image(str(tmp_path / "turned.jpg"), upright=True).shape == (20, 10, 3)


def test_a_record_may_bring_its_image(image_file):
    image = np.zeros((3, 3, 3), np.uint8)
    reader = ImageReader()
    assert reader.read_record({"file_name": "none.jpg", "decoded_image": image}) is image
    assert reader.read_record({"file_name": str(image_file)}).shape == (4, 5, 3)
    with pytest.raises(InputError, match="but its annotation says"):
        ImageReader().read_record({"file_name": str(image_file), "width": 4, "height": 4})
