"""Greedy one-to-one matching of rows of two tables, without a loop over the rows."""

import numpy as np


def pairs_within_groups(
    first_group: np.ndarray, second_group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of a first and a second row that are in the same group.

    Args:
        first_group: (N,) int.
        second_group: (M,) int.

    Returns:
        Row numbers (P,) and (P,), ordered by the first, then by the second.
    """
    order = np.argsort(second_group, kind="stable")
    sorted_group = second_group[order]
    start = np.searchsorted(sorted_group, first_group, side="left")
    count = np.searchsorted(sorted_group, first_group, side="right") - start
    first = np.repeat(np.arange(len(first_group)), count)
    place_in_group = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return first, order[np.repeat(start, count) + place_in_group]


def match_in_order(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Visit pairs in the order given and keep each whose two rows are both still free.

    In every round the pairs that come first for both of their rows are kept at once; whatever the
    order of visits, they would be. Few rounds settle all.

    Args:
        first, second: (P,) row numbers from 0.

    Returns:
        Indices of the pairs kept, ascending.
    """
    kept = np.zeros(len(first), dtype=bool)
    open_pairs = np.arange(len(first))
    while len(open_pairs):
        rows, columns = first[open_pairs], second[open_pairs]
        chosen = open_pairs[_is_first_of_its_value(rows) & _is_first_of_its_value(columns)]
        kept[chosen] = True
        taken = _contains(first[chosen], rows) | _contains(second[chosen], columns)
        open_pairs = open_pairs[~taken]
    return np.flatnonzero(kept)


def _is_first_of_its_value(values: np.ndarray) -> np.ndarray:
    """(P,) bool."""
    place = np.arange(len(values))
    first_place = np.empty(values.max() + 1, dtype=np.int64)
    first_place[values[::-1]] = place[::-1]  # The last to be written is the first of its value.
    return first_place[values] == place


def _contains(values: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Which of the candidates are among the values; all are small whole numbers."""
    present = np.zeros(candidates.max() + 1, dtype=bool)
    present[values] = True
    return present[candidates]
