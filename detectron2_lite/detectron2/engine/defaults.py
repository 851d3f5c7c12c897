"""The trainer that does what the config says."""

import logging
import weakref
from collections import OrderedDict

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from detectron2.checkpoint import DetectionCheckpointer
from detectron2.data import build_detection_test_loader, build_detection_train_loader
from detectron2.evaluation import (
    DatasetEvaluator,
    inference_on_dataset,
    print_csv_format,
    verify_results,
)
from detectron2.modeling import build_model
from detectron2.solver import build_lr_scheduler, build_optimizer
from detectron2.utils import comm
from detectron2.utils.events import EventWriter
from detectron2.utils.logger import setup_logger
from detectron2.utils.registry import only_in_detectron2

from . import hooks
from .setup import default_argument_parser, default_setup, default_writers
from .train_loop import HookBase, SimpleTrainer, TrainerBase

__all__ = [
    "DefaultTrainer",
    "create_ddp_model",
    "default_argument_parser",
    "default_setup",
    "default_writers",
]


def create_ddp_model(model: nn.Module, **kwargs) -> nn.Module:
    """Wrap a model in DistributedDataParallel where there are several processes.

    Args:
        model: the model, on its device.
        kwargs: further arguments of ``DistributedDataParallel``.
    """
    if comm.get_world_size() == 1:
        return model
    if next(model.parameters()).is_cuda:
        kwargs.setdefault("device_ids", [comm.get_local_rank()])
    return DistributedDataParallel(model, **kwargs)


