"""The official layouts in which synthetic data sets are written, one file a layout.

A layout says what is drawn, where pictures go and how annotations are written; ``writer`` does the
rest. A new one is a file with a ``Layout`` and an entry in ``LAYOUTS``.
"""

from .coco import COCO_LAYOUT
from .crowdpose import CROWDPOSE_LAYOUT, SyntheticCrowdsOptions
from .layout import Layout
from .mpii import MPII_LAYOUT
from .wflw import WFLW_LAYOUT
from .writer import write_data_set

__all__ = ["LAYOUTS", "Layout", "SyntheticCrowdsOptions", "write_data_set"]

LAYOUTS: dict[str, Layout] = {
    layout.name: layout for layout in (COCO_LAYOUT, CROWDPOSE_LAYOUT, MPII_LAYOUT, WFLW_LAYOUT)
}
