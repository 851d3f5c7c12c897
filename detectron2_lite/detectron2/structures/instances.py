"""Fields of the instances of one image."""

import itertools
from typing import Any

import torch


class Instances:
    """Named fields of equal length, one entry per instance: boxes, scores, keypoints and so on.

    Fields are set and read as attributes (``instances.scores = scores``). Names that begin with an
    underscore are not fields.

    Args:
        image_size: (height, width).
        kwargs: fields.
    """

    def __init__(self, image_size: tuple[int, int], **kwargs: Any):
        self._image_size = image_size
        self._fields: dict[str, Any] = {}
        for name, value in kwargs.items():
            self.set(name, value)

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of the image."""
        return self._image_size

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            self.set(name, value)

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__.get("_fields", {})
        if name not in fields:
            raise AttributeError(f"These Instances have no field '{name}'.")
        return fields[name]

    def set(self, name: str, value: Any) -> None:
        """Set a field; its length must be that of the fields that exist."""
        assert not self._fields or len(value) == len(self), (
            f"Field {name} has {len(value)} entries, the Instances have {len(self)}."
        )
        self._fields[name] = value

    def get(self, name: str) -> Any:
        """Return a field; KeyError when there is none."""
        return self._fields[name]

    def has(self, name: str) -> bool:
        """Whether a field exists."""
        return name in self._fields

    def remove(self, name: str) -> None:
        """Remove a field."""
        del self._fields[name]

    def get_fields(self) -> dict[str, Any]:
        """Return the fields by name; changing this dict changes the instances."""
        return self._fields

    def to(self, *args: Any, **kwargs: Any) -> "Instances":
        """Return instances whose fields have been moved, where they have a method ``to``."""
        moved = {
            name: value.to(*args, **kwargs) if hasattr(value, "to") else value
            for name, value in self._fields.items()
        }
        return Instances(self._image_size, **moved)

    def __getitem__(self, item: int | slice | torch.Tensor) -> "Instances":
        """Index every field; a number gives instances of length 1."""
        if type(item) is int:
            position = range(len(self))[item]
            item = slice(position, position + 1)
        picked = {name: value[item] for name, value in self._fields.items()}
        return Instances(self._image_size, **picked)

    def __len__(self) -> int:
        for value in self._fields.values():
            return len(value)
        raise NotImplementedError("Instances without fields have no length.")

    def __iter__(self):
        raise NotImplementedError("Instances cannot be iterated; index them.")

    @staticmethod
    def cat(instance_lists: list["Instances"]) -> "Instances":
        """Join instances of one image size and the same fields."""
        first = instance_lists[0]
        if len(instance_lists) == 1:
            return first
        assert all(other.image_size == first.image_size for other in instance_lists)
        joined = {
            name: _join([instances.get(name) for instances in instance_lists])
            for name in first.get_fields()
        }
        return Instances(first.image_size, **joined)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}: {value}" for name, value in self._fields.items())
        return f"Instances(image_size={self._image_size}, fields=[{fields}])"


def _join(values: list) -> Any:
    if isinstance(values[0], torch.Tensor):
        return torch.cat(values)
    if isinstance(values[0], list):
        return list(itertools.chain.from_iterable(values))
    return type(values[0]).cat(values)
