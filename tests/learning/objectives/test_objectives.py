"""Terms, their weights, schedules, and the noise of the latent samples."""

import pytest
import torch
from torch.distributions import Independent, Laplace, Normal

from latentlab.config import parse
from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError
from latentlab.learning.losses import compute_losses
from latentlab.learning.noise import Noise, draw
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.objectives.target_kl import Capacity
from latentlab.learning.schedules import Constant, Linear
from latentlab.learning.terms.term import Term
from latentlab.models.base import MODELS, Auxiliary

SPEC = ImageSpec((1, 4, 5), ("ant", "bee", "cat"))


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def model(kind="vae", **values):
    torch.manual_seed(1)
    return MODELS.kinds()[kind](hidden=(8,), latent_dim=3, **values).build(SPEC)


def losses(network, objective, x, y, epochs, generator, known=None):
    """Return the values of a batch after so many epochs."""
    numbers = objective.numbers(epochs)
    return compute_losses(network, objective, (x, y, known), numbers, Noise(generator))[0]


def batch(count=6):
    return torch.rand(count, *SPEC.shape, generator=rng(2)), torch.arange(count) % 3


def built(kind="vae", **values):
    return parse(MODELS.kinds()[kind], values).build(ImageSpec((1, 8, 8)))


@pytest.mark.parametrize(
    ("network", "objective", "key"),
    [
        ({"posterior": "deterministic"}, {"beta": 4}, "objective.beta"),
        ({"posterior": "deterministic"}, {"schedule": "linear"}, "objective.schedule"),
        ({"kind": "vq-vae"}, {"beta": 0.5}, "objective.beta"),
        ({"kind": "vq-vae"}, {"beta": 0}, "objective.beta"),
        ({"kind": "vq-vae"}, {"schedule": "cyclical"}, "objective.schedule"),
        ({"prior": "mixture"}, {"beta": 0}, "objective.beta"),
        ({"prior": "flow"}, {"beta": 0, "extra": "mmd"}, "objective.beta"),
    ],
)
def test_a_weight_that_does_nothing_is_refused(network, objective, key):
    with pytest.raises(RecipeError) as refused:
        parse(ELBO, objective).check(built(**network))
    assert [*refused.value.problems] == [key]


@pytest.mark.parametrize(
    ("network", "objective"),
    [
        ({"posterior": "deterministic"}, {}),
        ({"posterior": "deterministic"}, {"beta": 0, "extra": "mmd"}),
        ({"kind": "vq-vae"}, {}),
        ({"prior": "mixture"}, {"beta": 0.1, "schedule": "linear"}),
        ({"kind": "ladder-vae"}, {"beta": 0}),
    ],
)
def test_other_weights_are_accepted(network, objective):
    parse(ELBO, objective).check(built(**network))


@pytest.mark.parametrize("kind", ["vae", "cvae"])
@pytest.mark.parametrize(
    ("beta", "schedule", "epochs", "weight"),
    [
        (1.0, Constant(), 0.0, 1.0),
        (4.0, Constant(), 3.0, 4.0),
        (0.0, Constant(), 3.0, 0.0),
        (4.0, Linear(epochs=10), 0.0, 0.0),
        (4.0, Linear(epochs=10), 5.0, 2.0),
        (4.0, Linear(epochs=10), 10.0, 4.0),
        (4.0, Linear(epochs=10), 99.0, 4.0),
    ],
)
def test_loss_is_reconstruction_plus_weighted_kl_of_each_image(
    kind, beta, schedule, epochs, weight
):
    x, y = batch()
    values = losses(model(kind), ELBO(beta=beta, schedule=schedule), x, y, epochs, rng())
    assert list(values) == ["loss", "reconstruction", "kl"]
    assert {value.shape for value in values.values()} == {(6,)}
    torch.testing.assert_close(values["loss"], values["reconstruction"] + weight * values["kl"])
    assert (values["kl"] > 0).all()


