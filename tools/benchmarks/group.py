"""From the maps of one image to its people: decoding, tags, grouping."""

import argparse

import torch
from torch import Tensor

from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.anchors import AnchorMaps, FixedAnchorAssigner, KeypointTargets
from adaanchor_d2.modeling.anchors.geometry import candidate_xy, sample_maps
from adaanchor_d2.modeling.decoders import (
    COCO_JOINT_ORDER,
    LocatedKeypoints,
    group_by_tags,
    locate_many_anchor,
    locate_many_heatmap,
)
from adaanchor_d2.modeling.losses import render_heatmaps

from .timing import interleave, processor_time

STRIDE, GAMMA, PLACE, MAX_PEOPLE = 4, 0.1, 0.5, 30
NUM_TYPES = len(COCO_JOINT_ORDER)


@torch.no_grad()
def time_group(args: argparse.Namespace) -> dict:
    """The steps that follow the network, on made-up maps, for each number of people."""
    if min(args.people) < 1:
        raise InputError(f"--people is {min(args.people)}, but must be at least 1.")
    results = {f"people_{count}": _time_scene(args, count) for count in args.people}
    return {"map_size": list(args.map_size), "gamma": GAMMA, **results}


def _time_scene(args: argparse.Namespace, num_people: int) -> dict:
    maps, heatmaps, tags = make_scene(num_people, *args.map_size, args.device)
    located = decode_anchor(maps)
    tags_at = sample_tags(tags, located)
    functions = {
        "decode": lambda: decode_anchor(maps),
        "decode_heatmap": lambda: decode_heatmap(heatmaps),
        "tags": lambda: sample_tags(tags, located),
        "group": lambda: group(located, tags_at),
        "postprocess": lambda: postprocess(tags, decode_anchor(maps)),
        "postprocess_heatmap": lambda: postprocess(tags, decode_heatmap(heatmaps)),
    }
    return {
        "candidates": int((maps.confidence_logits.sigmoid() >= GAMMA).sum()),
        "keypoints": int(located.valid.sum()),
        "people_found": len(group(located, tags_at)),
        **interleave(functions, args.repeats, args.device),
        **{
            f"{name}_processor_ms": processor_time(functions[name], args.repeats)
            for name in ("postprocess", "postprocess_heatmap")
        },
    }


def decode_anchor(maps: AnchorMaps) -> LocatedKeypoints:
    return locate_many_anchor(maps, STRIDE, PLACE, GAMMA, MAX_PEOPLE)


def decode_heatmap(heatmaps: Tensor) -> LocatedKeypoints:
    return locate_many_heatmap(heatmaps, STRIDE, PLACE, GAMMA, MAX_PEOPLE)


def sample_tags(tags: Tensor, located: LocatedKeypoints) -> Tensor:
    """Return (1, K, M, 1), tags (1, K, H, W) read at the keypoints."""
    xy = located.xy.flatten(0, 1).to(tags) / STRIDE
    return sample_maps(tags.flatten(0, 1)[:, None], xy, PLACE).unflatten(0, tags.shape[:2])


def group(located: LocatedKeypoints, tags_at: Tensor):
    arrays = (located.xy, located.score, tags_at, located.valid)
    return group_by_tags(
        *(array[0].cpu().numpy() for array in arrays), joint_order=COCO_JOINT_ORDER
    )


def postprocess(tags: Tensor, located: LocatedKeypoints):
    return group(located, sample_tags(tags, located))


def make_people(num_people: int, height: int, width: int, generator) -> Tensor:
    """Return (N, K, 2) keypoints, stride units: each person's lie within an eighth of the map."""
    size = torch.tensor([width, height])
    centre = torch.rand(num_people, 1, 2, generator=generator) * size
    spread = torch.rand(num_people, NUM_TYPES, 2, generator=generator) - 0.5
    return (centre + spread * size / 4).clamp(min=0).minimum(size - 1e-3)


def make_anchor_maps(
    targets: KeypointTargets, num_types: int, height: int, width: int, generator, device: str
) -> AnchorMaps:
    """Return maps of one image in which the 20 candidates nearest to a target point at it.

    They are confident; confidence and offsets have noise.
    """
    maps = AnchorMaps(
        torch.randn(1, num_types, height, width, generator=generator) * 0.5 - 6,
        torch.randn(1, num_types, 2, height, width, generator=generator) * 0.3,
        torch.randn(1, num_types, 2, height, width, generator=generator) * 0.1,
        PLACE,
    )
    target, index = FixedAnchorAssigner(20)(maps, targets).positives()
    kind = targets.type_index[target]
    places = candidate_xy(height, width, PLACE, like=targets.xy)
    logits = maps.confidence_logits[0].flatten(1)
    logits[kind, index] = 1.5 + torch.randn(len(index), generator=generator)
    offsets = maps.offsets[0].flatten(2)
    offsets[kind, :, index] += targets.xy[target] - places[index]
    return AnchorMaps(
        maps.confidence_logits.to(device),
        maps.offsets.to(device),
        maps.local_offsets.to(device),
        PLACE,
    )


def make_scene(num_people: int, height: int, width: int, device: str):
    """Maps of one image: anchor maps, heatmaps (1, K, H, W), tags (1, K, H, W).

    The tag of a candidate is the number of the person whose keypoint is nearest.
    """
    generator = torch.Generator().manual_seed(0)
    xy = make_people(num_people, height, width, generator).flatten(0, 1)
    kind = torch.arange(NUM_TYPES).repeat(num_people)
    person = torch.arange(num_people).repeat_interleave(NUM_TYPES)
    targets = KeypointTargets(xy, torch.zeros_like(kind), kind)
    maps = make_anchor_maps(targets, NUM_TYPES, height, width, generator, device)
    heatmaps = render_heatmaps(xy, kind, NUM_TYPES, height, width, 2.0, True, PLACE)
    places = candidate_xy(height, width, PLACE, like=xy)
    nearest = torch.stack(
        [torch.cdist(places, xy[kind == this]).argmin(1) for this in range(NUM_TYPES)]
    )
    tags = person.view(num_people, NUM_TYPES)[:, 0][nearest].float().view(1, -1, height, width)
    return maps, heatmaps.view_as(tags).to(device), tags.to(device)
