"""What every model keeps, whichever it is, for every likelihood and any images."""

import copy
import itertools
import math

import pytest
import torch

from latentlab.config import parse
from latentlab.data.image_set import ImageSpec
from latentlab.learning.checkpoint import Checkpoint, load_model, save_checkpoint
from latentlab.learning.losses import compute_losses
from latentlab.learning.noise import Noise
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.recipe import make_recipe
from latentlab.models.base import MODELS
from latentlab.models.likelihoods import LIKELIHOODS

SPECS = (
    ImageSpec((1, 28, 28), tuple("0123456789")),
    ImageSpec((3, 5, 7), ("ant", "bee", "cat")),
)
SMALL = {"hidden": (8, 5), "width": 4}
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
)
IMAGES, LATENT_DIM = 6, 3
KINDS = sorted(MODELS.kinds())
CASES = [
    *itertools.product(KINDS, sorted(LIKELIHOODS.kinds()), SPECS, [{}]),
    *(
        case
        for case in itertools.product(KINDS, ["bernoulli"], SPECS, OPTIONS)
        if set(case[3]) <= set(MODELS.kinds()[case[0]].model_fields)
    ),
]


class Case:
    """A fresh model and images for it."""

    def __init__(self, kind, likelihood, spec, options, seed=0):
        self.spec = spec
        self.values = {"kind": kind, "latent_dim": LATENT_DIM, "likelihood": likelihood}
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
        self.z = torch.randn((IMAGES, LATENT_DIM), generator=noise)


def name(case):
    kind, likelihood, spec, options = case
    return "-".join(map(str, (kind, likelihood, spec.shape, *options.values())))


@pytest.fixture(params=CASES, ids=name)
def case(request):
    return Case(*request.param)


def test_it_encodes_and_decodes_to_distributions(case):
    q = case.model.encode(case.x, case.y)
    assert (q.batch_shape, q.event_shape) == ((IMAGES,), (LATENT_DIM,))
    assert q.mean.dtype == q.stddev.dtype == torch.float32
    assert (q.stddev > 0).all()
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
    # The prior is the standard normal.
    prior = case.model.prior(case.y)
    assert prior.event_shape == (LATENT_DIM,)
    by_hand = -0.5 * (case.z**2).sum(1) - 0.5 * LATENT_DIM * math.log(2 * math.pi)
    torch.testing.assert_close(prior.log_prob(case.z).expand(IMAGES), by_hand)


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
        if weights.dim() > 1:  # biases may all start at zero
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
