import numpy as np
import pytest
import torch

from adaanchor_d2.modeling.losses import tag_losses


def plain_losses(tags, image_index, person_index, num_images):
    """HigherHRNet's form, image by image and pair by pair."""
    pulls, pushes = [], []
    for image in range(num_images):
        people = sorted({p for i, p in zip(image_index, person_index, strict=True) if i == image})
        groups = [tags[(image_index == image) & (person_index == p)] for p in people]
        means = [group.mean() for group in groups]
        pull = sum(((g - m) ** 2).mean() for g, m in zip(groups, means, strict=True))
        push = sum(np.exp(-((a - b) ** 2)) for a in means for b in means) - len(means)
        pulls.append(pull / len(groups) if groups else 0.0)
        pairs = len(means) * (len(means) - 1)
        pushes.append(0.5 * push / pairs if pairs else 0.0)
    return np.mean(pulls), np.mean(pushes)


def test_by_hand():
    """Two people with tags {0, 2} and {3}: pull 1 / 2, push exp(-4) / 2."""
    tags = torch.tensor([0.0, 2.0, 3.0])
    pull, push = tag_losses(tags, torch.zeros(3).long(), torch.tensor([0, 0, 1]), 1)
    assert pull.item() == pytest.approx(0.5)
    assert push.item() == pytest.approx(0.5 * np.exp(-4.0))


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_plain_form(seed):
    rng = np.random.default_rng(seed)
    tags = rng.normal(size=60)
    image_index = rng.choice([0, 1, 3, 4], 60)  # image 2 has nobody
    person_index = np.where(image_index == 4, 7, rng.integers(0, 6, 60))  # one person in image 4
    found = tag_losses(*map(torch.from_numpy, (tags, image_index, person_index)), 6)
    expected = plain_losses(tags, image_index, person_index, 6)
    assert [loss.item() for loss in found] == pytest.approx(expected)


def test_nobody_is_zero_with_a_graph():
    tags = torch.zeros(4, requires_grad=True)
    nobody = torch.zeros(0).long()
    pull, push = tag_losses(tags[nobody], nobody, nobody, 2)
    (pull + push).backward()
    assert pull == push == 0 and (tags.grad == 0).all()
