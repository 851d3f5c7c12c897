"""Other people's weights: what each family calls its weights, and their conversion to ours.

A further family is a :class:`Family` and an entry in ``FAMILIES``. Where a file has the signatures
of two, the first entry counts.
"""

from .associative_embedding import HIGHERHRNET, HRNET_AE, MMPOSE_AE
from .conversion import PLACE, Conversion, convert
from .dekr import DEKR, MMPOSE_DEKR
from .family import Family, find_family
from .hrnet import HRNET
from .hrnet_face import HRNET_FACE
from .mmpose import MMPOSE_HRNET, MMPOSE_HRNET_FACE, MMPOSE_RESNET
from .simplepose import SIMPLEPOSE
from .source import SourceWeights, read_source

FAMILIES = (
    SIMPLEPOSE,
    HRNET,
    HRNET_FACE,
    HIGHERHRNET,
    HRNET_AE,
    DEKR,
    MMPOSE_RESNET,
    MMPOSE_HRNET_FACE,
    MMPOSE_HRNET,
    MMPOSE_AE,
    MMPOSE_DEKR,
)

__all__ = [
    "Conversion",
    "FAMILIES",
    "Family",
    "PLACE",
    "SourceWeights",
    "convert",
    "find_family",
    "read_source",
]
