"""Default values of the config. Names, values and types are Detectron2's."""

from .config import CfgNode

DEFAULTS = CfgNode(
    {
        # Version of the config's format.
        "VERSION": 2,
        "MODEL": {
            "META_ARCHITECTURE": "GeneralizedRCNN",
            "DEVICE": "cuda",
            # Checkpoint to start from; "" starts from scratch.
            "WEIGHTS": "",
            # Per channel, in the order of INPUT.FORMAT, for pixels in [0, 255].
            "PIXEL_MEAN": [103.530, 116.280, 123.675],
            "PIXEL_STD": [1.0, 1.0, 1.0],
            "LOAD_PROPOSALS": False,
            "MASK_ON": False,
            "KEYPOINT_ON": False,
            # FREEZE_AT: number of stages, from the input on, that are not trained.
            "BACKBONE": {"NAME": "build_resnet_backbone", "FREEZE_AT": 2},
            # With KEYPOINT_ON, images with fewer labelled keypoints are not trained on.
            "ROI_KEYPOINT_HEAD": {"NUM_KEYPOINTS": 17, "MIN_KEYPOINTS_PER_IMAGE": 1},
        },
        "INPUT": {
            # Length of the shorter side, and limit of the longer one.
            "MIN_SIZE_TRAIN": (800,),
            "MIN_SIZE_TRAIN_SAMPLING": "choice",
            "MAX_SIZE_TRAIN": 1333,
            "MIN_SIZE_TEST": 800,
            "MAX_SIZE_TEST": 1333,
            # "horizontal", "vertical" or "none".
            "RANDOM_FLIP": "horizontal",
            "CROP": {"ENABLED": False, "TYPE": "relative_range", "SIZE": [0.9, 0.9]},
            # Order of the channels.
            "FORMAT": "BGR",
            "MASK_FORMAT": "polygon",
        },
        "DATASETS": {
            # Names of the DatasetCatalog.
            "TRAIN": (),
            "PROPOSAL_FILES_TRAIN": (),
            "PRECOMPUTED_PROPOSAL_TOPK_TRAIN": 2000,
            "TEST": (),
            "PROPOSAL_FILES_TEST": (),
            "PRECOMPUTED_PROPOSAL_TOPK_TEST": 1000,
        },
        "DATALOADER": {
            # Processes that load data, per training process.
            "NUM_WORKERS": 4,
            # Whether a batch holds either upright or wide images only.
            "ASPECT_RATIO_GROUPING": True,
            "SAMPLER_TRAIN": "TrainingSampler",
            "REPEAT_THRESHOLD": 0.0,
            "REPEAT_SQRT": True,
            # Whether images without annotations are left out of training.
            "FILTER_EMPTY_ANNOTATIONS": True,
        },
        "SOLVER": {
            # WarmupMultiStepLR or WarmupCosineLR.
            "LR_SCHEDULER_NAME": "WarmupMultiStepLR",
            "MAX_ITER": 40000,
            "BASE_LR": 0.001,
            # Last learning rate of WarmupCosineLR.
            "BASE_LR_END": 0.0,
            "MOMENTUM": 0.9,
            "NESTEROV": False,
            "WEIGHT_DECAY": 0.0001,
            # Weight decay of normalization layers.
            "WEIGHT_DECAY_NORM": 0.0,
            # The learning rate is multiplied by GAMMA at the iterations STEPS.
            "GAMMA": 0.1,
            "STEPS": (30000,),
            "NUM_DECAYS": 3,
            # Warm-up of the learning rate: its first factor, iterations, "linear" or "constant".
            "WARMUP_FACTOR": 0.001,
            "WARMUP_ITERS": 1000,
            "WARMUP_METHOD": "linear",
            # Whether the schedule after the warm-up is compressed into the remaining iterations.
            "RESCALE_INTERVAL": False,
            # Iterations between checkpoints.
            "CHECKPOINT_PERIOD": 5000,
            # Samples per iteration, over all processes.
            "IMS_PER_BATCH": 16,
            # Processes that the config was written for; 0 scales nothing.
            "REFERENCE_WORLD_SIZE": 0,
            "BIAS_LR_FACTOR": 1.0,
            # None: as WEIGHT_DECAY.
            "WEIGHT_DECAY_BIAS": None,
            # Clipping of each parameter's gradient, by "value" or "norm" (of order NORM_TYPE).
            "CLIP_GRADIENTS": {
                "ENABLED": False,
                "CLIP_TYPE": "value",
                "CLIP_VALUE": 1.0,
                "NORM_TYPE": 2.0,
            },
            "AMP": {"ENABLED": False},
        },
        "TEST": {
            # [task, metric, value, tolerance] that verify_results checks.
            "EXPECTED_RESULTS": [],
            # Iterations between evaluations; 0 evaluates at the end only.
            "EVAL_PERIOD": 0,
            "KEYPOINT_OKS_SIGMAS": [],
            "DETECTIONS_PER_IMAGE": 100,
            "AUG": {
                "ENABLED": False,
                "MIN_SIZES": (400, 500, 600, 700, 800, 900, 1000, 1100, 1200),
                "MAX_SIZE": 4000,
                "FLIP": True,
            },
            # Recomputation of the batch norm statistics before evaluation; only Detectron2 has it.
            "PRECISE_BN": {"ENABLED": False, "NUM_ITER": 200},
        },
        "OUTPUT_DIR": "./output",
        # Negative: a random one.
        "SEED": -1,
        "CUDNN_BENCHMARK": False,
        # "highest", "high" or "medium"; "" leaves torch's setting.
        "FLOAT32_PRECISION": "",
        # Iterations between visualizations of training; 0 draws none.
        "VIS_PERIOD": 0,
        "GLOBAL": {"HACK": 1.0},
    }
)
