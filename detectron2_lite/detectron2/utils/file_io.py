"""File access by path or URL."""

from iopath.common.file_io import HTTPURLHandler, PathHandler
from iopath.common.file_io import PathManager as _PathManager

__all__ = ["PathHandler", "PathManager"]

PathManager = _PathManager()
PathManager.register_handler(HTTPURLHandler())
