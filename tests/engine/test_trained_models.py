import pytest
import torch
from detectron2.modeling import build_model
from helpers.tiny import tiny_config

from adaanchor_d2.engine.trained_models import choose_models, load_trained_model
from adaanchor_d2.errors import InputError


@pytest.fixture
def run(tmp_path, shared_data, monkeypatch):
    """Return a function that writes config and weights of a rule; their paths."""
    monkeypatch.setenv("DETECTRON2_DATASETS", str(shared_data))

    def write(rule: str = "AdaAnchor", **overrides) -> list[str]:
        name = f"{rule}{len(list(tmp_path.iterdir()))}"
        cfg = tiny_config(rule, DATASETS__TEST=("coco_keypoints_val",), **overrides)
        config, weights = tmp_path / f"{name}.yaml", tmp_path / f"{name}.pth"
        config.write_text(cfg.dump())
        torch.manual_seed(0)
        torch.save({"model": build_model(cfg).state_dict()}, weights)
        return [str(config), str(weights)]

    return write


def test_models_are_built_with_their_weights_and_without_others(run):
    words = [run()]
    choice = choose_models(words)[0]
    assert choice.title == "AdaAnchor" and choice.cfg.DATASETS.TEST == ("coco_keypoints_val",)
    model = choice.load()[0]
    assert not model.training
    saved = torch.load(words[0][1])["model"]
    assert all(torch.equal(value, saved[key]) for key, value in model.state_dict().items())


def test_pretrained_weights_are_not_asked_for(run):
    config, weights = run()
    cfg = choose_models([[config, weights]], options=["MODEL.TIMM.PRETRAINED", "True"])[0].cfg
    assert not cfg.MODEL.TIMM.PRETRAINED
    given = tiny_config(MODEL__TIMM__WEIGHTS="no_such_file.pth", MODEL__TIMM__PRETRAINED=True)
    load_trained_model(given, weights)


def test_titles(run):
    ada, heatmap = run(), run("HeatmapAnchor")
    words = [ada, heatmap, ada]
    names = [choice.title for choice in choose_models(words)]
    assert names == ["AdaAnchor", "HeatmapAnchor", "AdaAnchor (2)"]
    assert [c.title for c in choose_models(words, ["a", "b", "c"])] == ["a", "b", "c"]


def test_one_data_set_serves_all(run):
    other = run(DATASETS__TRAIN=("coco_keypoints_train",))
    choices = choose_models([run(), other], dataset_name="coco_keypoints_train")
    assert {choice.cfg.DATASETS.TEST for choice in choices} == {("coco_keypoints_train",)}


def test_mistakes_get_one_sentence_before_any_work(run):
    config, weights = run()
    for words, options, sentence in (
        ([[config]], {}, "--model .*yaml needs a config and a weight file"),
        ([[config, "none.pth"]], {}, "There is no checkpoint none.pth"),
        ([[config, weights]], {"titles": ["a", "b"]}, "--titles needs 1 different titles"),
        ([[config, weights]] * 2, {"titles": ["a", "a"]}, "--titles needs 2 different titles"),
        ([[config, weights]], {"dataset_name": "nothing"}, "data set 'nothing' is unknown"),
        ([["none.yaml", weights]], {}, "none.yaml cannot be read"),
        ([[config, weights]], {"dataset_name": "crowdpose_test"}, "crowdpose_test.* has 14"),
    ):
        with pytest.raises(InputError, match=sentence):
            choose_models(words, **options)


def test_weights_of_another_rule_are_refused(run):
    _, heatmap = run("HeatmapAnchor")
    choice = choose_models([[run()[0], heatmap]])[0]
    with pytest.raises(InputError, match="does not fit|another model"):
        choice.load()
