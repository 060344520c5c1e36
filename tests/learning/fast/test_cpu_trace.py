"""A recorded step gives what the plain one does, to the last bit."""

import threading

import pytest
import torch
from torch import nn
from training_support import recipe_of

from latentlab.learning.batch_loss import LossModule, backward
from latentlab.learning.fast import cpu_trace as traced
from latentlab.learning.fast.cpu_trace import TracedLosses
from latentlab.learning.noise import Noise
from latentlab.learning.trainer import Trainer

CPU = torch.device("cpu")
ROWS = torch.arange(64)
CONV = {"kind": "conv-vae", "hidden": None, "width": 2, "latent_dim": 3}
TERMS = {
    "factor": {"units": 8},
    "adversarial": {"units": 8, "layers": 1},
    "total_correlation": {"estimator": "stratified"},
    "covariance": {"of": "codes"},
    "mmd": {},
}
RECIPES = {
    "vae": {},
    "bf16": {"precision": "bf16"},
    "cvae": {"kind": "cvae"},
    "dropout": {"model": {"dropout": 0.3}},
    "norm": {"model": {"norm": "batch"}},
    "gaussian": {"model": {"likelihood": {"kind": "gaussian-per-pixel"}}},
    "free bits": {"objective": {"kind": "elbo", "beta": 4.0, "free_bits": 0.5}},
    "capacity": {"objective": {"kind": "capacity"}},
    "missing": {"missing": 0.3},
    "mixture": {"model": {"prior": "mixture"}, "precision": "bf16"},
    "vamp": {"kind": "cvae", "model": {"prior": {"kind": "vamp", "pseudo_inputs": 5}}},
    "iwae": {"objective": {"kind": "iwae", "samples": 3}},
    "doubly": {
        "objective": {"kind": "iwae", "samples": 3, "gradient": "doubly-reparameterized"},
        "model": {"prior": "mixture"},
    },
    "rae": {
        "model": {"posterior": "deterministic"},
        "objective": {"kind": "rae", "extra": "gradient-penalty"},
    },
    **{
        kind: {"objective": {"kind": "elbo", "extra": {"kind": kind, **values}}}
        for kind, values in TERMS.items()
    },
    "factor in bf16": {"objective": {"kind": "elbo", "extra": "factor"}, "precision": "bf16"},
    "ladder": {"model": {"kind": "ladder-vae", "latent_dim": None}},
    "ladder in bf16": {
        "model": {"kind": "ladder-vae", "latent_dim": None},
        "precision": "bf16",
    },
    "residual": {"model": CONV},
    "residual in bf16": {"model": CONV, "precision": "bf16"},
    "reference": {"model": {**CONV, "architecture": "reference", "likelihood": "gaussian"}},
    "conv-cvae": {"model": {**CONV, "kind": "conv-cvae", "likelihood": "laplace-learned"}},
}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Record the very first step."""
    monkeypatch.setattr(traced, "EAGER_STEPS_BEFORE_TRACE", 0)


def learner(digits, **values):
    """Return a trainer, what its model costs, and a way to learn from rows plainly or not."""
    trainer = Trainer(recipe_of(**values), digits, CPU)
    losses = LossModule(
        trainer.model,
        trainer.noise,
        bf16=trainer.bf16,
        network=trainer.network,
        images=len(trainer.train_feed),
    )
    trace = TracedLosses(losses)

    def learn(rows, numbers, record):
        x, y = trainer.train_feed.batch(rows)
        inputs = (x, y, trainer.known(rows))
        made = trace(trainer.recipe.objective, inputs, numbers) if record else None
        if made is None:
            assert not record
            trainer.optimizer.zero_grad()
            made = losses(trainer.recipe.objective, inputs, numbers)
            backward(made, len(rows))
        trainer.optimizer.step()
        return made

    return trainer, learn


@pytest.mark.parametrize("values", RECIPES.values(), ids=RECIPES)
def test_losses_weights_and_chance_are_those_of_the_plain_way(digits, values):
    (plain, learn_plain), (traced_, learn_traced) = (learner(digits, **values) for _ in range(2))
    # Each size is traced, which takes seconds for a convolutional model.
    for step, size in enumerate([64, 64] if values else [64, 64, 32, 64]):
        numbers = plain.recipe.objective.numbers(step / 10)
        expected = learn_plain(ROWS[:size] + step, numbers, record=False)
        got = learn_traced(ROWS[:size] + step, numbers, record=True)
        assert got.keys() == expected.keys()
        for name, value in expected.items():
            assert torch.equal(got[name], value), name
        assert not got["loss"].requires_grad
    for (name, value), other in zip(
        plain.losses.state_dict().items(), traced_.losses.state_dict().values(), strict=True
    ):
        assert torch.equal(value, other), name
    for one, other in (
        (plain.noise.generator, traced_.noise.generator),
        (plain.rng, traced_.rng),
    ):
        assert torch.equal(one.get_state(), other.get_state())


def test_numbers_may_change_from_step_to_step(digits):
    """As a schedule's do; what was recorded must not keep the first."""
    _, learn = learner(digits)
    for beta in (1.0, 0.0, 3.0):
        made = learn(ROWS, {"beta": beta}, record=True)
        torch.testing.assert_close(made["loss"], made["reconstruction"] + beta * made["kl"])


