"""Synthetic data sets in official layouts: the benchmarks that run on any machine.

    python -m adaanchor_d2.data.synthetic --output datasets/synthetic_people
    python -m adaanchor_d2.data.synthetic --layout mpii --output datasets/synthetic_people_mpii
    python -m adaanchor_d2.data.synthetic --layout crowdpose --output datasets/synthetic_crowds
    python -m adaanchor_d2.data.synthetic --layout wflw --output datasets/synthetic_faces

The layout decides what is drawn: people for COCO's, MPII's and CrowdPose's, faces for WFLW's.
"""

import argparse
import os
from dataclasses import Field, fields

from ..errors import InputError, run_command
from .synthetic_faces.image import SyntheticFacesOptions
from .synthetic_layouts import LAYOUTS, write_data_set
from .synthetic_layouts.crowdpose import SyntheticCrowdsOptions
from .synthetic_layouts.layout import DataSetInfo
from .synthetic_people.image import SyntheticPeopleOptions

__all__ = [
    "SyntheticCrowdsOptions",
    "SyntheticFacesOptions",
    "SyntheticPeopleOptions",
    "main",
    "write_synthetic_faces",
    "write_synthetic_people",
]


def write_synthetic_people(
    output_dir: str | os.PathLike,
    num_train: int = 4000,
    num_val: int = 500,
    width: int = 320,
    height: int = 240,
    seed: int = 0,
    workers: int = 1,
    options: SyntheticPeopleOptions | None = None,
    overwrite: bool = False,
    layout: str = "coco",
) -> None:
    """Write a data set of synthetic people.

    Args:
        output_dir: becomes the data set's folder; a run that is interrupted leaves none.
        num_train: pictures for training.
        num_val: pictures for validation.
        width: of a picture, pixels.
        height: of a picture, pixels.
        seed: chooses the data set.
        workers: processes that draw; the files do not depend on their number.
        options: how crowded and how hidden the people are; None: the layout's own defaults.
        overwrite: replace a data set that is already there.
        layout: "coco", "mpii" or "crowdpose".

    Raises:
        InputError: when a number is out of range or the folder cannot be written.
    """
    info = DataSetInfo(width, height, seed, options or LAYOUTS[layout].options())
    write_data_set(LAYOUTS[layout], output_dir, num_train, num_val, info, workers, overwrite)


def write_synthetic_faces(
    output_dir: str | os.PathLike,
    num_train: int = 4000,
    num_val: int = 500,
    width: int = 256,
    height: int = 256,
    seed: int = 0,
    workers: int = 1,
    options: SyntheticFacesOptions | None = None,
    overwrite: bool = False,
) -> None:
    """Write a data set of synthetic faces in WFLW's layout; ``num_val`` is for its test list.

    Arguments and errors are those of ``write_synthetic_people``; ``options`` say how many faces
    there are and how hard they are to see.
    """
    info = DataSetInfo(width, height, seed, options or SyntheticFacesOptions())
    write_data_set(LAYOUTS["wflw"], output_dir, num_train, num_val, info, workers, overwrite)


def _parser() -> argparse.ArgumentParser:
    layouts = "; ".join(f"{layout.name}: {layout.description}" for layout in LAYOUTS.values())
    sizes = ", ".join(
        "{}: {} x {}".format(layout.name, *layout.default_size) for layout in LAYOUTS.values()
    )
    parser = argparse.ArgumentParser(
        prog="python -m adaanchor_d2.data.synthetic",
        description="Write synthetic people or faces in an official layout.",
    )
    number = parser.add_argument
    number("--output", required=True, metavar="DIR", help="folder of the data set")
    number("--layout", choices=tuple(LAYOUTS), default="coco", help=f"{layouts} (default: coco)")
    number("--num-train", type=int, default=4000, help="pictures for training (default: 4000)")
    number("--num-val", type=int, default=500, help="pictures for validation (default: 500)")
    number("--width", type=int, help=f"pixels (default: {sizes})")
    number("--height", type=int, help="pixels (default: see --width)")
    number("--seed", type=int, default=0, help="chooses the data set (default: 0)")
    number("--workers", type=int, default=1, help="processes (default: 1)")
    number("--overwrite", action="store_true", help="replace an earlier data set")
    for options, subject in ((SyntheticPeopleOptions, "people"), (SyntheticFacesOptions, "faces")):
        group = parser.add_argument_group(f"options for {subject}")
        for field in fields(options):
            text = f"{_OPTION_HELP[field.name]} (default: {_defaults(field, options)})"
            group.add_argument(_flag(field.name), type=type(field.default), help=text)
    return parser


def _defaults(field: Field, options: type) -> str:
    """Say an option's default, and which layouts have another one."""
    others = [
        f"{layout.name}: {value}"
        for layout in LAYOUTS.values()
        if issubclass(layout.options, options)
        and (value := getattr(layout.options, field.name)) != field.default
    ]
    return "; ".join([str(field.default), *others])


_OPTION_HELP = {
    "max_people": "most people in a picture",
    "min_people": "fewest people in a picture that is not empty",
    "empty_probability": "of a picture without people",
    "overlap_probability": "of a further person standing close to an earlier one",
    "occluder_probability": "of something standing in front of a person",
    "truncation_probability": "of a person being cut off by the picture's border",
    "hidden_center_probability": "of something covering the middle of a person",
    "any_pose_probability": "of any pose from any side, not upright and facing the viewer",
    "max_faces": "most faces in a picture",
    "face_occluder_probability": "of something before a face",
    "light_probability": "of light that is dark, from one side or too strong",
    "blur_probability": "of a blurred picture",
}


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    values = _parser().parse_args(arguments)
    layout = LAYOUTS[values.layout]
    given = {name: v for name in _OPTION_HELP if (v := getattr(values, name)) is not None}
    foreign = sorted(set(given) - {field.name for field in fields(layout.options)})
    if foreign:
        raise InputError(f"{_flag(foreign[0])} is no option of the layout {layout.name}.")
    width, height = (
        default if value is None else value
        for value, default in zip((values.width, values.height), layout.default_size, strict=True)
    )
    info = DataSetInfo(width, height, values.seed, layout.options(**given))
    counts = values.num_train, values.num_val
    write_data_set(layout, values.output, *counts, info, values.workers, values.overwrite)
    print(f"wrote {counts[0]} + {counts[1]} pictures to {values.output}")


if __name__ == "__main__":
    run_command(main)
