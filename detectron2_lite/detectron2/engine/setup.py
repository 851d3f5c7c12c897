"""What most training scripts begin with: arguments, set-up and writers."""

import argparse
import os
import sys

import torch

from detectron2.utils import comm
from detectron2.utils.collect_env import collect_env_info
from detectron2.utils.env import seed_all_rng
from detectron2.utils.events import CommonMetricPrinter, EventWriter, JSONWriter, TensorboardXWriter
from detectron2.utils.file_io import PathManager
from detectron2.utils.logger import setup_logger

_FIRST_PRIVATE_PORT = 49152
_NUM_PRIVATE_PORTS = 2**14


def default_argument_parser(epilog: str | None = None) -> argparse.ArgumentParser:
    """Return a parser of the usual command-line arguments.

    Args:
        epilog: text below the help; by default some examples.
    """
    name = sys.argv[0]
    examples = f"""examples:
  {name} --num-gpus 8 --config-file cfg.yaml
  {name} --config-file cfg.yaml MODEL.WEIGHTS weights.pth SOLVER.BASE_LR 0.001
  {name} --machine-rank 0 --num-machines 2 --dist-url <URL> [...]   (on the first of two machines)
"""
    parser = argparse.ArgumentParser(
        epilog=epilog or examples, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config-file", default="", metavar="FILE", help="path to config file")
    parser.add_argument(
        "--resume", action="store_true", help="continue from the last checkpoint in OUTPUT_DIR"
    )
    parser.add_argument("--eval-only", action="store_true", help="evaluate, do not train")
    parser.add_argument("--num-gpus", type=int, default=1, help="processes *per machine*")
    parser.add_argument("--num-machines", type=int, default=1, help="number of machines")
    parser.add_argument("--machine-rank", type=int, default=0, help="number of this machine")
    # The port depends on the user only, so that processes left behind are noticed.
    user = os.getuid() if hasattr(os, "getuid") else 1
    port = _FIRST_PRIVATE_PORT + user % _NUM_PRIVATE_PORTS
    parser.add_argument(
        "--dist-url",
        default=f"tcp://127.0.0.1:{port}",
        help="where the processes meet, as torch.distributed takes it",
    )
    parser.add_argument(
        "opts",
        help='config keys and values, as space-separated "PATH.KEY VALUE" pairs',
        default=None,
        nargs=argparse.REMAINDER,
    )
    return parser


def default_setup(cfg, args) -> None:
    """Set up logging, write the config to OUTPUT_DIR/config.yaml, seed, and set torch's switches.

    Args:
        cfg: the config.
        args: the command-line arguments; logged.
    """
    rank = comm.get_rank()
    output_dir = cfg.OUTPUT_DIR
    if comm.is_main_process() and output_dir:
        PathManager.mkdirs(output_dir)
    setup_logger(output_dir, distributed_rank=rank, name="fvcore")
    logger = setup_logger(output_dir, distributed_rank=rank)
    logger.info(f"Rank of current process: {rank}. World size: {comm.get_world_size()}")
    logger.info("Environment info:\n" + collect_env_info())
    logger.info(f"Command line arguments: {args}")
    config_file = getattr(args, "config_file", "")
    if config_file:
        with PathManager.open(config_file, "r") as file:
            logger.info(f"Contents of args.config_file={config_file}:\n{file.read()}")
    if comm.is_main_process() and output_dir:
        path = os.path.join(output_dir, "config.yaml")
        logger.info(f"Running with full config:\n{cfg.dump()}")
        with PathManager.open(path, "w") as file:
            file.write(cfg.dump())
        logger.info(f"Full config saved to {path}")
    seed_all_rng(None if cfg.SEED < 0 else cfg.SEED + rank)
    if not getattr(args, "eval_only", False):
        torch.backends.cudnn.benchmark = cfg.CUDNN_BENCHMARK
    if cfg.FLOAT32_PRECISION and torch.cuda.is_available():
        torch.set_float32_matmul_precision(cfg.FLOAT32_PRECISION)
        torch.backends.cudnn.allow_tf32 = cfg.FLOAT32_PRECISION != "highest"
        logger.info(f"Set fp32 precision to {cfg.FLOAT32_PRECISION}")


def default_writers(output_dir: str, max_iter: int | None = None) -> list[EventWriter]:
    """Return writers to the console, to metrics.json and to TensorBoard.

    Args:
        output_dir: folder of the files.
        max_iter: number of iterations of the training, for the ETA.
    """
    PathManager.mkdirs(output_dir)
    return [
        CommonMetricPrinter(max_iter),
        JSONWriter(os.path.join(output_dir, "metrics.json")),
        TensorboardXWriter(output_dir),
    ]
