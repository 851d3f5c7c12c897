"""From the maps of one image to its people in single-stage pose: centres, poses, duplicates."""

import argparse

import numpy as np
import torch
from detectron2.layers import ShapeSpec

from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.anchors import KeypointTargets
from adaanchor_d2.modeling.anchors.geometry import candidate_xy
from adaanchor_d2.modeling.decoders import keep_best_poses, same_person
from adaanchor_d2.modeling.heads import AnchorHead, HeatmapHead
from adaanchor_d2.modeling.losses import render_heatmaps
from adaanchor_d2.modeling.meta_arch.center_decoder import CenterDecoder, CenterMaps

from .group import MAX_PEOPLE, NUM_TYPES, PLACE, STRIDE, make_anchor_maps, make_people
from .timing import interleave, processor_time

GAMMA = 0.01


@torch.no_grad()
def time_center(args: argparse.Namespace) -> dict:
    """What follows the network, on made-up maps, for each number of people."""
    if min(args.people) < 1:
        raise InputError(f"--people is {min(args.people)}, but must be at least 1.")
    results = {f"people_{count}": _time_scene(args, count) for count in args.people}
    return {"map_size": list(args.map_size), "gamma": GAMMA, **results}


def _time_scene(args: argparse.Namespace, num_people: int) -> dict:
    maps, heatmap_maps, poses = make_scene(num_people, *args.map_size, args.device)
    shape = ShapeSpec(channels=1, stride=STRIDE)
    keypoint_head = HeatmapHead(input_shape=shape, num_keypoints=NUM_TYPES).to(args.device)
    centers = HeatmapHead(input_shape=shape, num_keypoints=1).to(args.device)
    anchors = AnchorHead(input_shape=shape, num_keypoints=1, assigner=None).to(args.device)
    size = [tuple(STRIDE * side for side in args.map_size)]
    samples = [{"crop_to_image": np.eye(2, 3), "height": size[0][0], "width": size[0][1]}]
    decoders = {
        "decode": (CenterDecoder(anchors, keypoint_head, gamma=GAMMA), maps),
        "decode_heatmap": (CenterDecoder(centers, keypoint_head, gamma=GAMMA), heatmap_maps),
    }
    functions = {
        "locate": lambda: anchors.inference_many(maps.centers, GAMMA, MAX_PEOPLE),
        "pose_nms": lambda: keep_best_poses(same_person(poses, 0.05, 8), poses[:, 0, 0]),
        **{
            name: lambda decoder=decoder, own=own: decoder(own, size, samples)
            for name, (decoder, own) in decoders.items()
        },
    }
    return {
        "people_found": len(functions["decode"]()[0]["instances"]),
        **interleave(functions, args.repeats, args.device),
        **{
            f"{name}_processor_ms": processor_time(functions[name], args.repeats)
            for name in decoders
        },
    }


def make_scene(
    num_people: int, height: int, width: int, device: str
) -> tuple[CenterMaps, CenterMaps, np.ndarray]:
    """Maps of one image, centres by anchors and by a heatmap, and its poses (N, K, 2).

    The 20 candidates nearest to a centre are confident and point at it, with noise. Every candidate
    has the pose of the nearest centre, the keypoint heatmaps are exact.
    """
    generator = torch.Generator().manual_seed(0)
    people = make_people(num_people, height, width, generator)
    zeros = torch.zeros(num_people, dtype=torch.long)
    targets = KeypointTargets(people.mean(dim=1), zeros, zeros)
    anchor_maps = make_anchor_maps(targets, 1, height, width, generator, device)
    places = candidate_xy(height, width, PLACE, like=people)
    nearest = torch.cdist(places, targets.xy).argmin(dim=1)
    offsets = (people[nearest] - places[:, None]).permute(1, 2, 0)
    offsets = offsets.reshape(1, NUM_TYPES, 2, height, width).to(device)
    kind = torch.arange(NUM_TYPES).repeat(num_people)
    drawn = (height, width, 2.0, False, PLACE)
    heatmaps = render_heatmaps(people.flatten(0, 1), kind, NUM_TYPES, *drawn)[None].to(device)
    center_heatmap = render_heatmaps(targets.xy, zeros, 1, *drawn)[None].to(device)
    return (
        CenterMaps(anchor_maps, offsets, heatmaps),
        CenterMaps(center_heatmap, offsets, heatmaps),
        people.numpy(),
    )