def test_terms_are_those_of_the_model():
    x, y = batch()
    network = model("cvae")
    values = losses(network, ELBO(), x, y, 0.0, rng(7))
    q = network.encode(x, y)
    z = q.mean + q.stddev * torch.empty(6, 3).normal_(generator=rng(7))
    torch.testing.assert_close(
        values["reconstruction"], -network.decode(z, y).log_prob(x), rtol=1e-5, atol=1e-5
    )
    mu, sigma = q.mean, q.stddev
    want = 0.5 * (sigma**2 + mu**2 - 1 - 2 * sigma.log()).sum(1)
    torch.testing.assert_close(values["kl"], want)


def test_an_image_does_not_change_the_loss_of_another():
    x, y = batch()
    network = model()
    whole = losses(network, ELBO(), x, y, 0.0, rng())["loss"]
    other = x.clone()
    other[3] = 1 - other[3]
    changed = losses(network, ELBO(), other, y, 0.0, rng())["loss"]
    same = [i for i in range(6) if i != 3]
    torch.testing.assert_close(whole[same], changed[same])
    assert abs(whole[3] - changed[3]) > 0.1


def test_beta_zero_leaves_the_prior_without_a_say():
    x, y = batch()
    free, bound = model(), model()
    for network, beta in ((free, 0.0), (bound, 1.0)):
        losses(network, ELBO(beta=beta), x, y, 0.0, rng())["loss"].mean().backward()
    plain = model()
    losses(plain, ELBO(), x, y, 0.0, rng())["reconstruction"].mean().backward()
    want = plain.encoder.heads.weight.grad
    torch.testing.assert_close(free.encoder.heads.weight.grad, want)
    assert not torch.allclose(bound.encoder.heads.weight.grad, want)


# Free bits, capacity, further terms


def posterior(kl_of_each_dimension):
    """Return a posterior and a prior whose KL is as given: of a mean, at a deviation of 1."""
    mu = torch.tensor(kl_of_each_dimension).mul(2).sqrt()
    normal = Independent(Normal(mu, torch.ones_like(mu)), 1)
    return normal, Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)


class Known:
    """A model whose posterior is known."""

    def __init__(self, kl_of_each_dimension):
        self.q, self.p_z = posterior(kl_of_each_dimension)

    def encode(self, x, y=None):
        return self.q

    def prior(self, y=None):
        return self.p_z

    def decode(self, z, y=None):
        return Independent(Normal(torch.zeros(len(z), 1, 1, 1), 1.0), 3)

    def auxiliary(self, q, z):
        return Auxiliary()


# Two images, three dimensions; the means of the dimensions are 0.5, 0.25 and 2.
KL = [[0.75, 0.5, 1.0], [0.25, 0.0, 3.0]]
X = torch.zeros(2, 1, 1, 1)
RECONSTRUCTION = 0.9189385  # -log N(0; 0, 1)


def of_known(objective, epochs=0.0):
    return losses(Known(KL), objective, X, None, epochs, rng())


@pytest.mark.parametrize(
    ("free_bits", "floor"),
    [(0.1, 0.0), (0.25, 0.0), (0.5, 0.25), (1.0, 0.5 + 0.75), (3.0, 2.5 + 2.75 + 1.0)],
)
@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_free_bits_lift_each_dimensions_mean_to_the_floor(free_bits, floor, beta):
    values = of_known(ELBO(beta=beta, free_bits=free_bits))
    assert list(values) == ["loss", "reconstruction", "kl", "free_bits"]
    assert values["kl"].tolist() == pytest.approx([2.25, 3.25])
    assert values["free_bits"].tolist() == pytest.approx([floor, floor], abs=1e-6)
    want = [RECONSTRUCTION + beta * (kl + floor) for kl in (2.25, 3.25)]
    assert values["loss"].tolist() == pytest.approx(want, rel=1e-5)


def test_free_bits_take_the_gradient_from_a_dimension_below_the_floor():
    mu = torch.tensor([[1.0, 0.1]], requires_grad=True)
    model = Known([[0.5, 0.005]])
    model.q = Independent(Normal(mu, torch.ones(1, 2)), 1)
    values = losses(model, ELBO(free_bits=0.25), X[:1], None, 0.0, rng())
    (values["kl"] + values["free_bits"]).sum().backward()
    assert mu.grad.tolist()[0] == pytest.approx([1.0, 0.0])


