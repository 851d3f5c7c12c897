"""Config keys that AdaAnchor adds to Detectron2's: meaning, unit, the paper's symbol."""

from detectron2.config import CfgNode as CN


def add_adaanchor_config(cfg: CN) -> None:
    """Add the keys of this project to ``cfg``, in place.

    Detectron2's own keys keep their meaning and are reused where they fit (``INPUT.RANDOM_FLIP``,
    ``INPUT.FORMAT``, ``MODEL.PIXEL_MEAN``, ``SOLVER.*``, ``DATALOADER.SAMPLER_TRAIN``,
    ``TEST.KEYPOINT_OKS_SIGMAS``: when not empty it overrides the skeleton's sigmas).
    """
    _add_model_config(cfg)
    _add_input_config(cfg)
    _add_solver_config(cfg)
    _add_test_config(cfg)
    _add_bottom_up_config(cfg)
    _add_center_config(cfg)


def _add_model_config(cfg: CN) -> None:
    model = cfg.MODEL
    # Keep images and weights in NHWC memory order (faster convolutions on recent GPUs).
    model.CHANNELS_LAST = False
    # torch.compile the backbone and the neck, in place (checkpoint keys stay the same).
    model.COMPILE = False

    # A timm network as backbone (MODEL.BACKBONE.NAME: build_timm_backbone).
    model.TIMM = CN()
    # Name of a timm network that offers `features_only`, e.g. resnet50, hrnet_w32.
    model.TIMM.NAME = "resnet50"
    # Load timm's pretrained weights of that name; not read when MODEL.WEIGHTS is set or a
    # checkpoint is resumed from.
    model.TIMM.PRETRAINED = True
    # Path of a local weight file (.pth, .safetensors) to read instead of downloading.
    model.TIMM.WEIGHTS = ""
    # Stages to return. `res{n}` is the stage with stride 2**n, as in Detectron2's ResNet.
    model.TIMM.OUT_FEATURES = ["res5"]
    # HRNet: how lower branches are upsampled to be added to higher ones, "nearest" or, in HRNet's
    # facial model, "bilinear". The weights are the same, the results are not.
    model.TIMM.HRNET_UPSAMPLING = "nearest"

    # What turns backbone features into the one map that the head reads.
    model.NECK = CN()
    # DeconvNeck (SimplePose's upsampling), SelectFeature (one backbone feature, unchanged; HRNet's
    # highest branch), ConcatFeatures (all features, upsampled and concatenated) or MixFeatures
    # (the same, then a 1x1 convolution with NORM and ReLU; HRNet's facial model).
    model.NECK.NAME = "DeconvNeck"
    # Backbone feature that SelectFeature and DeconvNeck read.
    model.NECK.IN_FEATURE = "res5"
    # DeconvNeck: number of 4x4 stride-2 deconvolutions, their channels and normalization.
    model.NECK.NUM_DECONVS = 3
    model.NECK.CHANNELS = 256
    model.NECK.NORM = "BN"

    head = model.KEYPOINT_HEAD = CN()
    # The anchor rule: AdaAnchor, FixAnchor, HeatmapAnchor or RegressionAnchor.
    head.NAME = "AdaAnchor"
    # Number of keypoint types K; must equal the skeleton of the data sets.
    head.NUM_KEYPOINTS = 17
    # Anchors per target, k of eq. 11 (A in the code). 1 is table 1's "w/o multiple anchors".
    head.NUM_ANCHORS = 20
    # sigma of eq. 8, in stride units (map pixels).
    head.SIGMA = 4.0
    # Fusion of confidence and accuracy, eq. 9: "mul" or "add".
    head.FUSION = "mul"
    # AdaAnchor warm-up: optimizer iterations during which the anchors are the nearest candidates.
    head.FIXED_ITERS = 0
    # Local refinement, eq. 12. False is table 1's "w/o local refinement".
    head.LOCAL_REFINEMENT = True
    # Candidates within this distance of a target (stride units) learn its local offset.
    head.LOCAL_RADIUS = 2.0
    # Loss weights: lambda of eq. 4, and the local-offset loss beside it.
    head.OFFSET_LOSS_WEIGHT = 0.15
    head.LOCAL_LOSS_WEIGHT = 0.5
    # Focal loss on the confidence. FOCAL_ALPHA -1 drops the class weight (CenterNet's form).
    head.FOCAL_ALPHA = 0.25
    head.FOCAL_GAMMA = 2.0
    # Confidence that a new head gives everywhere; sets the bias of the confidence output.
    head.PRIOR_PROB = 0.01
    # AdaAnchor, FixAnchor, in inference: a keypoint lies at the consensus of the estimates of the
    # so many most confident candidates, and pred_keypoint_spread (pixels of the original image)
    # tells how far apart they are. 1 is the paper: the best candidate's estimate alone.
    head.CONSENSUS = 1
    # AdaAnchor, FixAnchor: learn the quality of the candidates too, and report it as the score in
    # place of the confidence, which still chooses. What is found stays the same. The gradient of
    # this output ends at the features, so that its loss needs no weight beside the others.
    head.QUALITY = False
    # sigma of the quality's target exp(-|P_r - P*|^2 / (2 sigma^2)), in stride units: about the
    # error up to which a keypoint is right. See heads/quality.py for what others gave.
    head.QUALITY_SIGMA = 1.0
    # HeatmapAnchor: standard deviation of the Gaussian target (stride units).
    head.HEATMAP_SIGMA = 2.0
    # HeatmapAnchor: centre of the Gaussian, "rounded" to a cell (SimplePose, the paper's rows)
    # or "subpixel".
    head.HEATMAP_CENTER = "rounded"
    # Where a candidate sits inside its cell, as a fraction of the stride (0.5: the centre). Saved
    # with the weights: where MODEL.WEIGHTS brings a place, that one counts.
    head.CELL_PLACE = 0.5
    # File of a calibration (tools/analyze_results.py --save-calibration) that turns the keypoint
    # scores of results into probabilities of being right. It changes neither what is found, nor
    # people's scores: AP stays the same. "": off.
    head.CALIBRATION = ""


