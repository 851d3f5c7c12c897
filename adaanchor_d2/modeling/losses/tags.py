"""Pull and push losses of Associative Embedding on the tags of an image's people."""

import torch
from torch import Tensor


def tag_losses(
    tags: Tensor, image_index: Tensor, person_index: Tensor, num_images: int
) -> tuple[Tensor, Tensor]:
    """Return (pull, push) in HigherHRNet's form, each a mean over images.

    With t the tags of a person's keypoints and m_n their mean for person n of N in an image:

        pull = 1 / N           sum_n mean((t - m_n)^2)
        push = 1 / (2 N (N-1)) sum_{n != n'} exp(-(m_n - m_n')^2)

    An image without people adds zero to both, one with a single person zero to push. Without any
    tag both are zeros that keep the graph.

    Args:
        tags: (T,), one per keypoint; computed in float32 or wider.
        image_index: (T,) int64.
        person_index: (T,) int64, number of the person within the image.
        num_images: B, images of the batch, those without people included.
    """
    tags = tags.to(torch.promote_types(tags.dtype, torch.float32))
    if len(tags) == 0:
        return tags.sum(), tags.sum()
    person = image_index * (person_index.max() + 1) + person_index
    person, person_of_tag = person.unique(return_inverse=True)
    image_of_person = torch.empty_like(person).index_put_((person_of_tag,), image_index)

    def sum_by_person(values: Tensor) -> Tensor:
        return values.new_zeros(len(person)).index_add(0, person_of_tag, values)

    num_tags = sum_by_person(torch.ones_like(tags))
    mean = sum_by_person(tags) / num_tags
    spread = sum_by_person((tags - mean[person_of_tag]).square()) / num_tags

    same_image = image_of_person[:, None] == image_of_person
    num_people = same_image.sum(dim=1)
    pull = (spread / num_people).sum()
    similarity = torch.exp(-(mean[:, None] - mean).square())
    others = same_image.fill_diagonal_(False)
    pairs = (num_people * (num_people - 1)).clamp(min=1)
    push = 0.5 * (similarity * others / pairs[:, None]).sum()
    return pull / num_images, push / num_images