class DefaultTrainer(TrainerBase):
    """Training as the config says, with the usual hooks.

    Model, optimizer, schedule, loaders, evaluators and writers come from the ``build_*`` methods,
    which a subclass may override.

    Attributes:
        cfg: the config.
        scheduler: the learning-rate schedule.
        checkpointer: saves and loads model and trainer.
        model, optimizer, data_loader: those of the inner loop ``_trainer``.

    Args:
        cfg: the config.
    """

    def __init__(self, cfg):
        super().__init__()
        if cfg.SOLVER.AMP.ENABLED:
            raise only_in_detectron2("DefaultTrainer's mixed precision (SOLVER.AMP)")
        if not logging.getLogger("detectron2").isEnabledFor(logging.INFO):
            setup_logger()
        cfg = DefaultTrainer.auto_scale_workers(cfg, comm.get_world_size())
        model = self.build_model(cfg)
        optimizer = self.build_optimizer(cfg, model)
        data_loader = self.build_train_loader(cfg)
        model = create_ddp_model(model, broadcast_buffers=False)
        self._trainer = SimpleTrainer(model, data_loader, optimizer)
        self.scheduler = self.build_lr_scheduler(cfg, optimizer)
        self.checkpointer = DetectionCheckpointer(
            model, cfg.OUTPUT_DIR, trainer=weakref.proxy(self)
        )
        self.start_iter = 0
        self.max_iter = cfg.SOLVER.MAX_ITER
        self.cfg = cfg
        self.register_hooks(self.build_hooks())

    @property
    def model(self) -> nn.Module:
        return self._trainer.model

    @model.setter
    def model(self, model: nn.Module) -> None:
        self._trainer.model = model

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        return self._trainer.optimizer

    @optimizer.setter
    def optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        self._trainer.optimizer = optimizer

    @property
    def data_loader(self):
        return self._trainer.data_loader

    @data_loader.setter
    def data_loader(self, data_loader) -> None:
        self._trainer.data_loader = data_loader

    def resume_or_load(self, resume: bool = True) -> None:
        """Continue from the last checkpoint in OUTPUT_DIR; else load MODEL.WEIGHTS.

        Args:
            resume: False always loads MODEL.WEIGHTS (weights only) and starts at iteration 0.
        """
        self.checkpointer.resume_or_load(self.cfg.MODEL.WEIGHTS, resume=resume)
        if resume and self.checkpointer.has_checkpoint():
            self.start_iter = self.iter + 1  # the checkpoint's iteration was completed

    def build_hooks(self) -> list[HookBase | None]:
        """Build the hooks: timer, learning rate, checkpoints, evaluation, writers."""
        cfg = self.cfg
        if cfg.TEST.PRECISE_BN.ENABLED:
            raise only_in_detectron2("TEST.PRECISE_BN")
        built = [hooks.IterationTimer(), hooks.LRScheduler()]
        if comm.is_main_process():
            period = cfg.SOLVER.CHECKPOINT_PERIOD
            built.append(hooks.PeriodicCheckpointer(self.checkpointer, period))

        def evaluate():
            self._last_eval_results = self.test(self.cfg, self.model)
            return self._last_eval_results

        # After the checkpoint, so that it exists when evaluation fails.
        built.append(hooks.EvalHook(cfg.TEST.EVAL_PERIOD, evaluate))
        if comm.is_main_process():
            # Last, so that the results of the evaluation are written too.
            built.append(hooks.PeriodicWriter(self.build_writers(), period=20))
        return built

    def build_writers(self) -> list[EventWriter]:
        """Build the writers; by default :func:`default_writers`."""
        return default_writers(self.cfg.OUTPUT_DIR, self.max_iter)

    def train(self):
        """Train; returns the results when ``TEST.EXPECTED_RESULTS`` asks for their check."""
        super().train(self.start_iter, self.max_iter)
        if len(self.cfg.TEST.EXPECTED_RESULTS) and comm.is_main_process():
            assert hasattr(self, "_last_eval_results"), (
                "TEST.EXPECTED_RESULTS cannot be checked: nothing was evaluated."
            )
            verify_results(self.cfg, self._last_eval_results)
            return self._last_eval_results

    def run_step(self) -> None:
        self._trainer.iter = self.iter
        self._trainer.run_step()

    def state_dict(self) -> dict:
        return {**super().state_dict(), "_trainer": self._trainer.state_dict()}

    def load_state_dict(self, state_dict: dict) -> None:
        super().load_state_dict(state_dict)
        self._trainer.load_state_dict(state_dict["_trainer"])

    @classmethod
    def build_model(cls, cfg) -> nn.Module:
        """Build the model."""
        model = build_model(cfg)
        logging.getLogger(__name__).info(f"Model:\n{model}")
        return model

    @classmethod
    def build_optimizer(cls, cfg, model: nn.Module) -> torch.optim.Optimizer:
        """Build the optimizer."""
        return build_optimizer(cfg, model)

    @classmethod
    def build_lr_scheduler(cls, cfg, optimizer: torch.optim.Optimizer):
        """Build the learning-rate schedule."""
        return build_lr_scheduler(cfg, optimizer)

    @classmethod
    def build_train_loader(cls, cfg):
        """Build the iterable of training batches."""
        return build_detection_train_loader(cfg)

    @classmethod
    def build_test_loader(cls, cfg, dataset_name: str):
        """Build the iterable of one test set's batches."""
        return build_detection_test_loader(cfg, dataset_name)

    @classmethod
    def build_evaluator(cls, cfg, dataset_name: str) -> DatasetEvaluator:
        """Build the evaluator of one test set; a subclass must say how."""
        raise NotImplementedError("Override DefaultTrainer.build_evaluator to evaluate.")

    @classmethod
    def test(cls, cfg, model: nn.Module, evaluators=None) -> dict:
        """Evaluate a model on ``DATASETS.TEST``.

        Args:
            cfg: the config.
            model: the model with its weights.
            evaluators: one for each test set (or one for one); None builds them.

        Returns:
            The results of the only test set, or data set name -> results.
        """
        names = cfg.DATASETS.TEST
        if isinstance(evaluators, DatasetEvaluator):
            evaluators = [evaluators]
        if evaluators is not None:
            assert len(names) == len(evaluators), f"{len(names)} != {len(evaluators)}"
        logger = logging.getLogger(__name__)
        all_results = OrderedDict()
        for index, name in enumerate(names):
            data_loader = cls.build_test_loader(cfg, name)
            try:
                evaluator = evaluators[index] if evaluators else cls.build_evaluator(cfg, name)
            except NotImplementedError:
                logger.warning(
                    f"{name} is not evaluated: {cls.__name__} has no build_evaluator, and "
                    "test() was given no evaluators."
                )
                all_results[name] = {}
                continue
            results = all_results[name] = inference_on_dataset(model, data_loader, evaluator)
            if comm.is_main_process():
                assert isinstance(results, dict), f"An evaluator must return a dict, not {results}."
                logger.info(f"Evaluation results for {name} in csv format:")
                print_csv_format(results)
        return next(iter(all_results.values())) if len(all_results) == 1 else all_results

    @staticmethod
    def auto_scale_workers(cfg, num_workers: int):
        """Return the config for another number of processes than it was written for.

        Samples per process stay the same: the batch and the learning rate grow with the number of
        processes, the numbers of iterations shrink. Nothing changes when
        ``SOLVER.REFERENCE_WORLD_SIZE`` is 0.

        Args:
            cfg: the config; not modified.
            num_workers: number of processes.
        """
        reference = cfg.SOLVER.REFERENCE_WORLD_SIZE
        if reference in (0, num_workers):
            return cfg
        was_frozen = cfg.is_frozen()
        cfg = cfg.clone()
        cfg.defrost()
        solver = cfg.SOLVER
        assert solver.IMS_PER_BATCH % reference == 0, (
            "SOLVER.IMS_PER_BATCH must divide by SOLVER.REFERENCE_WORLD_SIZE."
        )
        scale = num_workers / reference
        solver.IMS_PER_BATCH = round(solver.IMS_PER_BATCH * scale)
        solver.BASE_LR = solver.BASE_LR * scale
        solver.MAX_ITER = round(solver.MAX_ITER / scale)
        solver.WARMUP_ITERS = round(solver.WARMUP_ITERS / scale)
        solver.STEPS = tuple(round(step / scale) for step in solver.STEPS)
        solver.CHECKPOINT_PERIOD = round(solver.CHECKPOINT_PERIOD / scale)
        solver.REFERENCE_WORLD_SIZE = num_workers
        cfg.TEST.EVAL_PERIOD = round(cfg.TEST.EVAL_PERIOD / scale)
        logging.getLogger(__name__).info(
            f"For {num_workers} instead of {reference} processes, SOLVER becomes: IMS_PER_BATCH "
            f"{solver.IMS_PER_BATCH}, BASE_LR {solver.BASE_LR}, MAX_ITER {solver.MAX_ITER}, "
            f"WARMUP_ITERS {solver.WARMUP_ITERS}."
        )
        if was_frozen:
            cfg.freeze()
        return cfg
