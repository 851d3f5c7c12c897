from itertools import islice

import pytest

from adaanchor_d2.data import samplers
from adaanchor_d2.data.samplers import ImageGroupedSampler

GROUPS = ["a", "b", "a", "c", "d", "b", "a", "e", "f", "f"]


def make(monkeypatch, rank=0, world_size=1, seed=3):
    monkeypatch.setattr(samplers.comm, "get_rank", lambda: rank)
    monkeypatch.setattr(samplers.comm, "get_world_size", lambda: world_size)
    return ImageGroupedSampler(GROUPS, seed)


def test_every_pass_covers_every_sample(monkeypatch):
    indices = list(islice(make(monkeypatch), 30))
    passes = [indices[i : i + 10] for i in (0, 10, 20)]
    assert all(sorted(one) == list(range(10)) for one in passes)
    assert passes[0] != passes[1]


def test_samples_of_an_image_are_adjacent(monkeypatch):
    groups = [GROUPS[i] for i in islice(make(monkeypatch), 10)]
    switches = sum(a != b for a, b in zip(groups, groups[1:], strict=False))
    assert switches == len(set(GROUPS)) - 1


def test_order_depends_on_the_seed_alone(monkeypatch):
    first = list(islice(make(monkeypatch), 40))
    assert first == list(islice(make(monkeypatch), 40))
    assert first != list(islice(make(monkeypatch, seed=4), 40))


def test_processes_share_the_images_of_a_pass(monkeypatch):
    # 6 images, 2 processes: 3 images each in every pass.
    shares = []
    for rank in range(2):
        stream = iter(make(monkeypatch, rank, 2))
        images: list[str] = []
        taken = []
        while len(images) < 3:
            index = next(stream)
            taken.append(index)
            if not images or GROUPS[index] != images[-1]:
                images.append(GROUPS[index])
        last = images[-1]
        while len(taken) < sum(GROUPS.count(image) for image in images):
            index = next(stream)
            assert GROUPS[index] == last
            taken.append(index)
        shares.append(taken)
    assert set(shares[0]).isdisjoint(shares[1])
    assert sorted(shares[0] + shares[1]) == list(range(10))


def test_no_samples():
    with pytest.raises(ValueError, match="at least one sample"):
        ImageGroupedSampler([], 0)
