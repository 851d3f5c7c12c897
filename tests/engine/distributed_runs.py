"""Runs that the test of distributed equality compares; importable by launched processes."""

import os

import torch
from engine.stand_in import DATASET, FixedBatches, StandInTrainer, make_samples, stand_in_config
from helpers.crowds import center_config, make_crowd_sample
from helpers.tiny import RULES, make_sample, tiny_config

import adaanchor_d2.modeling  # noqa: F401  (registers the meta-architectures)

NUM_STEPS = 5


class DoubleTrainer(StandInTrainer):
    """Trains in float64 with frozen batch norm, and does not evaluate."""

    @classmethod
    def build_model(cls, cfg):
        torch.manual_seed(3)
        model = super().build_model(cfg).double()
        for module in model.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.eval()
                module.train = lambda mode=True, module=module: module
        return model

    @classmethod
    def build_train_loader(cls, cfg):
        if cfg.MODEL.META_ARCHITECTURE == "SinglePose":
            samples = [make_sample(seed) for seed in range(12)]
            samples[5]["keypoints"][:, 2] = 0  # a sample without any label
        elif cfg.MODEL.META_ARCHITECTURE == "CenterPose":
            samples = [make_crowd_sample(seed, num_people=seed % 4) for seed in range(12)]
        else:
            samples = make_samples(num_labelled_of_ten=7)
        return FixedBatches(samples, cfg)


def make_configs(folder):
    """Return {name: config} of what is compared."""
    solver = [
        *("SOLVER.MAX_ITER", NUM_STEPS, "SOLVER.IMS_PER_BATCH", 4, "SOLVER.OPTIMIZER", "SGD"),
        *("SOLVER.BASE_LR", 0.01, "SOLVER.STEPS", (3,), "SOLVER.WARMUP_ITERS", 0),
        *("DATASETS.TRAIN", (DATASET,), "DATASETS.TEST", ()),
    ]
    configs = {
        "stand_in": stand_in_config(folder, *solver),
        "accumulated": stand_in_config(
            folder, *solver, "SOLVER.ACCUMULATE_STEPS", 2, "SOLVER.IMS_PER_BATCH", 8
        ),
    }
    models = {rule: tiny_config(rule) for rule in RULES}
    models["CenterPose"] = center_config(MODEL__CENTER__OFFSET_RADIUS=1.0)
    for name, cfg in models.items():
        configs[name] = cfg
        cfg.merge_from_list(
            [*solver, "MODEL.KEYPOINT_HEAD.FIXED_ITERS", 2, "MODEL.KEYPOINT_HEAD.NUM_ANCHORS", 5]
        )
    for name, cfg in configs.items():
        cfg.OUTPUT_DIR = os.path.join(folder, name)
    return configs


def train_all(folder):
    for cfg in make_configs(folder).values():
        torch.set_num_threads(1)
        os.makedirs(cfg.OUTPUT_DIR, exist_ok=True)
        DoubleTrainer(cfg).train()
