"""The trainer: DefaultTrainer with this project's loop, checkpointer, hooks and data."""

import logging
import os
import weakref
from collections.abc import Iterable

import torch
from detectron2.config import CfgNode
from detectron2.engine import DefaultTrainer, HookBase, TrainerBase, hooks
from detectron2.evaluation import DatasetEvaluator
from detectron2.utils import comm
from detectron2.utils.events import EventStorage
from detectron2.utils.logger import setup_logger
from torch import nn

from ..data.build import build_test_loader, build_train_loader, get_flip_indices
from ..data.seeded_loader import SeededLoader
from ..errors import InputError, describe_input_error
from ..evaluation.build import build_evaluator
from ..modeling.heads import KEYPOINT_HEAD_REGISTRY
from ..modeling.meta_arch import FlipTest
from .checkpointer import SafeCheckpointer
from .checks import amp_dtype, check_training, warn_of_fixed_anchors
from .ema import ModelEma
from .expected_results import verify_results
from .hooks import BestCheckpoint, EmaHook, EvaluationHook, IterationTeller
from .optimizer import build_optimizer
from .train_loop import TrainLoop, distribute, share_buffers

logger = logging.getLogger(__name__)


class Trainer(DefaultTrainer):
    """Trains what the config describes; used like Detectron2's DefaultTrainer.

    Raises InputError for settings that cannot work, before any training.
    """

    def __init__(self, cfg: CfgNode) -> None:
        # Not DefaultTrainer.__init__: it trains in fp16 or fp32 only, and distributed only on GPUs.
        TrainerBase.__init__(self)
        if not logger.isEnabledFor(logging.INFO):
            for name in ("detectron2", "fvcore", "adaanchor_d2"):
                setup_logger(distributed_rank=comm.get_rank(), name=name)
        cfg = self.auto_scale_workers(cfg, comm.get_world_size())
        check_training(cfg, comm.get_world_size())
        warn_of_fixed_anchors(cfg)

        # Data first: what is wrong with it is found before a download or hours of training.
        data_loader = self.build_train_loader(cfg)
        for name in cfg.DATASETS.TEST:
            self.build_test_loader(cfg, name)
            self.build_evaluator(cfg, name)
        model = self.build_model(cfg)
        optimizer = self.build_optimizer(cfg, model)
        self.ema = ModelEma(model, cfg.SOLVER.EMA.DECAY) if cfg.SOLVER.EMA.ENABLED else None
        if cfg.MODEL.COMPILE:
            _compile(model)
        self._trainer = TrainLoop(
            distribute(model),
            data_loader,
            optimizer,
            accumulate_steps=cfg.SOLVER.ACCUMULATE_STEPS,
            amp_dtype=amp_dtype(cfg),
        )
        self.scheduler = self.build_lr_scheduler(cfg, optimizer)
        self.checkpointer = SafeCheckpointer(
            model, cfg.OUTPUT_DIR, ema=self.ema, trainer=weakref.proxy(self)
        )
        self.evaluated_model = model if self.ema is None else self.ema.module
        self.start_iter = 0
        self.max_iter = cfg.SOLVER.MAX_ITER
        self.cfg = cfg
        self.register_hooks(self.build_hooks())

    def resume_or_load(self, resume: bool = True) -> None:
        """Resume from the last checkpoint in OUTPUT_DIR, or else load MODEL.WEIGHTS.

        A resumed run sees other samples than it saw from its start (see SeededLoader).
        """
        super().resume_or_load(resume)
        if isinstance(self.data_loader, SeededLoader):
            self.data_loader.start_iter = self.start_iter
        if resume and self.checkpointer.has_checkpoint():
            logger.info(
                "Resumed from %s: going on at iteration %d of %d.",
                self.checkpointer.get_checkpoint_file(),
                self.start_iter,
                self.max_iter,
            )
        elif resume:
            logger.info("Nothing to resume in %s: this is a new run.", self.cfg.OUTPUT_DIR)

    def build_hooks(self) -> list[HookBase]:
        """Return the hooks, in the order in which they act."""
        cfg = self.cfg
        result = [hooks.IterationTimer(), IterationTeller()]
        if self.ema is not None:
            result.append(EmaHook(self.ema, self.checkpointer.model))
        result.append(hooks.LRScheduler())
        if comm.is_main_process():
            period = cfg.SOLVER.CHECKPOINT_PERIOD
            result.append(hooks.PeriodicCheckpointer(self.checkpointer, period))
        # Evaluation comes after the checkpoint, so that nothing is lost if it fails.
        if cfg.DATASETS.TEST:
            period = cfg.TEST.EVAL_PERIOD
            trainer = weakref.proxy(self)
            result.append(EvaluationHook(period, lambda: trainer.evaluate()))
            if cfg.SOLVER.BEST_METRIC:
                metric, mode = cfg.SOLVER.BEST_METRIC, cfg.SOLVER.BEST_METRIC_MODE
                result.append(BestCheckpoint(self.checkpointer, metric, mode, period))
        if comm.is_main_process():
            result.append(hooks.PeriodicWriter(self.build_writers(), period=20))
        return result

    def train(self) -> dict | None:
        """Train to ``SOLVER.MAX_ITER``; return the last evaluation's results on the main process.

        An InputError ends training without a stack in the log; other exceptions leave theirs.
        """
        if self.start_iter >= self.max_iter:
            logger.info("All %d iterations are done already.", self.max_iter)
            self._last_eval_results = self.evaluate()
        else:
            self._train()
        results = getattr(self, "_last_eval_results", None)
        if comm.is_main_process() and results:
            verify_results(self.cfg, results)
            return results
        return None

    def _train(self) -> None:
        logger.info("Starting training from iteration %d", self.start_iter)
        self.iter = self.start_iter
        with EventStorage(self.start_iter) as self.storage:
            try:
                self.before_train()
                for self.iter in range(self.start_iter, self.max_iter):  # noqa: B020
                    self.before_step()
                    self.run_step()
                    self.after_step()
                self.iter += 1  # tells the hooks' after_train that training was not cut short
            except Exception as error:
                if describe_input_error(error) is None:
                    logger.exception("Exception in iteration %d:", self.iter)
                raise
            finally:
                self.after_train()

    def evaluate(self) -> dict:
        """Evaluate the current weights (their moving average, if there is one)."""
        share_buffers(self.evaluated_model)
        self._last_eval_results = self.test(self.cfg, self.evaluated_model)
        return self._last_eval_results

    @classmethod
    def test(cls, cfg: CfgNode, model: nn.Module, evaluators=None) -> dict:
        """As DefaultTrainer's; with TEST.FLIP the model sees every sample mirrored too."""
        if cfg.TEST.FLIP:
            model = FlipTest(model, get_flip_indices(cfg)).train(model.training)
        return super().test(cfg, model, evaluators)

    @staticmethod
    def auto_scale_workers(cfg: CfgNode, num_workers: int) -> CfgNode:
        """As DefaultTrainer's; the anchors' warm-up is scaled like the other iterations."""
        reference = cfg.SOLVER.REFERENCE_WORLD_SIZE
        if reference < 0 or (reference and cfg.SOLVER.IMS_PER_BATCH % reference):
            raise InputError(
                f"SOLVER.REFERENCE_WORLD_SIZE is {reference}, but must be 0 (off) or a divisor of "
                f"SOLVER.IMS_PER_BATCH {cfg.SOLVER.IMS_PER_BATCH}."
            )
        scaled = DefaultTrainer.auto_scale_workers(cfg, num_workers)
        if scaled is not cfg:
            head = scaled.MODEL.KEYPOINT_HEAD
            scaled.defrost()
            head.FIXED_ITERS = round(head.FIXED_ITERS * reference / num_workers)
            if cfg.is_frozen():
                scaled.freeze()
        return scaled

    @classmethod
    def build_optimizer(cls, cfg: CfgNode, model: nn.Module) -> torch.optim.Optimizer:
        return build_optimizer(cfg, model)

    @classmethod
    def build_lr_scheduler(cls, cfg: CfgNode, optimizer: torch.optim.Optimizer):
        try:
            return super().build_lr_scheduler(cfg, optimizer)
        except (AssertionError, ValueError) as error:
            raise InputError(
                f"The learning-rate schedule of SOLVER cannot be built: {error}."
            ) from error

    @classmethod
    def build_train_loader(cls, cfg: CfgNode) -> Iterable[list[dict]]:
        """Return the endless loader of this process's micro-batches (lists of samples)."""
        return build_train_loader(cfg)

    @classmethod
    def build_test_loader(cls, cfg: CfgNode, dataset_name: str) -> Iterable[list[dict]]:
        return build_test_loader(cfg, dataset_name)

    @classmethod
    def build_evaluator(cls, cfg: CfgNode, dataset_name: str) -> DatasetEvaluator:
        """Return the evaluator of a data set; its files go to ``inference`` in OUTPUT_DIR.

        With several test sets, each gets a folder of its name in there.
        """
        folder = os.path.join(cfg.OUTPUT_DIR, "inference")
        if len(cfg.DATASETS.TEST) > 1:
            folder = os.path.join(folder, dataset_name)
        head = KEYPOINT_HEAD_REGISTRY.get(cfg.MODEL.KEYPOINT_HEAD.NAME)
        return build_evaluator(cfg, dataset_name, folder, head.has_confidence)


def _compile(model: nn.Module) -> None:
    """Compile backbone and neck in place, which leaves the names of the weights as they are."""
    for name in ("backbone", "neck"):
        if hasattr(model, name):
            getattr(model, name).compile()
