"""Pictures of faces and their attributes."""

import numpy as np
import pytest

from adaanchor_d2.data.synthetic_faces import image as image_module
from adaanchor_d2.data.synthetic_faces.attributes import NAMES, is_expressive, is_large_pose
from adaanchor_d2.data.synthetic_faces.image import SyntheticFacesOptions, render_image
from adaanchor_d2.data.synthetic_faces.light import BLUR_SPANS, Blur, random_blur, random_light
from adaanchor_d2.data.synthetic_faces.look import MakeUp
from adaanchor_d2.data.synthetic_faces.traits import Expression, Turn
from adaanchor_d2.errors import InputError

from .faces import make_head


@pytest.fixture(scope="module")
def pictures():
    return [render_image(np.random.default_rng((7, index))) for index in range(60)]


PLAIN = SyntheticFacesOptions(1, 0, 0, 0)


def flags_of(monkeypatch, head, options=PLAIN, seed=0):
    """Draw one head in a picture; return its attributes by name."""
    monkeypatch.setattr(image_module, "_place_heads", lambda *_: [head])
    (face,) = render_image(np.random.default_rng(seed), 256, 256, options)[1]
    return dict(zip(NAMES, face.attributes, strict=True))


def test_pictures_and_annotations(pictures):
    faces = [face for _, faces in pictures for face in faces]
    assert 60 < len(faces) < 100
    for image, in_picture in pictures:
        assert image.shape == (256, 256, 3) and image.dtype == np.uint8
        for face in in_picture:
            assert face.landmarks.shape == (98, 2)
            assert face.landmarks.min() >= 1.9 and face.landmarks.max() <= 254.1
            left, top, right, bottom = face.box
            assert 0.5 <= left < right <= 255.5 and 0.5 <= top < bottom <= 255.5
            corners = np.concatenate((face.landmarks.min(axis=0), face.landmarks.max(axis=0)))
            assert np.abs(corners - face.box).max() > 1  # not the landmarks' own box
    shares = np.mean([face.attributes for face in faces], axis=0)
    assert np.all(shares > 0.02) and np.all(shares < 0.5)


def test_same_seed_same_picture(pictures):
    image, faces = render_image(np.random.default_rng((7, 3)))
    assert np.array_equal(image, pictures[3][0])
    assert np.array_equal(faces[0].landmarks, pictures[3][1][0].landmarks)


def test_a_plain_face_has_no_flag(monkeypatch):
    assert not any(flags_of(monkeypatch, make_head(hair_style="short")).values())


@pytest.mark.parametrize(
    "name, options",
    [
        ("occlusion", SyntheticFacesOptions(1, 1, 0, 0)),
        ("illumination", SyntheticFacesOptions(1, 0, 1, 0)),
        ("blur", SyntheticFacesOptions(1, 0, 0, 1)),
    ],
)
def test_an_option_sets_its_flag_and_no_other(monkeypatch, name, options):
    # An occluder may miss the face; sunglasses, the most frequent one, do not.
    seen = [flags_of(monkeypatch, make_head(), options, seed) for seed in range(6)]
    assert sum(flags[name] for flags in seen) >= (4 if name == "occlusion" else 6)
    assert not any(flags[other] for flags in seen for other in NAMES if other != name)


def test_traits_set_their_flags(monkeypatch):
    assert flags_of(monkeypatch, make_head(Turn(0, 55, 0)))["pose"]
    assert flags_of(monkeypatch, make_head(expression=Expression(mouth_open=0.8)))["expression"]
    paint = MakeUp((60.0, 30.0, 180.0), (120.0, 40.0, 40.0), (120.0, 110.0, 235.0), 0.8, 0.5)
    assert flags_of(monkeypatch, make_head(make_up=paint))["make-up"]
    assert flags_of(monkeypatch, make_head(hair_style="fringe"))["occlusion"]  # over the brows
    assert not flags_of(monkeypatch, make_head(glasses=True))["occlusion"]


def test_thresholds():
    assert not is_large_pose(Turn(19, 39, 40)) and is_large_pose(Turn(-20, 0, 0))
    assert is_large_pose(Turn(0, -40, 0))
    assert not is_expressive(Expression(0.34, 0.5, 0.5, (0.7, 0.7), (1, 1)))
    assert is_expressive(Expression(closed=(0.0, 0.9))) and is_expressive(Expression(smile=-0.6))


def test_blur_is_strong_only_from_its_threshold_on():
    rng = np.random.default_rng(0)
    assert not any(random_blur(rng, 0.0, 50.0).is_strong(50.0) for _ in range(50))
    assert all(random_blur(rng, 1.0, 50.0).is_strong(50.0) for _ in range(50))
    assert Blur(BLUR_SPANS * 50.0, None).is_strong(50.0)


@pytest.mark.parametrize("movement", [None, np.array((0.6, 0.8))])
def test_blur_moves_nothing_and_is_as_strong_as_it_says(movement):
    image = np.zeros((61, 61, 3), np.uint8)
    image[26:35, 26:35] = 255
    before = image[..., 0].astype(float)
    after = Blur(3.5, movement).apply(image)[..., 0].astype(float)
    rows, columns = np.mgrid[:61, :61]
    for axis, share in ((columns, 0.6), (rows, 0.8)):
        means = [(a * axis).sum() / a.sum() for a in (before, after)]
        assert abs(means[0] - means[1]) < 0.1
        spread = [(a * (axis - 30.0) ** 2).sum() / a.sum() for a in (before, after)]
        added = 3.5**2 * (1 if movement is None else share**2)
        assert abs(spread[1] - spread[0] - added) < 0.25 * added


def test_strange_light_only_when_asked():
    rng = np.random.default_rng(0)
    assert {random_light(rng, 0.0).kind for _ in range(30)} == {"plain"}
    assert {random_light(rng, 1.0).kind for _ in range(30)} == {"dark", "side", "burnt"}


def test_wrong_options_are_named():
    with pytest.raises(InputError, match="max_faces must be 1 to 20, not 0"):
        SyntheticFacesOptions(max_faces=0)
    with pytest.raises(InputError, match="blur_probability must be between 0 and 1, not -1"):
        SyntheticFacesOptions(blur_probability=-1)
