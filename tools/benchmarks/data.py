"""A training sample against its JPEG decode alone, and what image-grouped order saves."""

import argparse
import statistics

from detectron2.data import DatasetCatalog

from adaanchor_d2.data.build import build_mapper
from adaanchor_d2.data.image_reader import ImageReader, read_image
from adaanchor_d2.engine.config_file import load_config
from adaanchor_d2.errors import InputError

from .timing import measure


def time_data(args: argparse.Namespace) -> dict:
    """Time all people of a data set: decode, sample by sample, image by image, in turn."""
    options = ["DATASETS.TRAIN", f"('{args.dataset}',)", "INPUT.FORMAT", "RGB", *args.opts]
    mapper = build_mapper(load_config("", options), is_train=True)
    people = mapper.records(DatasetCatalog.get(args.dataset), args.dataset)
    people.sort(key=lambda person: person["file_name"])
    num_images = len({person["file_name"] for person in people})
    if num_images < 2:
        raise InputError(f"--dataset {args.dataset} has fewer than two images with people.")

    def sample_alone(person: dict) -> None:
        mapper._reader = ImageReader()
        mapper(person)

    decode, alone, passes_alone, passes_grouped = [], [], [], []
    for _ in range(args.repeats):
        for person in people:
            decode.append(measure(lambda person=person: read_image(person["file_name"])))
            alone.append(measure(lambda person=person: sample_alone(person)))
        passes_alone.append(sum(alone[-len(people) :]))
        mapper._reader = ImageReader()
        passes_grouped.append(measure(lambda: [mapper(person) for person in people]))
    ratios = [one / grouped for one, grouped in zip(passes_alone, passes_grouped, strict=True)]
    return {
        "people": len(people),
        "people_per_image": round(len(people) / num_images, 3),
        "decode_ms": round(statistics.median(decode) * 1e3, 4),
        "sample_ms": round(statistics.median(alone) * 1e3, 4),
        "sample_over_decode": round(statistics.median(alone) / statistics.median(decode), 3),
        "samples_per_second": round(len(people) / statistics.median(passes_alone), 1),
        "grouped_samples_per_second": round(len(people) / statistics.median(passes_grouped), 1),
        "grouped_over_alone": round(statistics.median(ratios), 3),
    }
