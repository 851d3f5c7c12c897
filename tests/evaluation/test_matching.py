import numpy as np
import pytest

from adaanchor_d2.evaluation.matching import match_in_order, pairs_within_groups


@pytest.mark.parametrize("sizes", [(0, 0), (0, 4), (5, 0), (40, 30)])
def test_pairs_are_those_of_two_loops(sizes):
    rng = np.random.default_rng(0)
    first_group, second_group = (rng.integers(0, 6, size) for size in sizes)
    pairs = [
        (i, j)
        for i in range(sizes[0])
        for j in range(sizes[1])
        if first_group[i] == second_group[j]
    ]
    first, second = pairs_within_groups(first_group, second_group)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == pairs


@pytest.mark.parametrize("seed", range(20))
def test_matches_are_those_of_one_visit_after_the_other(seed):
    rng = np.random.default_rng(seed)
    num_pairs = int(rng.integers(0, 200))
    first, second = rng.integers(0, 25, (2, num_pairs))
    expected, taken_first, taken_second = [], set(), set()
    for index, (i, j) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        if i not in taken_first and j not in taken_second:
            expected.append(index)
            taken_first.add(i)
            taken_second.add(j)
    assert match_in_order(first, second).tolist() == expected


def test_a_chain_in_which_each_pair_waits_for_the_one_before():
    """Visited in order, every second pair of (0, 0), (0, 1), (1, 1), (1, 2) ... is kept."""
    first, second = np.arange(40) // 2, (np.arange(40) + 1) // 2
    assert match_in_order(first, second).tolist() == list(range(0, 40, 2))