def _add_input_config(cfg: CN) -> None:
    # What one training or test sample is. PersonCropMapper: one person, cropped. WholeImageMapper:
    # one image with all its people; in training its shorter side fills CROP_SIZE's, then it is
    # rotated, scaled, moved and mirrored; in evaluation MIN_SIZE_TEST is its shorter side in pixels
    # and MAX_SIZE_TEST the most its longer side may have. It trains on images without a labelled
    # person too where DATALOADER.FILTER_EMPTY_ANNOTATIONS is False.
    cfg.INPUT.MAPPER = "PersonCropMapper"
    # Network input, (height, width) in pixels; of WholeImageMapper in training only.
    cfg.INPUT.CROP_SIZE = (256, 192)
    # The person box is extended to the crop's aspect ratio, then by this factor.
    cfg.INPUT.BOX_PADDING = 1.25
    # Evaluation boxes: "ground_truth", "rectangle" (the face rectangle of WFLW's list, which does
    # not come from the landmarks), "detector" (the file that belongs to the data set) or the path
    # of a detection file (list of {image_id, category_id, bbox, score}).
    cfg.INPUT.PERSON_BOXES = "ground_truth"
    # Detector boxes with a lower score are not evaluated.
    cfg.INPUT.PERSON_BOX_MIN_SCORE = 0.0
    # Probability of the flip that INPUT.RANDOM_FLIP ("horizontal" or "none") switches on.
    cfg.INPUT.FLIP_PROB = 0.5
    # Scale factor ~ N(1, s) clipped to 1 +- s; 0 is off (SimplePose: 0.3).
    cfg.INPUT.SCALE_FACTOR = 0.3
    # Rotation ~ N(0, r) degrees clipped to +- 2 r, with probability ROTATION_PROB.
    # WholeImageMapper: always, uniform in +- r (the paper: 30).
    cfg.INPUT.ROTATION_FACTOR = 40.0
    cfg.INPUT.ROTATION_PROB = 0.6
    # Crop to the upper or lower half of the body, for people with at least this many labelled
    # keypoints. Off in the paper's schedule.
    cfg.INPUT.HALF_BODY_PROB = 0.0
    cfg.INPUT.HALF_BODY_MIN_KEYPOINTS = 8

    _add_whole_image_config(cfg)


