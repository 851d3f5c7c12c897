import csv
import math

import numpy as np
import pytest

from adaanchor_d2.errors import InputError
from adaanchor_d2.experiments.sweep import SweepPoint, check_values, to_panels, write_csv

POINTS = [
    SweepPoint("ada", "0", 0.1, {"AP": 30.0, "recall": 70.0}),
    SweepPoint("ada", "1", 0.1, {"AP": 32.0, "recall": 72.0}),
    SweepPoint("ada", "0", 0.5, {"AP": 20.0}),
    SweepPoint("fix", "0", 0.5, {"AP": 25.0}),
]


def test_panels_hold_a_line_for_each_row_and_a_value_for_each_seed():
    panels, values = to_panels(POINTS)
    assert values == [0.1, 0.5]
    np.testing.assert_equal(panels["AP"]["ada"], [[30, 20], [32, math.nan]])
    np.testing.assert_equal(panels["AP"]["fix"], [[math.nan, 25]])
    np.testing.assert_equal(panels["recall"], {"ada": [[70, math.nan], [72, math.nan]]})


def test_csv_holds_the_numbers_in_full(tmp_path):
    third = 100 / 3
    write_csv([*POINTS, SweepPoint("fix", "1", 0.5, {"AP": third})], "gamma", tmp_path / "x.csv")
    lines = list(csv.DictReader(open(tmp_path / "x.csv", newline="")))
    assert lines[2] == {"row": "ada", "seed": "0", "gamma": "0.5", "AP": "20.0", "recall": ""}
    assert float(lines[4]["AP"]) == third


def test_values_are_checked():
    assert check_values([2, 1], "k", least=1, below=math.inf) == [1, 2]
    with pytest.raises(InputError, match=r"--values 1 is no gamma: at least 0.1 and below 1\."):
        check_values([0.5, 1], "gamma", least=0.1, below=1)
    with pytest.raises(InputError, match=r"--values -2 is no k: at least 1\."):
        check_values([-2], "k", least=1, below=math.inf)
    with pytest.raises(InputError, match="--values holds 3 twice"):
        check_values([3, 3], "k", least=1, below=math.inf)
