"""AdaAnchor: adaptive anchors for robust keypoint localization, on Detectron2."""

try:
    import detectron2.config  # noqa: F401
except ModuleNotFoundError as error:
    if error.name not in ("detectron2", "detectron2.config"):
        raise
    raise ImportError(
        "adaanchor_d2 needs Detectron2: run `pip install ./detectron2_lite` in this repository "
        "for the part of it that is used here, or follow Detectron2's installation guide."
    ) from None

from . import data, modeling  # noqa: F401  (registers data sets and networks)
from .config import add_adaanchor_config
from .engine import Predictor
from .version import __version__

__all__ = ["Predictor", "__version__", "add_adaanchor_config"]
