import numpy as np
import pytest
import torch

from adaanchor_d2.demo.detectors import build_detector
from adaanchor_d2.errors import InputError

IMAGE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
IS_GENUINE = True
try:
    from detectron2.data import transforms  # noqa: F401
except ImportError:
    IS_GENUINE = False


class StandIn(torch.nn.Module):
    """A detector with torchvision's interface: a person, a bicycle, a person."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, images):
        self.seen = images
        boxes = torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]])
        scores, labels = torch.tensor([0.9, 0.8, 0.7]), torch.tensor([1, 2, 1])
        return [{"boxes": boxes * self.scale, "scores": scores, "labels": labels}]


def test_torchvisions_people(tmp_path, monkeypatch):
    model = StandIn()
    given = {}
    monkeypatch.setattr(
        "torchvision.models.detection.fasterrcnn_resnet50_fpn",
        lambda **options: given.update(options) or model,
    )
    torch.save({"scale": torch.tensor([2.0])}, tmp_path / "w.pth")
    detector = build_detector("torchvision", str(tmp_path / "w.pth"), "", "cpu", 0.4)
    boxes, scores = detector(IMAGE)
    assert boxes.tolist() == [[2, 4, 6, 8], [18, 20, 22, 24]]
    assert scores.tolist() == pytest.approx([0.9, 0.7])
    assert given == {"weights": None, "weights_backbone": None, "box_score_thresh": 0.4}
    (seen,) = model.seen
    assert seen.shape == (3, 60, 80)
    np.testing.assert_allclose(seen[0].numpy() * 255, IMAGE[:, :, 2], atol=1e-3)  # red first


def test_mistakes_with_torchvision(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "torchvision.models.detection.fasterrcnn_resnet50_fpn", lambda **options: StandIn()
    )
    torch.save({"other": torch.ones(1)}, tmp_path / "other.pth")
    for weights, sentence in (
        ("", "needs --detector-weights"),
        (str(tmp_path / "none.pth"), "There is no checkpoint"),
        (str(tmp_path / "other.pth"), "is no state dict of torchvision's"),
    ):
        with pytest.raises(InputError, match=sentence):
            build_detector("torchvision", weights, "", "cpu", 0.5)


def test_detectron2s_needs_a_config():
    with pytest.raises(InputError, match="needs --detector-config"):
        build_detector("detectron2", "", "", "cpu", 0.5)


@pytest.mark.skipif(IS_GENUINE, reason="genuine Detectron2 has detectors")
def test_lite_has_no_detectors():
    with pytest.raises(InputError, match="needs genuine Detectron2"):
        build_detector("detectron2", "w.pth", "faster_rcnn.yaml", "cpu", 0.5)


@pytest.mark.skipif(not IS_GENUINE, reason="detectron2_lite has no detectors")
def test_detectron2s_people(tmp_path):
    """A small untrained Faster R-CNN that gives each class, and the background, a third."""
    from detectron2.config import get_cfg
    from detectron2.modeling import build_model

    cfg = get_cfg()
    cfg.merge_from_list(
        [
            *("MODEL.DEVICE", "cpu", "MODEL.RESNETS.DEPTH", 18, "MODEL.WEIGHTS", ""),
            *("MODEL.RESNETS.RES2_OUT_CHANNELS", 64, "MODEL.RESNETS.STEM_OUT_CHANNELS", 64),
            *("MODEL.RESNETS.OUT_FEATURES", ["res4"], "MODEL.ROI_HEADS.NUM_CLASSES", 2),
            *("INPUT.MIN_SIZE_TEST", 64, "MODEL.ROI_HEADS.NAME", "StandardROIHeads"),
            *("MODEL.ROI_BOX_HEAD.NAME", "FastRCNNConvFCHead", "MODEL.ROI_BOX_HEAD.NUM_FC", 1),
            *("MODEL.ROI_BOX_HEAD.FC_DIM", 16, "MODEL.RPN.PRE_NMS_TOPK_TEST", 50),
            *("DATASETS.TEST", ()),
        ]
    )
    (tmp_path / "f.yaml").write_text(cfg.dump())
    torch.manual_seed(0)
    model = build_model(cfg)
    for parameter in model.roi_heads.box_predictor.cls_score.parameters():
        torch.nn.init.zeros_(parameter)
    torch.save({"model": model.state_dict()}, tmp_path / "w.pth")
    paths = str(tmp_path / "w.pth"), str(tmp_path / "f.yaml")
    boxes, scores = build_detector("detectron2", *paths, "cpu", 0.1)(IMAGE)
    assert len(boxes) > 0
    np.testing.assert_allclose(scores, 1 / 3, atol=1e-5)
    assert (boxes[:, 2:] > boxes[:, :2]).all() and (boxes[:, 2:] <= [80, 60]).all()
    assert len(build_detector("detectron2", *paths, "cpu", 0.4)(IMAGE)[0]) == 0
    (tmp_path / "bad.yaml").write_text("MODEL:\n  NONSENSE: 1\n")
    with pytest.raises(InputError, match="is no config of Detectron2"):
        build_detector("detectron2", paths[0], str(tmp_path / "bad.yaml"), "cpu", 0.5)
