"""What every model keeps, for every likelihood, prior, posterior and any images."""

import copy
import itertools
import math

import pytest
import torch

from latentlab.config import parse
from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError
from latentlab.learning.checkpoint import Checkpoint, load_model, save_checkpoint
from latentlab.learning.losses import compute_losses
from latentlab.learning.noise import Noise
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.recipe import make_recipe
from latentlab.models.base import MODELS
from latentlab.models.likelihoods import LIKELIHOODS
from latentlab.models.posteriors.posterior import POSTERIORS
from latentlab.models.priors.prior import PRIORS

SPECS = (
    ImageSpec((1, 28, 28), tuple("0123456789")),
    ImageSpec((3, 5, 7), ("ant", "bee", "cat")),
)
IMAGES, LATENT_DIM = 6, 3
SMALL = {
    "hidden": (12, 8), "width": 4, "latent_dim": LATENT_DIM, "z1_dim": 2, "z2_dim": 1,
    "upper_hidden": (6,), "codes": 11, "code_channels": 3, "prior_width": 8, "prior_layers": 1,
}  # fmt: skip
"""What keeps a model small, of which each kind takes what it has."""
OPTIONS = (
    {"hidden": ()},
    {"hidden": (8,)},
    {"dropout": 0.3},
    {"norm": "batch"},
    {"norm": "batch", "dropout": 0.3},
    {"architecture": "reference"},
    {"architecture": "reference", "dropout": 0.3},
    {"width": 3},
    {"upper_hidden": ()},
    {"halvings": 1, "prior_layers": 0},
    {"halvings": 2, "codes": 2, "decay": 0.0},
)
PRIORS_BY_POSTERIOR = {
    "gaussian": {"standard", "mixture", "vamp", "flow", "conditional"},
    "flow": {"standard", "mixture", "flow", "conditional"},
    "deterministic": {"standard"},
}
"""What may be combined; plug-ins aside, no other pair may, and a prior of labels needs labels."""
SMALL_PARTS = {"vamp": {"pseudo_inputs": 3}, "mixture": {"components": 2}, "flow": {"units": 16}}
PAIRS = [
    {
        "prior": {"kind": prior, **SMALL_PARTS.get(prior, {})},
        "posterior": {"kind": posterior, **SMALL_PARTS.get(posterior, {})},
    }
    for posterior, priors in PRIORS_BY_POSTERIOR.items()
    for prior in sorted(priors)
]
KINDS = sorted(MODELS.kinds())
CONDITIONAL = {"cvae", "conv-cvae"}
CONTINUOUS = [kind for kind in KINDS if "prior" in MODELS.kinds()[kind].model_fields]


def may_have(kind, options):
    """Return whether a kind of model has the fields of these options, and labels for its prior."""
    prior = options.get("prior", {}).get("kind", "standard")
    needs_labels = PRIORS.kinds()[prior].depends_on_label
    has_fields = set(options) <= set(MODELS.kinds()[kind].model_fields)
    return has_fields and (kind in CONDITIONAL or not needs_labels)


CASES = [
    *itertools.product(KINDS, sorted(LIKELIHOODS.kinds()), SPECS, [{}]),
    *(
        case
        for case in itertools.product(KINDS, ["bernoulli"], SPECS, (*OPTIONS, *PAIRS))
        if may_have(case[0], case[3])
    ),
]


class Case:
    """A fresh model and images for it."""

    def __init__(self, kind, likelihood, spec, options, seed=0):
        self.spec = spec
        self.values = {"kind": kind, "likelihood": likelihood}
        fields = MODELS.kinds()[kind].model_fields
        small = {name: value for name, value in SMALL.items() if name in fields}
        self.values |= small | options
        self.config = parse(MODELS.kinds()[kind], self.values)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.model = self.config.build(spec).eval()
        noise = torch.Generator().manual_seed(1)
        self.x = torch.rand((IMAGES, *spec.shape), generator=noise)
        self.y = torch.arange(IMAGES) % spec.classes
        self.latent_dim = self.model.latent_dim
        self.z = torch.randn((IMAGES, self.latent_dim), generator=noise)


