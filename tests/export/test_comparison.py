import numpy as np
import pytest
import torch

from adaanchor_d2.errors import InputError
from adaanchor_d2.export.comparison import compare, relative_difference


class DoublingNetwork:
    def named_maps(self, images):
        return {"small": images[:, :1] / 1e4, "large": images * 2}


def run_with(error: float):
    def run(images):
        return [images[:, :1] / np.float32(1e4), images * 2 + np.float32(error)]

    return run


def test_what_is_equal_passes_and_differences_are_told():
    differences = compare(run_with(0.02), DoublingNetwork(), [(2, 8, 8), (1, 4, 8)], "a.onnx")
    assert differences["small"] == 0
    assert differences["large"] == pytest.approx(0.02 / 510, rel=0.1)


@pytest.mark.parametrize("error", [0.2, float("nan")])
def test_what_differs_is_told_by_output(error):
    with pytest.raises(InputError, match=r"a.onnx does not compute .* output large differs by"):
        compare(run_with(error), DoublingNetwork(), [(1, 8, 8)], "a.onnx")


def test_another_shape_is_a_difference():
    assert relative_difference(np.zeros((1, 2)), np.zeros((2, 1))) == float("inf")
    assert relative_difference(np.full(2, 0.5), torch.zeros(2).numpy()) == 0.5
