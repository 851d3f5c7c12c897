"""Single keypoints of a data set, chosen to be looked at: of which person, which, seen or not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import InputError, name_first

# Annotated visible, annotated hidden (or hidden on purpose), outside the network's input.
STATES = ("visible", "hidden", "outside")


@dataclass(frozen=True)
class KeypointCase:
    """One annotated keypoint; ``state`` is one of ``STATES``."""

    annotation_id: int
    kind: int
    state: str


class PeopleSamples:
    """The evaluation samples of a data set by the annotated people in them.

    Serves both mappers: a sample is one person, or an image with all its people.
    """

    def __init__(self, records: list[dict], mapper: Callable[[dict], dict]) -> None:
        """
        Args:
            records: of the mapper, with ground truth.
            mapper: a mapper for evaluation, or one that hides people on purpose.
        """
        self._mapper = mapper
        self._records = {number: record for record in records for number in _ids(record)}
        self._last: tuple[int, dict] | None = None

    @property
    def annotation_ids(self) -> list[int]:
        return list(self._records)

    @cached_property
    def states_told(self) -> list[str]:
        """The states that are worth looking for: hidden only where the annotations tell it or
        people are hidden on purpose, outside only where they are cut off.
        """
        kind = getattr(self._mapper, "kind", None)
        records = {id(record): record for record in self._records.values()}.values()
        tells_hidden = any((_people_of(record)[..., 2] == 1).any() for record in records)
        # In the order of STATES.
        told = (True, tells_hidden or kind is not None, kind == "truncation")
        return [state for state, is_told in zip(STATES, told, strict=True) if is_told]

    def sample(self, annotation_id: int) -> dict:
        """Return the sample in which a person is.

        Raises:
            InputError: there is no such labelled person.
        """
        record = self._records.get(annotation_id)
        if record is None:
            raise InputError(f"Annotation {annotation_id} is no labelled person of the data set.")
        if self._last is None or self._last[0] != id(record):
            self._last = (id(record), self._mapper(record))
        return self._last[1]

    def keypoints(self, annotation_id: int) -> np.ndarray:
        """Return (K, 3), x, y in continuous input pixels and v.

        v is 1 of what is hidden on purpose, and 0 of a person without a labelled keypoint inside
        the input.
        """
        sample = self.sample(annotation_id)
        keypoints = person_keypoints(sample, annotation_id)
        if "hidden" in sample:
            keypoints[sample["hidden"] & (keypoints[:, 2] > 0), 2] = 1
        if not (_is_inside(keypoints, sample) & (keypoints[:, 2] > 0)).any():
            keypoints[:, 2] = 0
        return keypoints

    def look(self, case: KeypointCase) -> tuple[dict, np.ndarray]:
        """Return the case's sample, and its person's keypoints (K, 3) there."""
        return self.sample(case.annotation_id), self.keypoints(case.annotation_id)

    def describe(self, case: KeypointCase, names: Sequence[str]) -> str:
        """Return two lines that say what the case is."""
        # Where hidden keypoints are not told, "visible" would not be true either.
        is_told = "hidden" in self.states_told or case.state == "outside"
        state = f", {case.state}" if is_told else ""
        return f"{names[case.kind].replace('_', ' ')}{state}\nannotation {case.annotation_id}"

    def states(self, annotation_id: int) -> list[str | None]:
        """Return the state of each keypoint, None of unlabelled ones."""
        keypoints = self.keypoints(annotation_id)
        inside = _is_inside(keypoints, self.sample(annotation_id))
        return [
            None if v == 0 else "outside" if not i else "hidden" if v == 1 else "visible"
            for v, i in zip(keypoints[:, 2], inside, strict=True)
        ]


def person_keypoints(sample: dict, annotation_id: int) -> np.ndarray:
    """Return a copy of one person's keypoints (K, 3) of a sample of either mapper."""
    if "people_keypoints" not in sample:
        return sample["keypoints"].numpy().copy()
    row = sample["annotation_ids"].index(annotation_id)
    return sample["people_keypoints"][row].numpy().copy()


def choose_cases(
    people: PeopleSamples, kinds: Sequence[int], states: Sequence[str], limit: int
) -> list[KeypointCase]:
    """Choose keypoints in the data set's order: equally many of each state, of many types.

    Each person gives at most one, of a type that was chosen least so far. Fewer are returned where
    there are no more.

    Args:
        kinds: the keypoint types to choose from.
        states: of ``STATES``, in the order of the result.
        limit: of cases in all.
    """
    room = {state: limit // len(states) for state in states}
    for state in states[: limit % len(states)]:
        room[state] += 1
    chosen: dict[str, list[KeypointCase]] = {state: [] for state in states}
    times = dict.fromkeys(kinds, 0)
    for number, annotation_id in enumerate(people.annotation_ids):
        if all(len(chosen[state]) == room[state] for state in states):
            break
        state_of = people.states(annotation_id)
        for kind in sorted(_rotated(kinds, number), key=times.get):
            state = state_of[kind]
            if state in chosen and len(chosen[state]) < room[state]:
                chosen[state].append(KeypointCase(annotation_id, kind, state))
                times[kind] += 1
                break
    return [case for state in states for case in chosen[state]]


def cases_of(
    people: PeopleSamples, annotation_ids: Sequence[int], kinds: Sequence[int]
) -> list[KeypointCase]:
    """Return the keypoints of these types of the people asked for, where they are labelled."""
    cases = []
    for annotation_id in annotation_ids:
        states = people.states(annotation_id)
        cases += [KeypointCase(annotation_id, k, states[k]) for k in kinds if states[k]]
    return cases


def keypoint_kinds(names: Sequence[str], wanted: Sequence[str] | None) -> list[int]:
    """Return the indices of keypoint types by their names; all of them for None.

    Raises:
        InputError: naming what is unknown.
    """
    if wanted is None:
        return list(range(len(names)))
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise InputError(
            f"Keypoint {name_first(unknown)} is unknown; known are {', '.join(names)}."
        )
    return [names.index(name) for name in wanted]


def _rotated(kinds: Sequence[int], number: int) -> Iterator[int]:
    """The types, beginning with another one for each person."""
    start = int(0.47 * number * len(kinds)) % len(kinds)
    yield from (*kinds[start:], *kinds[:start])


def _ids(record: dict) -> list[int]:
    return record["annotation_ids"] if "annotation_ids" in record else [record["annotation_id"]]


def _people_of(record: dict) -> np.ndarray:
    return record["people_keypoints"] if "people_keypoints" in record else record["keypoints"]


def _is_inside(keypoints: np.ndarray, sample: dict) -> np.ndarray:
    """(K,) bool."""
    height, width = sample["image"].shape[-2:]
    return ((keypoints[:, :2] >= 0) & (keypoints[:, :2] < (width, height))).all(axis=1)