def name(case):
    kind, likelihood, spec, options = case
    parts = [part["kind"] if isinstance(part, dict) else part for part in options.values()]
    return "-".join(map(str, (kind, likelihood, spec.shape, *parts)))


@pytest.fixture(params=CASES, ids=name)
def case(request):
    return Case(*request.param)


def test_it_encodes_and_decodes_to_distributions(case):
    q = case.model.encode(case.x, case.y)
    assert (q.batch_shape, q.event_shape) == ((IMAGES,), (case.latent_dim,))
    assert q.mean.dtype == q.stddev.dtype == torch.float32
    assert (q.stddev > 0).all() == case.model.has_posterior
    if case.model.has_posterior:
        assert q.log_prob(case.z).shape == (IMAGES,)
    assert not torch.equal(q.mean[0], q.mean[1])
    # Means of the decoder are pixels.
    p = case.model.decode(100 * case.z, case.y)
    assert (p.batch_shape, p.event_shape) == ((IMAGES,), case.spec.shape)
    assert p.mean.shape == case.x.shape
    assert p.mean.min() >= 0
    assert p.mean.max() <= 1
    assert not torch.equal(p.mean[0], p.mean[1])
    assert torch.isfinite(p.log_prob(case.x)).all()
    # The prior is the standard normal, unless another was chosen; that of labels starts as it.
    prior, by_label = case.model.prior(case.y), case.model.has_prior_given_label
    assert prior.event_shape == (case.latent_dim,)
    assert prior.batch_shape == ((IMAGES,) if by_label else ())
    assert case.model.prior().sample((4,)).shape == (4, case.latent_dim)
    assert case.model.draw_prior(IMAGES, case.y).shape == (IMAGES, case.latent_dim)
    by_hand = -0.5 * (case.z**2).sum(1) - 0.5 * case.latent_dim * math.log(2 * math.pi)
    log_p = prior.log_prob(case.z).expand(IMAGES)
    assert log_p.isfinite().all()
    assert torch.allclose(log_p, by_hand) == (case.model.has_standard_prior or by_label)


def test_it_says_the_same_each_time_and_of_each_image_alone(case):
    """Labels matter to conditional models only."""
    with torch.no_grad():
        first, again = (
            case.model.decode(case.model.encode(case.x, case.y).mean, case.y).mean for _ in range(2)
        )
    assert torch.equal(first, again)
    with torch.no_grad():
        together = case.model.encode(case.x, case.y)
        alone = case.model.encode(case.x[2:3], case.y[2:3])
        torch.testing.assert_close(alone.mean[0], together.mean[2])
        pictures = case.model.decode(case.z, case.y).mean
        picture = case.model.decode(case.z[2:3], case.y[2:3]).mean
        torch.testing.assert_close(picture[0], pictures[2])
    other = (case.y + 1) % case.spec.classes
    with torch.no_grad():
        codes = [case.model.encode(case.x, y).mean for y in (case.y, other)]
        pictures = [case.model.decode(case.z, y).mean for y in (case.y, other)]
    for first, second in (codes, pictures):
        differs = (first != second).flatten(1).any(1)
        assert differs.tolist() == [case.model.conditional] * IMAGES


def test_it_learns_also_in_bf16_and_from_one_image(case):
    """Layers may compute in bf16, distributions do not; one image may be left in an epoch."""
    noise = Noise(torch.Generator().manual_seed(2))
    objective, batch = ELBO(), (case.x, case.y, None)
    values, _ = compute_losses(case.model.train(), objective, batch, objective.numbers(0.0), noise)
    assert values["loss"].shape == (IMAGES,)
    values["loss"].mean().backward()
    unreached = [
        name
        for name, weights in case.model.named_parameters()
        if weights.grad is None or not weights.grad.any() or not weights.grad.isfinite().all()
    ]
    assert unreached == []
    p = case.model.decode(case.model.encode(case.x[:1], case.y[:1]).mean, case.y[:1])
    assert p.log_prob(case.x[:1]).isfinite().all()
    with torch.autocast("cpu", torch.bfloat16):
        q = case.model.encode(case.x, case.y)
        p = case.model.decode(q.mean, case.y)
    assert q.mean.dtype == p.mean.dtype == p.log_prob(case.x).dtype == torch.float32


