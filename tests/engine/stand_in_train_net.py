"""``train_net.py`` for the stand-in model; slow or non-finite data on request."""

import os
import time

from detectron2.engine import default_argument_parser
from detectron2.utils import comm
from engine.stand_in import FixedBatches, StandInTrainer, make_samples

from adaanchor_d2.engine.setup import run
from adaanchor_d2.errors import run_command


class CommandTrainer(StandInTrainer):
    """Its data are as the environment variable STAND_IN_DATA says."""

    @classmethod
    def build_train_loader(cls, cfg):
        samples = make_samples()
        behaviour = os.environ.get("STAND_IN_DATA")
        if behaviour == "nan" and comm.get_rank() == comm.get_world_size() - 1:
            samples[7]["target"][0] = float("nan")
        batches = FixedBatches(samples, cfg)
        return _slowly(batches) if behaviour == "slow" else batches


def _slowly(batches):
    for batch in batches:
        time.sleep(0.02)
        yield batch


if __name__ == "__main__":
    arguments = default_argument_parser().parse_args()
    run_command(lambda: run(arguments, CommandTrainer))