def test_no_free_bits_are_no_term():
    assert "free_bits" not in of_known(ELBO())


@pytest.mark.parametrize(("capacity", "away"), [(0.0, 2.75), (2.0, 0.75), (2.75, 0.0), (5.0, 2.25)])
def test_capacity_holds_the_mean_kl_at_its_target(capacity, away):
    values = of_known(Capacity(beta=30, capacity=capacity))
    assert list(values) == ["loss", "reconstruction", "kl"]
    assert values["kl"].tolist() == pytest.approx([2.25, 3.25])
    assert values["loss"].tolist() == pytest.approx([RECONSTRUCTION + 30 * away] * 2, rel=1e-5)


def test_capacity_grows_by_its_schedule():
    objective = Capacity(beta=1, capacity=4, schedule=Linear(epochs=8))
    assert [objective.numbers(e)["capacity"] for e in (0.0, 2.0, 8.0, 9.0)] == [0, 1, 4, 4]
    assert {objective.numbers(e)["beta"] for e in (0.0, 2.0, 8.0)} == {1.0}


class Brightness(Term):
    kind: str = "brightness"
    weight: float = 0.5

    def value(self, batch):
        return batch.x.flatten(1).sum(1) + 3


@pytest.mark.parametrize("objective", [ELBO, Capacity])
def test_a_further_term_is_weighed_and_told(objective):
    plain = objective(beta=2)
    values = of_known(plain.model_copy(update={"extra": Brightness()}))
    assert list(values) == ["loss", "reconstruction", "kl", "brightness"]
    assert values["brightness"].tolist() == [3.0, 3.0]
    torch.testing.assert_close(values["loss"], of_known(plain)["loss"] + 1.5)


def test_the_whole_loss_is_that_of_numbers_on_the_device_too():
    """A captured step reads beta from a tensor."""
    x, y = batch()
    one, other = (
        compute_losses(model(), ELBO(), (x, y, None), {"beta": beta}, Noise(rng()))[0]["loss"]
        for beta in (2.5, torch.tensor(2.5))
    )
    assert torch.equal(one, other)


# Noise


def test_noise_of_a_share_is_that_part_of_the_whole_batch():
    whole = Noise(rng()).like(torch.empty(10, 3))
    parts = []
    for first, last in ((0, 4), (4, 10)):
        noise = Noise(rng())
        noise.share(first, 10)
        parts.append(noise.like(torch.empty(last - first, 3)))
    assert torch.equal(torch.cat(parts), whole)


def test_draws_pass_gradients_to_mean_and_deviation():
    mu = torch.zeros(4, 3, requires_grad=True)
    sigma = torch.full((4, 3), 0.5, requires_grad=True)
    z = draw(Independent(Normal(mu, sigma), 1), Noise(rng()))
    z.sum().backward()
    assert torch.equal(mu.grad, torch.ones(4, 3))
    torch.testing.assert_close(sigma.grad, (z / 0.5).detach())  # dz/dsigma is the noise


def test_draws_repeat_from_their_generator_and_leave_the_global_one_alone():
    q = Independent(Normal(torch.ones(5, 2), torch.ones(5, 2)), 1)
    before = torch.get_rng_state()
    first, again, other = (draw(q, Noise(rng(seed))) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_draws_have_the_posteriors_mean_and_deviation():
    q = Independent(Normal(torch.full((40_000, 1), 2.0), torch.full((40_000, 1), 0.25)), 1)
    z = draw(q, Noise(rng()))
    assert abs(z.mean().item() - 2.0) < 4 * 0.25 / 200
    assert abs(z.std().item() - 0.25) < 0.005


def test_another_posterior_than_a_gaussian_is_drawn_with_gradients_too():
    mu = torch.zeros(4, 3, requires_grad=True)
    z = draw(Independent(Laplace(mu, torch.ones(4, 3)), 1), Noise(rng()))
    z.sum().backward()
    assert z.shape == (4, 3)
    assert torch.equal(mu.grad, torch.ones(4, 3))
