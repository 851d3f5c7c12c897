import time

import numpy as np
import pytest

from adaanchor_d2.demo.images import Frame
from adaanchor_d2.demo.pictures import WindowClosed
from adaanchor_d2.demo.run import Stopwatch, run

FRAMES = [Frame(str(index), index, np.zeros((2, 2, 3), np.uint8)) for index in range(4)]


class Output:
    def __init__(self, fails_at=None, error=None):
        self.written, self.is_closed = [], False
        self.fails_at, self.error = fails_at, error

    def write(self, frame, people):
        if frame.image_id == self.fails_at:
            raise self.error
        self.written.append((frame.image_id, people))

    def close(self):
        self.is_closed = True


def test_outputs_get_every_frame_and_the_networks_time_is_told_apart():
    network, outputs = Stopwatch(), [Output(), Output()]

    def slow(image):
        time.sleep(0.05)
        return ["somebody"] * 2

    predict = network.timed(slow)
    summary = run(FRAMES, 4, lambda frame: predict(frame.image), outputs, network)
    assert outputs[0].written == outputs[1].written == [(i, ["somebody"] * 2) for i in range(4)]
    assert all(output.is_closed for output in outputs)
    assert (summary.num_frames, summary.num_people) == (4, 8)
    assert summary.seconds >= summary.network_seconds >= 0.2
    assert str(summary).startswith("4 images, 8 people in ")


def test_a_closed_window_ends_the_run():
    outputs = [Output(), Output(fails_at=2, error=WindowClosed())]
    run(FRAMES, None, lambda frame: [], outputs, Stopwatch())
    assert len(outputs[1].written) == 2 and all(output.is_closed for output in outputs)


def test_files_are_closed_when_something_breaks():
    outputs = [Output(), Output(fails_at=2, error=KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        run(FRAMES, 4, lambda frame: [], outputs, Stopwatch())
    assert all(output.is_closed for output in outputs)
