"""Networks. Importing this package registers its parts with Detectron2's registries."""

from . import backbone, heads, meta_arch

__all__ = ["backbone", "heads", "meta_arch"]