def test_it_is_built_again_from_its_config_seed_or_checkpoint(case, request, tmp_path):
    before = copy.deepcopy(case.config)
    case.config.build(case.spec)
    assert case.config == before
    assert case.config == parse(type(case.config), case.values)
    same = Case(*request.node.callspec.params["case"])
    other = Case(*request.node.callspec.params["case"], seed=1)
    for name, weights in case.model.state_dict().items():
        assert torch.equal(same.model.state_dict()[name], weights)
        # Biases and log deviations may all start at zero, and masks do not change.
        if weights.dim() > 1 and weights.is_floating_point() and weights.any():
            assert not torch.equal(other.model.state_dict()[name], weights)
    recipe = make_recipe({"model": case.values})
    weights = {name: value.numpy() for name, value in case.model.state_dict().items()}
    save_checkpoint(tmp_path, Checkpoint(recipe, case.spec), weights)
    loaded, checkpoint = load_model(tmp_path)
    assert type(loaded) is type(case.model)
    assert checkpoint.spec == case.spec
    assert checkpoint.recipe.model == case.config
    assert not loaded.training
    with torch.no_grad():
        assert torch.equal(
            loaded.encode(case.x, case.y).stddev, case.model.encode(case.x, case.y).stddev
        )
        assert torch.equal(
            loaded.decode(case.z, case.y).mean, case.model.decode(case.z, case.y).mean
        )
        assert torch.equal(
            loaded.prior(case.y).log_prob(case.z), case.model.prior(case.y).log_prob(case.z)
        )


COMBINED = [
    (kind, likelihood, SPECS[1], pair)
    for kind, likelihood, pair in itertools.product(CONTINUOUS, sorted(LIKELIHOODS.kinds()), PAIRS)
    if likelihood != "bernoulli" and may_have(kind, pair)
]


@pytest.mark.parametrize("combined", COMBINED, ids=name)
def test_every_likelihood_prior_and_posterior_that_may_be_combined_learns(combined):
    case = Case(*combined)
    noise = Noise(torch.Generator().manual_seed(2))
    objective = ELBO()
    objective.check(case.model)
    values, _ = compute_losses(case.model, objective, (case.x, case.y, None), {"beta": 1.0}, noise)
    values["loss"].mean().backward()
    slopes = [weights.grad for weights in case.model.parameters() if weights.grad is not None]
    assert len(slopes) == len([*case.model.parameters()])
    assert all(slope.isfinite().all() for slope in slopes)


@pytest.mark.parametrize("kind", CONTINUOUS)
def test_the_other_priors_and_posteriors_are_refused_with_a_reason(kind):
    assert {*PRIORS_BY_POSTERIOR} == {*POSTERIORS.kinds()}
    assert {*PRIORS.kinds()} == set.union(*PRIORS_BY_POSTERIOR.values())
    for posterior, priors in PRIORS_BY_POSTERIOR.items():
        possible = {prior for prior in priors if may_have(kind, {"prior": {"kind": prior}})}
        for prior in {*PRIORS.kinds()} - possible:
            with pytest.raises(RecipeError, match="choose") as error:
                Case(kind, "bernoulli", SPECS[0], {"prior": prior, "posterior": posterior})
            assert [*error.value.problems] == ["model.prior"]


def test_pseudo_inputs_do_not_share_the_statistics_of_batch_normalization():
    with pytest.raises(RecipeError, match="batch normalization"):
        Case("vae", "bernoulli", SPECS[0], {"prior": "vamp", "norm": "batch"})
    Case("vae", "bernoulli", SPECS[0], {"prior": "mixture", "norm": "batch"})
