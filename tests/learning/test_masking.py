"""Pixels hidden from the model: the same ones every time, and without any say."""

import pytest
import torch
from training_support import recipe_of, run, same, trained

from latentlab.learning.events import EpochEnd
from latentlab.learning.losses import compute_losses
from latentlab.learning.masking import observation_mask
from latentlab.learning.noise import Noise
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.trainer import Trainer

ROWS = torch.arange(400)


@pytest.mark.parametrize("missing", [0.0, 0.1, 0.5, 0.9])
def test_the_share_that_is_hidden(missing):
    known = observation_mask(ROWS, 28, 28, missing, seed=0)
    assert (known.shape, known.dtype) == ((400, 1, 28, 28), torch.bool)
    hidden = 1 - known.double()
    # Of n pixels a share of s deviates by sqrt(s (1 - s) / n); five times that hardly ever.
    deviation = (missing * (1 - missing)) ** 0.5
    assert hidden.mean().item() == pytest.approx(missing, abs=5 * deviation / 313_600**0.5)
    of_images, of_places = hidden.mean((1, 2, 3)), hidden.mean((0, 1))
    assert (of_images - missing).abs().max() <= 5 * deviation / 28
    assert (of_places - missing).abs().max() <= 5 * deviation / 20


def test_an_image_always_misses_the_same_pixels():
    whole = observation_mask(ROWS, 9, 7, 0.5, seed=3)
    some = torch.tensor([17, 3, 399, 17])
    assert torch.equal(observation_mask(some, 9, 7, 0.5, seed=3), whole[some])
    assert len({known.numpy().tobytes() for known in whole}) == 400


def test_another_seed_hides_others():
    one, other = (observation_mask(ROWS, 28, 28, 0.5, seed) for seed in (0, 1))
    assert (one == other).double().mean().item() == pytest.approx(0.5, abs=0.01)


def test_hiding_more_hides_the_same_and_more():
    few, many = (observation_mask(ROWS, 28, 28, missing, 0) for missing in (0.2, 0.6))
    assert not (many & ~few).any()


def test_neighbours_do_not_go_together():
    known = observation_mask(ROWS, 28, 28, 0.5, 0).double() - 0.5
    for one, other in ((known[..., 1:], known[..., :-1]), (known[1:], known[:-1])):
        assert abs((one * other).mean().item()) < 0.002


@pytest.mark.parametrize("kind", ["bernoulli", "gaussian", "continuous-bernoulli"])
def test_hidden_pixels_have_no_say(digits, kind):
    """Whatever they are, posterior, loss and gradient stay the same."""
    from latentlab.models.likelihoods import LIKELIHOODS

    if kind not in LIKELIHOODS.kinds():
        pytest.skip(f"there is no {kind}")
    model = recipe_of(kind="cvae", model={"likelihood": kind}).model.build(digits.spec)
    x = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    known = observation_mask(torch.arange(6), 28, 28, 0.4, 0)
    found = []
    for pixels in (x, torch.where(known, x, 1 - x), torch.where(known, x, 0.0)):
        model.zero_grad()
        noise = Noise(torch.Generator().manual_seed(1))
        batch = (pixels, torch.arange(6), known)
        values, made = compute_losses(model, ELBO(), batch, {"beta": 1.0}, noise)
        values["loss"].sum().backward()
        grads = [weight.grad.clone() for weight in model.parameters() if weight.grad is not None]
        found.append([made.q.mean, made.q.stddev, *values.values(), *grads])
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            assert torch.equal(one, two)


@pytest.mark.parametrize("kind", ["bernoulli", "gaussian"])
def test_only_known_pixels_are_counted(digits, kind):
    model = recipe_of(model={"likelihood": kind}).model.build(digits.spec)
    x = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    known = observation_mask(torch.arange(6), 28, 28, 0.4, 0)
    noise = Noise(torch.Generator().manual_seed(1))
    values, made = compute_losses(model, ELBO(), (x, None, known), {"beta": 1.0}, noise)
    each = getattr(made.p, "base_dist", made.p).log_prob(x)
    want = [-sum(each[i][known[i]].tolist()) for i in range(6)]
    assert values["reconstruction"].tolist() == pytest.approx(want, rel=1e-4)


def test_with_all_known_it_is_the_plain_loss(digits):
    model = recipe_of().model.build(digits.spec)
    x = torch.rand(6, 1, 28, 28)
    whole = torch.ones(6, 1, 28, 28, dtype=torch.bool)
    one, other = (
        compute_losses(model, ELBO(), (x, None, known), {"beta": 1.0}, Noise(torch.Generator()))[0]
        for known in (None, whole)
    )
    torch.testing.assert_close(one, other)


def test_a_run_never_looks_at_what_is_hidden(digits):
    """Trained on images whose hidden pixels are nonsense, it learns the very same."""
    from dataclasses import replace

    recipe = recipe_of(missing=0.3, seed=5)
    spoilt = []
    for part in (digits.train, digits.validation):
        known = observation_mask(torch.arange(len(part)), 28, 28, 0.3, 5).numpy()
        spoilt.append(replace(part, images=(part.images * known + 99 * ~known).astype("uint8")))
    weights = []
    for splits in (digits, replace(digits, train=spoilt[0], validation=spoilt[1])):
        trainer = Trainer(recipe, splits, torch.device("cpu"))
        assert len(list(trainer.epoch_steps())) == 14
        weights.append(trainer.snapshot().weights)
    assert same(*weights)


def test_it_learns_from_half_of_the_pixels():
    recipe = recipe_of(missing=0.5, epochs=3, batch_size=100)
    first, *_, last = run(recipe)[EpochEnd]
    assert last.validation["loss"] < first.validation["loss"] < 543 / 2
    assert same(trained(recipe), trained(recipe))
