import copy

import pytest
import torch
from detectron2.utils.events import EventStorage
from engine.stand_in import EngineStandIn, make_samples

from adaanchor_d2.engine.train_loop import TrainLoop
from adaanchor_d2.errors import InputError


def freeze_batch_norm(model):
    norm = model.backbone[1].eval()
    norm.train = lambda mode=True: norm
    return model


def make_loop(batches, model=None, lr=0.1, **kwargs):
    model = model or freeze_batch_norm(EngineStandIn(None)).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    return TrainLoop(model, batches, optimizer, **kwargs)


def run(loop, num_steps=1):
    with EventStorage() as storage:
        for loop.iter in range(num_steps):
            storage.iter = loop.iter
            loop.run_step()
    return storage


def test_two_micro_batches_equal_one_batch():
    samples = make_samples()
    whole, parts = make_loop([samples[:8]]), make_loop(
        [samples[:4], samples[4:8]], accumulate_steps=2
    )  # fmt: skip
    storages = run(whole), run(parts)
    for expected, got in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        torch.testing.assert_close(got.grad, expected.grad, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)
    for name in ("total_loss", "loss_square", "loss_absolute"):
        expected, got = (storage.latest()[name][0] for storage in storages)
        assert got == pytest.approx(expected, rel=1e-12)


def test_gradients_do_not_leak_into_the_next_step():
    samples = make_samples()
    loop = make_loop([samples[:4], samples[4:8]], lr=0.0)
    run(loop, 2)
    alone = make_loop([samples[4:8]], lr=0.0)
    run(alone)
    torch.testing.assert_close(loop.model.head.weight.grad, alone.model.head.weight.grad)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_non_finite_loss_names_iteration_and_images(value):
    samples = make_samples()
    samples[9]["target"][0] = value
    batches = [samples[:4], samples[4:8], samples[4:8], samples[8:]]
    loop = make_loop(batches, accumulate_steps=2)
    run(loop)
    before = copy.deepcopy(loop.model.state_dict())
    loop.iter = 1
    with EventStorage(1), pytest.raises(InputError) as caught:
        loop.run_step()
    message = str(caught.value)
    assert "loss_square, loss_absolute" in message and "iteration 1, images image_8.jpg" in message
    assert "image_9.jpg" in message and "image_4.jpg" not in message and "\n" not in message
    after = loop.model.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_long_lists_of_images_are_cut():
    samples = make_samples()
    samples[0]["target"][0] = float("nan")
    with pytest.raises(InputError, match="image_4.jpg and 7 more:"):
        run(make_loop([samples]))


def test_non_finite_gradient_stops_too():
    samples = make_samples()
    loop = make_loop([samples[:4]])
    weight = loop.model.head.weight
    weight.register_hook(lambda gradient: gradient * float("inf"))
    before = weight.clone()
    with pytest.raises(InputError, match="gradient is not finite in iteration 0, images image_0"):
        run(loop)
    assert torch.equal(weight, before)


def test_bfloat16_on_the_cpu():
    samples = make_samples()
    model = freeze_batch_norm(EngineStandIn(None))
    loop = make_loop([samples[:4]], model, amp_dtype=torch.bfloat16)
    before = model.head.weight.clone()
    run(loop)
    assert model.dtypes == [torch.bfloat16]
    assert model.head.weight.dtype == torch.float32
    assert not torch.equal(model.head.weight, before)
    assert "grad_scaler" not in loop.state_dict()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="float16 training needs a GPU")
def test_float16_skips_overflow_and_keeps_its_scale():
    samples = make_samples()
    model = freeze_batch_norm(EngineStandIn(None)).cuda()
    for sample in samples:
        sample["input"], sample["target"] = sample["input"].cuda(), sample["target"].cuda()
    loop = make_loop([samples[:4]] * 2, model, amp_dtype=torch.float16)
    scale = loop.grad_scaler.get_scale()
    run(loop)
    resumed = make_loop([samples[:4]], copy.deepcopy(model), amp_dtype=torch.float16)
    resumed.load_state_dict({**loop.state_dict()})
    assert resumed.grad_scaler.state_dict() == loop.grad_scaler.state_dict()
    handle = model.head.weight.register_hook(lambda gradient: gradient * float("inf"))
    before = model.head.weight.clone()
    run(loop)
    handle.remove()
    assert torch.equal(model.head.weight, before)
    assert loop.grad_scaler.get_scale() < scale


def test_resuming_with_another_optimizer_is_refused():
    samples = make_samples()
    loop = make_loop([samples[:4]])
    model = EngineStandIn(None)
    other = TrainLoop(model, [], torch.optim.Adam(model.parameters()))
    with pytest.raises(InputError, match="SOLVER.OPTIMIZER is Adam, .* trained with SGD"):
        other.load_state_dict(loop.state_dict())
    fewer = TrainLoop(model, [], torch.optim.SGD(model.head.parameters(), lr=0.1))
    with pytest.raises(InputError, match="does not fit this model"):
        fewer.load_state_dict(loop.state_dict())
