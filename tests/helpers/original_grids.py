"""How the original projects crop, draw targets and decode, restated for one square-pixel crop.

Image coordinates here are theirs: pixel indices. A region is (centre x, centre y, width) with the
centre as a pixel index. Crops are as large as their COCO models' (192 x 256) or WFLW
models' (256 x 256), heatmaps a quarter of that.
"""

import cv2
import numpy as np

STRIDE = 4


def by_index(matrix) -> np.ndarray:
    """Turn an affine map (2, 3) of pixel indices into one of continuous pixels."""
    matrix = np.asarray(matrix, np.float64)
    shift = 0.5 - matrix[:, :2] @ [0.5, 0.5]
    return np.column_stack((matrix[:, :2], matrix[:, 2] + shift))


def gaussian(centre, size, sigma=2.0) -> np.ndarray:
    """(H, W) Gaussian around a place in heatmap indices."""
    x, y = np.arange(size[0]), np.arange(size[1])
    squares = (x - centre[0]) ** 2 + (y[:, None] - centre[1]) ** 2
    return np.exp(-squares / (2 * sigma**2))


def quarter_peak(heatmap) -> np.ndarray:
    """Index of the peak, a quarter towards the higher neighbour; peaks away from the border."""
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    dx = heatmap[row, column + 1] - heatmap[row, column - 1]
    dy = heatmap[row + 1, column] - heatmap[row - 1, column]
    return np.array([column, row]) + 0.25 * np.sign([dx, dy])


class WarpedByIndex:
    """SimplePose, HRNet (pose) and MMPose: the centre goes to pixel index (W / 2, H / 2)."""

    crop_size = (192, 256)

    def __init__(self, region) -> None:
        self.centre = np.array(region[:2])
        self.scale = self.crop_size[0] / region[2]
        self.half = np.array(self.crop_size) / 2

    def crop_to_image(self) -> np.ndarray:
        """Where the crop's pixels come from, (2, 3), continuous pixels."""
        shift = self.centre - self.half / self.scale
        return by_index(np.column_stack((np.eye(2) / self.scale, shift)))

    def to_heatmap(self, point) -> np.ndarray:
        return ((point - self.centre) * self.scale + self.half) / STRIDE

    def target_centre(self, point) -> np.ndarray:
        return np.floor(self.to_heatmap(point) + 0.5)

    def decode(self, heatmap) -> np.ndarray:
        return (quarter_peak(heatmap) * STRIDE - self.half) / self.scale + self.centre


class WholeImage:
    """Associative Embedding's models on an image that is the network's input as it is."""

    size = 128

    def __init__(self, stride: int) -> None:
        self.stride = stride

    def target(self, point) -> np.ndarray:
        """The heatmap of a keypoint at this pixel index."""
        return gaussian(np.floor(point / self.stride), (self.size // self.stride,) * 2)

    def decode(self, heatmap) -> np.ndarray:
        """The pixel index found in a heatmap, which is first brought to the size of the image."""
        enlarged = cv2.resize(heatmap, (self.size, self.size), interpolation=cv2.INTER_LINEAR)
        return quarter_peak(enlarged) + 0.5


class FaceCrop:
    """HRNet-Facial: an affine map for targets and decoding, a slice of whole pixels for the crop.

    For regions narrower than twice the crop; those of WFLW's larger faces are shrunk first.
    ``decode`` leaves out the cast to whole pixels that follows.
    """

    crop_size = (256, 256)

    def __init__(self, region) -> None:
        self.centre = np.array(region[:2])
        self.width = region[2]

    def crop_to_image(self) -> np.ndarray:
        first = self._to_pixel(0.0)
        end = self._to_pixel(256.0)
        # The slice first:end, resized to the crop, edge to edge.
        scale = (end - first) / 256
        return np.column_stack((np.diag(scale), first))

    def _to_pixel(self, crop_index: float) -> np.ndarray:
        """The image column and row of a crop index, by their 1-based arithmetic."""
        place = (crop_index - 1 - 128) * self.width / 256 + self.centre
        return np.trunc(place) + 1

    def to_heatmap(self, point) -> np.ndarray:
        return (point - self.centre) * 64 / self.width + 32

    def target_centre(self, point) -> np.ndarray:
        return np.trunc(self.to_heatmap(point))

    def decode(self, heatmap) -> np.ndarray:
        return (quarter_peak(heatmap) + 0.5 - 32) * self.width / 64 + self.centre
