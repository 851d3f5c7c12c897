import os
from types import SimpleNamespace

from adaanchor_d2.data import worker_state
from adaanchor_d2.data.worker_state import WorkerState


def draw(state: WorkerState) -> list[float]:
    return [state.rng().random() for _ in range(4)]


def test_seed_decides():
    assert draw(WorkerState(1)) == draw(WorkerState(1)) != draw(WorkerState(2))
    assert draw(WorkerState(None)) != draw(WorkerState(None))


def test_ranks_differ(monkeypatch):
    first = draw(WorkerState(1))
    monkeypatch.setattr(worker_state.comm, "get_rank", lambda: 1)
    assert draw(WorkerState(1)) != first


def test_each_worker_has_its_own_numbers_and_no_opencv_threads(monkeypatch):
    state = WorkerState(1)
    streams = [draw(state)]
    assert draw(state) != streams[0]
    threads = []
    monkeypatch.setattr(worker_state.cv2, "setNumThreads", threads.append)
    for worker_id in range(2):
        worker = SimpleNamespace(id=worker_id)
        monkeypatch.setattr(os, "getpid", lambda worker=worker: -1 - worker.id)
        monkeypatch.setattr(worker_state.torch.utils.data, "get_worker_info", lambda w=worker: w)
        streams.append(draw(state))
    assert threads == [0, 0]
    assert len(set(map(tuple, streams))) == 3
