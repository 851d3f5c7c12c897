"""Registries, and the answer to a request for something that only Detectron2 has."""

from fvcore.common.registry import Registry

__all__ = ["PartialRegistry", "Registry", "only_in_detectron2"]

INSTALLATION_GUIDE = "https://detectron2.readthedocs.io/tutorials/install.html"


def only_in_detectron2(component: str) -> KeyError:
    """Return the error for a config that asks for ``component``, which lite does not have."""
    return KeyError(
        f"{component} belongs to Detectron2 and is not part of detectron2_lite: install Detectron2 "
        f"as its installation guide says, {INSTALLATION_GUIDE}"
    )


class PartialRegistry(Registry):
    """A registry that knows which names Detectron2 would have filled in.

    Args:
        name: name of the registry.
        kind: what one entry is, for the error message.
        lacking: names that Detectron2 registers and lite does not, separated by spaces.
    """

    def __init__(self, name: str, kind: str, lacking: str):
        super().__init__(name)
        self._kind = kind
        self._lacking = lacking.split()

    def get(self, name: str):
        """Return the entry; raises KeyError that says where a lacking one is to be had."""
        if name not in self and name in self._lacking:
            raise only_in_detectron2(f"The {self._kind} {name}")
        return super().get(name)
