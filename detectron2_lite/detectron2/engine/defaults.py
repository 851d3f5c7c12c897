"""The trainer that does what the config says."""

import logging
import weakref

import torch
from torch import nn

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
from .scaling import create_ddp_model, scale_config
from .setup import default_writers
from .train_loop import HookBase, SimpleTrainer, TrainerBase


def _of_the_loop(name: str) -> property:
    """An attribute of the trainer that is its inner loop's."""

    def set_it(trainer, value) -> None:
        setattr(trainer._trainer, name, value)

    return property(lambda trainer: getattr(trainer._trainer, name), set_it)


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

    model = _of_the_loop("model")
    optimizer = _of_the_loop("optimizer")
    data_loader = _of_the_loop("data_loader")

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
        assert evaluators is None or len(names) == len(evaluators), (
            f"{len(evaluators)} evaluators were given for {len(names)} data sets."
        )
        logger = logging.getLogger(__name__)
        all_results = {}
        for index, name in enumerate(names):
            data_loader = cls.build_test_loader(cfg, name)
            try:
                evaluator = evaluators[index] if evaluators else cls.build_evaluator(cfg, name)
            except NotImplementedError as error:
                logger.warning(f"{name} is not evaluated: {error}")
                all_results[name] = {}
                continue
            all_results[name] = inference_on_dataset(model, data_loader, evaluator)
            if comm.is_main_process():
                logger.info(f"Evaluation results for {name} in csv format:")
                print_csv_format(all_results[name])
        return next(iter(all_results.values())) if len(all_results) == 1 else all_results

    @staticmethod
    def auto_scale_workers(cfg, num_workers: int):
        """As :func:`scale_config`: ``cfg`` for ``num_workers`` processes."""
        return scale_config(cfg, num_workers)