def test_another_objective_in_the_middle_of_an_epoch_is_learned_at_once(digits, monkeypatch):
    """A trace holds the objective that it was made with."""
    trainers = []
    for eager_steps in (0, 10**9):
        monkeypatch.setattr(traced, "EAGER_STEPS_BEFORE_TRACE", eager_steps)
        trainer = Trainer(recipe_of(seed=3, batch_size=400), digits, CPU)
        floor = {"kind": "elbo", "free_bits": 0.5}
        for step, _ in enumerate(trainer.epoch_steps()):
            if step == 1:
                trainer.change(recipe_of(seed=3, batch_size=400, objective=floor))
        trainers.append(trainer)
    one, other = (trainer.model.state_dict() for trainer in trainers)
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert trainers[0].position == 0 < trainers[0].step_count == trainers[1].step_count


def test_recording_is_put_off_until_it_pays(digits, monkeypatch):
    monkeypatch.setattr(traced, "EAGER_STEPS_BEFORE_TRACE", 2)
    trainer, _ = learner(digits)
    trace = TracedLosses(LossModule(trainer.model, trainer.noise, bf16=False))
    x, y = trainer.train_feed.batch(ROWS)
    made = [trace(trainer.recipe.objective, (x, y, None), {"beta": 1.0}) for _ in range(4)]
    assert [values is None for values in made] == [True, True, False, False]


def test_large_steps_are_recorded_after_seconds_not_hundreds(digits, monkeypatch):
    monkeypatch.setattr(traced, "EAGER_STEPS_BEFORE_TRACE", 1000)
    monkeypatch.setattr(traced, "STEPS_BEFORE_SLOW_TRACE", 2)
    monkeypatch.setattr(traced, "SECONDS_BEFORE_SLOW_TRACE", 0.0)
    trainer, _ = learner(digits)
    trace = TracedLosses(LossModule(trainer.model, trainer.noise, bf16=False))
    x, y = trainer.train_feed.batch(ROWS)
    made = [trace(trainer.recipe.objective, (x, y, None), {"beta": 1.0}) for _ in range(4)]
    assert [values is None for values in made] == [True, True, False, False]


def test_gradients_lie_in_memory_as_weights_do(digits):
    """Adam's kernel goes through both as rows of numbers, and asks nothing."""
    trainer, learn = learner(digits, model=CONV)
    learn(ROWS, {"beta": 1.0}, record=True)
    for name, weight in trainer.model.named_parameters():
        assert weight.grad.stride() == weight.stride(), name


def test_what_cannot_be_recorded_is_done_the_plain_way(digits):
    class Looking(nn.Module):
        """Does another thing for another batch."""

        def __init__(self, losses):
            super().__init__()
            self.losses, self.calls = losses, 0

        def forward(self, objective, inputs, numbers):
            self.calls += 1
            values = self.losses(objective, inputs, numbers)
            return values if values["loss"].mean() > 100 else {"loss": values["loss"] * 2}

    trainer, _ = learner(digits)
    looking = Looking(LossModule(trainer.model, trainer.noise, bf16=False))
    trace, state = TracedLosses(looking), trainer.noise.generator.get_state()
    x, y = trainer.train_feed.batch(ROWS)
    for _ in range(3):
        assert trace(trainer.recipe.objective, (x, y, None), {"beta": 1.0}) is None
    assert looking.calls == 1
    assert torch.equal(trainer.noise.generator.get_state(), state)


def test_recording_leaves_a_model_in_another_thread_alone(digits):
    """The lane explores while a run records."""
    trainer, _ = learner(digits)
    other, _ = learner(digits, kind="cvae")
    x, y = other.train_feed.batch(ROWS)
    with torch.no_grad():
        expected = other.model.encode(x, y).mean
    wrong, over = [], threading.Event()

    def explore():
        with torch.no_grad():
            while not over.is_set():
                if not torch.equal(other.model.encode(x, y).mean, expected):
                    wrong.append(1)

    thread = threading.Thread(target=explore)
    thread.start()
    try:
        for size in (40, 41):
            noise = Noise(torch.Generator().manual_seed(0))
            inputs = (x[:size], None, None)
            trace = TracedLosses(LossModule(trainer.model, noise, bf16=False))
            assert trace(trainer.recipe.objective, inputs, {"beta": 1.0})
    finally:
        over.set()
        thread.join()
    assert not wrong