def _add_whole_image_config(cfg: CN) -> None:
    # WholeImageMapper: the part of the image that fills CROP_SIZE is scaled by a uniform factor in
    # this range; above 1 people become smaller.
    cfg.INPUT.SCALE_RANGE = (0.75, 1.5)
    # WholeImageMapper: side of the image that fills CROP_SIZE. "shorter" (the paper): the longer
    # one sticks out; in evaluation the shorter one is MIN_SIZE_TEST. "longer": the whole image lies
    # in the middle of CROP_SIZE, in evaluation too, so that all inputs have one size.
    cfg.INPUT.IMAGE_FIT = "shorter"
    # WholeImageMapper: uniform translation in +- t, pixels of the network input. (In HigherHRNet's
    # code 40 means 40 / 200 of the crop's side, which is 102.4 pixels of 512.)
    cfg.INPUT.TRANSLATE = 40.0


def _add_solver_config(cfg: CN) -> None:
    # "Adam", "AdamW" or "SGD". SOLVER.IMS_PER_BATCH counts samples per optimizer step, over all
    # processes and micro-batches.
    cfg.SOLVER.OPTIMIZER = "Adam"
    # Micro-batches whose gradients are averaged for one optimizer step. Each micro-batch has its
    # own loss normalizer, so N of them are close to, but not exactly, one batch of their sum.
    cfg.SOLVER.ACCUMULATE_STEPS = 1
    # Precision under SOLVER.AMP.ENABLED: "bfloat16" or "float16" (CUDA only). Heads and losses stay
    # in float32, the heads' convolution in TF32 where cuDNN may (FLOAT32_PRECISION highest: not).
    cfg.SOLVER.AMP.DTYPE = "bfloat16"
    # Exponential moving average of the weights; it is what is evaluated and published.
    cfg.SOLVER.EMA = CN()
    cfg.SOLVER.EMA.ENABLED = False
    cfg.SOLVER.EMA.DECAY = 0.9998
    # Metric ("task/metric") whose best checkpoint is kept as model_best.pth; "" keeps none.
    cfg.SOLVER.BEST_METRIC = "keypoints/AP"
    # "max" or "min".
    cfg.SOLVER.BEST_METRIC_MODE = "max"


def _add_test_config(cfg: CN) -> None:
    # Samples per forward pass and process during evaluation.
    cfg.TEST.BATCH_SIZE = 32
    # Average the maps of the image and of its mirror image (twice the time). Several test sets
    # must have the same mirror partners.
    cfg.TEST.FLIP = False
    # Person score = box score x mean confidence of the keypoints above RESCORE_THRESHOLD, as
    # SimplePose does. False: the box score alone. CenterPose: keypoint score = centre score x the
    # keypoint heatmap where the keypoint lies, as DEKR does, the person's is their mean. False: the
    # centre score alone.
    cfg.TEST.RESCORE = True
    cfg.TEST.RESCORE_THRESHOLD = 0.2
    # OKS above which the weaker of two people is removed; used with detector boxes. 1 is off.
    cfg.TEST.OKS_NMS_THRESHOLD = 0.9
    # Confidence thresholds at which keypoint precision and recall are reported.
    cfg.TEST.CONFIDENCE_THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.9)


