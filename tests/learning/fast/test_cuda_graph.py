"""One step of learning, and that the way a GPU captures it is the plain way."""

import math

import pytest
import torch
from training_support import STEPS, recipe_of, same

from latentlab.errors import TrainingError
from latentlab.learning.batch_loss import backward, not_finite_error
from latentlab.learning.fast.cuda_graph import CudaGraphStep
from latentlab.learning.fast.step_runner import CudaGraph
from latentlab.learning.trainer import Trainer
from latentlab.learning.training_state import take_training_state

CPU = torch.device("cpu")
FULL = {
    "augment": {"shift": 0.1, "rotate": 10},
    "missing": 0.2,
    "clip": 50.0,
    "average": 0.9,
    "schedule": {"kind": "cosine", "epochs": 2, "start": 1, "end": 0},
}


class Replayed:
    """Stands where `CudaGraphStep` does: every step reads its rows from one buffer."""

    def __init__(self, step):
        self._step, self._rows, self.addresses = step, None, set()

    def __call__(self, rows):
        if self._rows is None:
            self._rows = rows.clone()
        if rows.shape != self._rows.shape:
            self._step(rows)
            return
        self._rows.copy_(rows)
        self._step(self._rows)


@pytest.mark.parametrize("values", [{}, FULL], ids=["plain", "full"])
@pytest.mark.parametrize("kind", ["vae", "cvae"])
def test_steps_over_a_buffer_of_rows_are_those_of_the_plain_way(digits, kind, values):
    model = {"norm": "batch", "dropout": 0.2} if values else {}
    recipe = recipe_of(kind=kind, model=model, epochs=2, seed=4, **values)
    plain, captured = (Trainer(recipe, digits, CPU) for _ in range(2))
    captured._runner = CudaGraph(captured)
    captured._runner._step = Replayed(captured.learn_rows)
    addresses = set()
    for _ in range(2):
        for trainer in (plain, captured):
            assert len(list(trainer.epoch_steps())) == STEPS
        addresses.add(captured.meter.sums.data_ptr())
        assert plain.meter.take().means() == captured.meter.take().means()
    one, other = (take_training_state(trainer, None, 0, "", 0.0) for trainer in (plain, captured))
    assert same(one.arrays, other.arrays)
    assert len(addresses) == 1, "the sums have moved"


def test_an_epoch_of_which_nothing_is_left_makes_no_step(digits):
    """Stopped after its last step, but before it was over."""
    for captured in (False, True):
        trainer = Trainer(recipe_of(), digits, CPU)
        if captured:
            trainer._runner = CudaGraph(trainer)
            trainer._runner._step = Replayed(trainer.learn_rows)
        trainer.position, trainer.step_count = STEPS, STEPS
        assert list(trainer.epoch_steps()) == []
        assert (trainer.epoch, trainer.position, trainer.step_count) == (1, 0, STEPS)


def test_numbers_that_change_are_moved_to_where_a_captured_step_finds_them(digits):
    """On a GPU beta and learning rate are tensors: the same ones at each step."""
    schedule = {"kind": "linear", "epochs": 1}
    trainer = Trainer(recipe_of(objective={"beta": 4, "schedule": schedule}), digits, CPU)
    trainer.device = torch.device("cuda")
    trainer.numbers["beta"] = beta = torch.zeros(())
    (group,) = trainer.optimizer.param_groups
    group["lr"] = rate = torch.zeros(())
    trainer.step_count = 7
    trainer._apply_schedules()
    assert trainer.numbers["beta"] is beta
    assert group["lr"] is rate
    assert (beta.item(), rate.item()) == pytest.approx((2.0, 1e-3))


def test_a_gradient_is_that_of_the_mean_over_the_batch():
    weight = torch.ones((), requires_grad=True)
    backward({"loss": weight * torch.tensor([1.0, 2.0, 6.0])}, 3)
    assert weight.grad.item() == 3.0


def test_shares_of_several_processes_average_to_the_mean_over_the_batch():
    """Each process makes the gradient of its share; those are then averaged."""
    grads = []
    for share in ([1.0, 2.0], [6.0]):
        weight = torch.ones((), requires_grad=True)
        backward({"loss": weight * torch.tensor(share)}, 3, size=2)
        grads.append(weight.grad.item())
    assert sum(grads) / 2 == 3.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_makes_no_gradient(bad):
    weight = torch.ones((), requires_grad=True)
    kl = weight * torch.tensor([1.0, bad])
    with pytest.raises(TrainingError, match=r"^kl was no longer a finite number"):
        backward({"loss": kl + 1, "reconstruction": torch.ones(2), "kl": kl}, 2)
    assert weight.grad is None


def test_a_loss_lost_by_itself_is_named():
    assert not_finite_error({"loss": math.inf, "kl": 1.0}).message.startswith("loss was")


def test_the_first_steps_are_made_the_plain_way_until_one_is_captured(monkeypatch):
    """And all of another size than the first."""
    made = []
    captured = CudaGraphStep(made.append, ())
    monkeypatch.setattr(captured, "_warm_up", lambda rows: made.append(("warm up", len(rows))))
    monkeypatch.setattr(captured, "_capture", lambda rows: made.append(("capture", len(rows))))
    for size in (3, 3, 2, 3, 3):
        captured(torch.arange(size))
    words = [each if isinstance(each, tuple) else ("plain", len(each)) for each in made]
    assert words == [("warm up", 3), ("warm up", 3), ("plain", 2), ("warm up", 3), ("capture", 3)]


def test_a_step_that_no_graph_can_hold_is_made_the_plain_way_from_then_on(monkeypatch):
    class Refusing:
        def register_generator_state(self, generator):
            pass

    def refuse(graph, **_):
        raise RuntimeError("operation not permitted when stream is capturing")

    made = []
    captured = CudaGraphStep(made.append, ())
    captured._made = 3
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Refusing)
    monkeypatch.setattr(torch.cuda, "graph", refuse)
    for _ in range(3):
        captured(torch.arange(3))
    assert [len(rows) for rows in made] == [3, 3, 3]
