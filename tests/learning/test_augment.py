"""Small random changes of the training images."""

import pytest
import torch
from training_support import recipe_of, run, same, trained

from latentlab.errors import RecipeError
from latentlab.learning.augment import Augmentation
from latentlab.learning.events import EpochEnd


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def with_chance(monkeypatch, shift=(0.5, 0.5), turn=0.5, flip=1.0):
    """Let chance say: shifts from 0 to 1 over their range, as the turn, and whether to flip."""

    def rand(*shape, **_):
        drawn = torch.empty(*shape)
        drawn[0], drawn[1], drawn[2] = torch.tensor(shift), turn, flip
        return drawn

    monkeypatch.setattr(torch, "rand", rand)


def picture(height=5, width=5):
    return torch.arange(float(height * width)).view(1, 1, height, width) / (height * width)


@pytest.mark.parametrize("size", [(5, 5), (4, 7), (6, 3)])
def test_off_it_changes_nothing(size):
    x = torch.rand(8, 3, *size, generator=rng())
    assert not Augmentation().active
    torch.testing.assert_close(Augmentation().apply(x, rng()), x, rtol=0, atol=1e-6)


@pytest.mark.parametrize("values", [{"shift": 0.1}, {"rotate": 3}, {"flip": True}])
def test_anything_makes_it_active(values):
    assert Augmentation(**values).active


@pytest.mark.parametrize("size", [(5, 5), (4, 6)])
@pytest.mark.parametrize(("chance", "rolled"), [((1.0, 0.5), (0, -1)), ((0.5, 0.0), (1, 0))])
def test_shift_moves_whole_pixels_and_fills_with_black(monkeypatch, size, chance, rolled):
    height, width = size
    x = picture(*size) + 0.1
    with_chance(monkeypatch, shift=chance)
    # By one pixel: a share of the width across, of the height down.
    share = 1 / width if rolled[1] else 1 / height
    made = Augmentation(shift=share).apply(x, rng())
    want = x.roll(rolled, (2, 3))
    if rolled[1]:
        want[..., -1] = 0
    else:
        want[..., 0, :] = 0
    torch.testing.assert_close(made, want, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("turn", "times"), [(1.0, 1), (0.0, -1)])
def test_a_quarter_turn_of_a_square(monkeypatch, turn, times):
    x = picture()
    with_chance(monkeypatch, turn=turn)
    made = Augmentation(rotate=90).apply(x, rng())
    torch.testing.assert_close(made, x.rot90(times, (2, 3)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [(5, 5), (4, 7)])
def test_a_half_turn_of_any_size(monkeypatch, size):
    x = picture(*size)
    with_chance(monkeypatch, turn=1.0)
    made = Augmentation(rotate=180).apply(x, rng())
    torch.testing.assert_close(made, x.flip(2, 3), rtol=0, atol=1e-5)


def test_a_turn_keeps_the_shape_of_things_where_images_are_not_square(monkeypatch):
    """A bar of 3 pixels across becomes a bar of 3 pixels down, not of another length."""
    x = torch.zeros(1, 1, 5, 9)
    x[0, 0, 2, 3:6] = 1
    with_chance(monkeypatch, turn=1.0)
    made = Augmentation(rotate=90).apply(x, rng())
    want = torch.zeros(1, 1, 5, 9)
    want[0, 0, 1:4, 4] = 1
    torch.testing.assert_close(made, want, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [(5, 5), (4, 7)])
@pytest.mark.parametrize(("flip", "mirrored"), [(0.49, True), (0.51, False)])
def test_flip_mirrors_left_and_right_of_half_the_images(monkeypatch, size, flip, mirrored):
    x = picture(*size)
    with_chance(monkeypatch, flip=flip)
    made = Augmentation(flip=True).apply(x, rng())
    torch.testing.assert_close(made, x.flip(3) if mirrored else x, rtol=0, atol=1e-5)


def test_each_image_and_each_time_is_another():
    x = picture(9, 9).expand(64, 1, 9, 9)
    config, chance = Augmentation(shift=0.2, rotate=20, flip=True), rng()
    first, second = config.apply(x, chance), config.apply(x, chance)
    assert len({image.numpy().tobytes() for image in torch.cat([first, second])}) == 128
    assert torch.equal(first, config.apply(x, rng()))
    assert (first >= 0).all()
    assert (first <= 1).all()


def test_shifts_stay_within_their_reach():
    """A dot of one pixel never wanders farther than 2 pixels of 10."""
    x = torch.zeros(500, 1, 11, 11)
    x[:, :, 5, 5] = 1
    made = Augmentation(shift=2 / 11).apply(x, rng())
    places = made.amax((0, 1))
    assert places[3:8, 3:8].amin() > 0
    places[3:8, 3:8] = 0
    assert places.amax() < 1e-5


@pytest.mark.parametrize("values", [{"shift": 0.6}, {"rotate": -1}, {"rotate": 181}, {"flop": 1}])
def test_what_cannot_be_is_refused(values):
    with pytest.raises(RecipeError, match=r"training\.augment"):
        recipe_of(augment=values)


def test_a_run_learns_from_changed_images_and_is_judged_on_unchanged_ones():
    plain = recipe_of(learning_rate=1e-9)
    turned = recipe_of(learning_rate=1e-9, augment={"shift": 0.3})
    one, other = (run(recipe)[EpochEnd][0] for recipe in (plain, turned))
    assert one.validation["loss"] == pytest.approx(other.validation["loss"], abs=1e-2)
    assert abs(one.train["loss"] - other.train["loss"]) > 0.05
    assert same(trained(turned), trained(turned))