def _add_bottom_up_config(cfg: CN) -> None:
    # Keypoints with a lower confidence are no results: gamma of section 5.
    cfg.MODEL.KEYPOINT_HEAD.GAMMA = 0.1
    # Further thresholds at which the same maps are decoded and evaluated; () for none.
    cfg.TEST.GAMMAS = ()
    # Most people of an image, and most candidates of a keypoint type.
    cfg.MODEL.MAX_PEOPLE = 30
    # Give every person the keypoint types that it lacks, wherever they may be (HigherHRNet's
    # refinement, which finds keypoints below GAMMA and invents others); off in the paper.
    cfg.TEST.FILL_MISSING = False

    # What tells whose a located keypoint is.
    tag = cfg.MODEL.TAG = CN()
    # "frozen" (an Associative Embedding network that is trained already, as in the paper), "joint"
    # (a tag head trained with the model) or "oracle" (the ground truth: shows what locating alone
    # is worth).
    tag.SOURCE = "joint"
    # frozen: its weights, a checkpoint of this project that was trained with SOURCE joint, or a
    # converted one; and the timm network and feature that its tag head reads. Without a name the
    # tagger is a network like the model's own, backbone and neck.
    tag.WEIGHTS = ""
    tag.TIMM_NAME = ""
    tag.IN_FEATURE = "res2"
    # The order in which keypoint types are grouped into people; () for as they are numbered.
    tag.JOINT_ORDER = ()
    # joint: loss weights. Tags agree within a person (pull) and differ between people (push). 1
    # stands beside AdaAnchor's and FixAnchor's losses: with 0.1 the tags of a small network did not
    # come apart. A heatmap's mean squared error is a thousand times smaller: HigherHRNet's weight
    # is 0.001 beside it, and 0.0005 beside half of it, as here (leaves ae_..., higherhrnet_...).
    tag.PULL_LOSS_WEIGHT = 1.0
    tag.PUSH_LOSS_WEIGHT = 1.0


def _add_center_config(cfg: CN) -> None:
    # Single-stage multi-person pose: a person is found by the centre, the pose regressed from it.
    center = cfg.MODEL.CENTER = CN()
    # How the offsets to the keypoints are computed: "adaptive" (DEKR's adaptive convolutions, one
    # branch per keypoint) or "plain" (CenterNet's way; exports without deformable convolution).
    center.OFFSET_BRANCH = "adaptive"
    # adaptive: channels of a keypoint's branch, and its adaptive convolutions.
    center.OFFSET_CHANNELS = 15
    center.OFFSET_BLOCKS = 2
    # plain: channels of the 3x3 convolution.
    center.PLAIN_CHANNELS = 256
    # Weight of the loss on the offsets. 0.03 is DEKR's and belongs to its centre heatmap. Beside
    # AdaAnchor's losses it vanishes: their gradient on the features of a small network was 240
    # times that of the offsets after 60 iterations, a centre heatmap's 1.3 times after 20. So the
    # leaves of AdaAnchor and FixAnchor have 100 times this weight and KEYPOINT_LOSS_WEIGHT.
    center.OFFSET_LOSS_WEIGHT = 0.03
    # Pose offsets are learnt at the anchors of a person's centre and at the candidates within this
    # distance of one (stride units, in a square); DEKR: 4 around its only anchor, the centre.
    center.OFFSET_RADIUS = 0.0
    # Channels of what the centre's head and the keypoint heatmaps read.
    center.TRUNK_CHANNELS = 32
    # DEKR's keypoint heatmaps beside the centres: an auxiliary loss with its weight, the standard
    # deviation of their Gaussians (stride units; DEKR's centres have 4), and what TEST.RESCORE
    # reads. HEATMAP_CENTER of MODEL.KEYPOINT_HEAD is theirs, too.
    center.KEYPOINT_HEATMAPS = True
    center.KEYPOINT_LOSS_WEIGHT = 1.0
    center.KEYPOINT_SIGMA = 2.0
    # File of a trained scoring network (tools/train_scoring.py, or DEKR's own): a person's score is
    # multiplied by the OKS that it predicts. "": off.
    center.SCORE_WEIGHTS = ""

    # Two poses are the same person when more than POSE_NMS_NUM_KEYPOINTS of their keypoints are
    # nearer than POSE_NMS_THRESHOLD x the diagonal of the box around the first one's keypoints;
    # with as many as there are keypoint types nothing is removed. DEKR: 8 for COCO, 7 for
    # CrowdPose.
    cfg.TEST.POSE_NMS_THRESHOLD = 0.05
    cfg.TEST.POSE_NMS_NUM_KEYPOINTS = 8
