"""A small model, data set and trainer with which the engine can be tested quickly."""

import json
import os

import torch
from detectron2.config import get_cfg
from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.engine import HookBase
from detectron2.evaluation import DatasetEvaluator
from detectron2.modeling import META_ARCH_REGISTRY
from detectron2.utils import comm
from torch import nn

from adaanchor_d2 import add_adaanchor_config
from adaanchor_d2.data.skeletons import get_skeleton
from adaanchor_d2.engine import Trainer
from adaanchor_d2.modeling.heads.base import mean_over_processes

DATASET = "engine_stand_in"
NUM_SAMPLES = 12

if DATASET not in DatasetCatalog.list():
    DatasetCatalog.register(DATASET, list)
    MetadataCatalog.get(DATASET).set(skeleton=get_skeleton("coco"))


@META_ARCH_REGISTRY.register()
class EngineStandIn(nn.Module):
    """A regression with two losses, each divided by the number of labelled samples."""

    def __init__(self, cfg):
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.backbone = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        self.head = nn.Linear(4, 2)
        self.unused = nn.Linear(2, 2)  # as a stage of a backbone that the neck does not read
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)
        self.told = []
        self.dtypes = []

    def set_iteration(self, iteration):
        self.told.append(iteration)

    def forward(self, batch):
        inputs = torch.stack([sample["input"] for sample in batch]).to(self.head.weight.dtype)
        output = self.head(self.backbone(inputs))
        if not self.training:
            return [{"output": row} for row in output]
        self.dtypes.append(output.dtype)
        target = torch.stack([sample["target"] for sample in batch]).to(self.head.weight.dtype)
        labelled = torch.tensor([sample["labelled"] for sample in batch])[:, None]
        error = (output.to(target.dtype) - target) * labelled
        count = mean_over_processes(labelled.sum(), error)
        return {
            "loss_square": error.square().sum() / count,
            "loss_absolute": error.abs().sum() / count,
        }


def make_samples(num_labelled_of_ten=10):
    generator = torch.Generator().manual_seed(0)
    return [
        {
            "file_name": f"image_{index}.jpg",
            "input": torch.randn(3, generator=generator, dtype=torch.float64),
            "target": torch.randn(2, generator=generator, dtype=torch.float64),
            "labelled": index % 10 < num_labelled_of_ten,
        }
        for index in range(NUM_SAMPLES)
    ]


class FixedBatches:
    """Endless batches in a fixed order: sample n of the run is ``samples[n % len(samples)]``.

    A batch holds this process's share of a micro-batch.
    """

    def __init__(self, samples, cfg):
        self.samples = samples
        self.share = (
            cfg.SOLVER.IMS_PER_BATCH // cfg.SOLVER.ACCUMULATE_STEPS // comm.get_world_size()
        )

    def __iter__(self):
        step = self.share * comm.get_world_size()
        start = self.share * comm.get_rank()
        while True:
            yield [self.samples[(start + i) % len(self.samples)] for i in range(self.share)]
            start += step


class OutputEvaluator(DatasetEvaluator):
    """AP is the first output for the first sample: it tells which weights were evaluated."""

    def reset(self):
        self.outputs = []

    def process(self, inputs, outputs):
        self.outputs += [row["output"] for row in outputs]

    def evaluate(self):
        return {"keypoints": {"AP": float(self.outputs[0][0])}}


class LossRecorder(HookBase):
    """Writes (iteration, loss) lines to ``losses.txt`` in OUTPUT_DIR."""

    def after_step(self):
        if comm.is_main_process():
            loss = self.trainer.storage.latest()["total_loss"][0]
            path = os.path.join(self.trainer.cfg.OUTPUT_DIR, "losses.txt")
            with open(path, "a") as file:
                file.write(json.dumps([self.trainer.iter, loss]) + "\n")


class StandInTrainer(Trainer):
    def build_hooks(self):
        return [LossRecorder(), *super().build_hooks()]

    @classmethod
    def build_train_loader(cls, cfg):
        return FixedBatches(make_samples(), cfg)

    @classmethod
    def build_test_loader(cls, cfg, dataset_name):
        samples = make_samples()
        return [samples[:6], samples[6:]]

    @classmethod
    def build_evaluator(cls, cfg, dataset_name):
        return OutputEvaluator()


def read_losses(folder):
    """Return [(iteration, loss), ...] that a run of ``StandInTrainer`` recorded."""
    with open(os.path.join(folder, "losses.txt")) as file:
        return [tuple(json.loads(line)) for line in file]


def stand_in_options(output_dir):
    return [
        *("MODEL.META_ARCHITECTURE", "EngineStandIn", "MODEL.DEVICE", "cpu"),
        *("DATASETS.TRAIN", (DATASET,), "DATASETS.TEST", (DATASET,)),
        *("OUTPUT_DIR", str(output_dir), "SEED", 0),
        *("SOLVER.OPTIMIZER", "SGD", "SOLVER.BASE_LR", 0.01, "SOLVER.WARMUP_ITERS", 0),
        *("SOLVER.IMS_PER_BATCH", 4, "SOLVER.MAX_ITER", 4, "SOLVER.STEPS", (3,)),
    ]


def stand_in_config(output_dir, *options):
    cfg = get_cfg()
    add_adaanchor_config(cfg)
    cfg.merge_from_list([*stand_in_options(output_dir), *options])
    return cfg
