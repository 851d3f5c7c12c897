import pytest
import torch
from detectron2.modeling import build_model
from helpers.crowds import bottom_up_config, make_crowd_sample

from adaanchor_d2.engine.checkpointer import SafeCheckpointer
from adaanchor_d2.engine.optimizer import build_optimizer
from adaanchor_d2.errors import InputError
from adaanchor_d2.modeling.meta_arch.taggers import OracleTagger


@pytest.fixture
def embedding(tmp_path):
    """A trained Associative Embedding model and its checkpoint."""
    torch.manual_seed(0)
    model = build_model(bottom_up_config("HeatmapAnchor")).eval()
    torch.nn.init.normal_(model.tagger.head.predictor.weight, std=0.3)
    model.tagger.head.place.fill_(0.625)
    path = tmp_path / "embedding.pth"
    torch.save({"model": model.state_dict(), "iteration": 7}, path)
    return model, str(path)


def frozen_config(path: str, **overrides):
    return bottom_up_config(
        **{
            "MODEL__TAG__SOURCE": "frozen",
            "MODEL__TAG__WEIGHTS": path,
            "MODEL__TAG__TIMM_NAME": "test_resnet",
            "MODEL__TAG__IN_FEATURE": "res2",
            **overrides,
        }
    )


def test_frozen_tags_are_the_embeddings(embedding):
    model, path = embedding
    frozen = build_model(frozen_config(path)).eval()
    images, xy = torch.randn(2, 3, 64, 64), torch.rand(2, 17, 5, 2) * 64
    with torch.no_grad():
        expected = model.tagger.sample(model.tagged_features(images)[1], xy, [])
        tags = frozen.tagger.sample(frozen.tagged_features(images)[1], xy, [])
    torch.testing.assert_close(tags, expected)


def test_frozen_weights_stay(embedding):
    _, path = embedding
    model = build_model(frozen_config(path, SOLVER__BASE_LR=0.1)).train()
    before = {k: v.clone() for k, v in model.tagger.own_state().items()}
    optimizer = build_optimizer(frozen_config(path), model)
    sum(model([make_crowd_sample(i) for i in range(2)]).values()).backward()
    optimizer.step()
    assert not any(parameter.requires_grad for parameter in model.tagger.parameters())
    assert not any(module.training for module in model.tagger.modules())
    assert len(before) > 10
    assert all(torch.equal(before[k], v) for k, v in model.tagger.own_state().items())


def test_a_model_is_evaluated_with_other_tags_than_it_was_trained_with(embedding, tmp_path):
    """The tags of a frozen or oracle tagger are not part of checkpoints, nor read from them."""
    joint, path = embedding
    frozen = build_model(frozen_config(path, MODEL__KEYPOINT_HEAD__NAME="HeatmapAnchor"))
    oracle_config = bottom_up_config("HeatmapAnchor", MODEL__TAG__SOURCE="oracle")
    oracle = build_model(oracle_config)
    for model in (frozen, oracle):
        assert not any(key.startswith("tagger.") for key in model.state_dict())
        SafeCheckpointer(model).load(path)
        assert torch.equal(model.head.predictor.weight, joint.head.predictor.weight)
    oracle_path = str(tmp_path / "oracle.pth")
    torch.save({"model": oracle.state_dict()}, oracle_path)
    before = {k: v.clone() for k, v in frozen.tagger.own_state().items()}
    SafeCheckpointer(frozen).load(oracle_path)
    assert all(torch.equal(before[k], v) for k, v in frozen.tagger.own_state().items())
    with pytest.raises(InputError, match="missing keys tagger.head"):
        SafeCheckpointer(joint).load(oracle_path)


def test_frozen_network_is_like_the_models_own_unless_named(embedding):
    config = frozen_config(embedding[1], MODEL__TAG__TIMM_NAME="")
    named, own = build_model(frozen_config(embedding[1])), build_model(config)
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(
            own.tagger.predict(images, None), named.tagger.predict(images, None)
        )


def test_frozen_network_is_not_run_in_training(embedding):
    model = build_model(frozen_config(embedding[1]))
    calls = []
    model.tagger.backbone.register_forward_hook(lambda *_: calls.append(1))
    losses = model([make_crowd_sample(0), make_crowd_sample(1)])
    assert not calls and not any("tag" in name for name in losses)
    with torch.no_grad():
        model.eval()([make_crowd_sample(0)])
    assert calls


def test_frozen_weights_that_do_not_fit(embedding, tmp_path):
    with pytest.raises(InputError, match=r"MODEL.TAG.WEIGHTS: there is no file none.pth\."):
        build_model(frozen_config("none.pth"))
    with pytest.raises(InputError, match="2 weights are missing .*first tagger.head.predictor"):
        build_model(frozen_config(embedding[1], MODEL__KEYPOINT_HEAD__NUM_KEYPOINTS=14))


def test_oracle_takes_the_nearest_labelled_keypoint_of_the_type():
    people = torch.zeros(3, 2, 3)
    people[0] = torch.tensor([[10.0, 10.0, 2.0], [90.0, 10.0, 0.0]])
    people[1] = torch.tensor([[50.0, 10.0, 1.0], [60.0, 10.0, 2.0]])
    xy = torch.tensor([[[12.0, 10.0], [45.0, 10.0]], [[89.0, 10.0], [0.0, 10.0]]])[None]
    tags = OracleTagger().sample(None, xy, [{"people_keypoints": people}])
    assert tags[0].tolist() == [[0, 10], [10, 10]]
    people[1, 1, 2] = 0  # nobody has a second keypoint: the nearest of any type
    tags = OracleTagger().sample(None, xy, [{"people_keypoints": people}])
    assert tags[0].tolist() == [[0, 10], [10, 0]]
    tags = OracleTagger().sample(None, xy, [{"people_keypoints": people[2:]}])
    assert (tags == 0).all()


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("MODEL__TAG__TIMM_NAME", "no_such", "MODEL.TAG.TIMM_NAME 'no_such' is no timm model"),
        ("MODEL__TAG__IN_FEATURE", "res9", "MODEL.TAG.IN_FEATURE: test_resnet has no res9"),
    ],
)
def test_a_backbone_that_cannot_be_built_is_told_by_the_taggers_keys(
    embedding, key, value, sentence
):
    with pytest.raises(InputError, match=sentence):
        build_model(frozen_config(embedding[1], **{key: value}))
