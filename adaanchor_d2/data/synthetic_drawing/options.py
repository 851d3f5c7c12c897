"""What the options of people and of faces have in common."""

from dataclasses import fields
from typing import Any

from ...errors import InputError


def check_probabilities(options: Any) -> None:
    """Raise InputError where a field ``*probability`` of a dataclass is not from 0 to 1."""
    for field in fields(options):
        value = getattr(options, field.name)
        if field.name.endswith("probability") and not 0 <= value <= 1:
            raise InputError(f"{field.name} must be between 0 and 1, not {value}.")
