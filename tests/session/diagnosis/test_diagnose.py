"""Each symptom is found in numbers that show it, and not in those that do not."""

import time

import numpy as np
import pytest
from panel_support import geometry

from latentlab.session.curves.curves import TRAIN, VALIDATION, CurveLog
from latentlab.session.curves.latent_curves import LatentCurves, LatentLog
from latentlab.session.diagnosis.diagnose import diagnose

EPOCHS = 20


def recipe(*, beta=1.0, schedule=None, epochs=100, hidden=(512, 256), latent_dim=4, rate=1e-3):
    return {
        "model": {"kind": "vae", "hidden": list(hidden), "latent_dim": latent_dim, "dropout": 0.0},
        "objective": {
            "kind": "elbo",
            "beta": beta,
            "schedule": schedule or {"kind": "constant"},
            "free_bits": 0.0,
        },
        "training": {
            "epochs": epochs,
            "learning_rate": rate,
            "clip": 0.0,
            "patience": 0,
            "augment": {"shift": 0.0},
        },
    }


def falling(count=EPOCHS, start=160.0, end=100.0, pace=3.0):
    return end + (start - end) * np.exp(-np.arange(count) / pace)


def curves(train, validation=None, kl=20.0):
    x = np.arange(1.0, len(train) + 1)
    validation = train + 2 if validation is None else validation
    kl = np.full(len(train), kl)
    return {
        ("train", "loss"): (x, train),
        ("validation", "loss"): (x, validation),
        ("validation", "reconstruction"): (x, validation - kl),
        ("validation", "kl"): (x, kl),
    }


def latents(kl, count=EPOCHS, marginal=0.3, images=10_000, **lie):
    """Latents whose KL per dimension is (D,), the same in each epoch, or (E, D)."""
    kl = np.array(np.broadcast_to(kl, (count, np.shape(kl)[-1])), float)
    whole = kl.sum(1)
    marginal = np.minimum(marginal, whole)
    return LatentCurves(
        np.arange(1.0, count + 1),
        kl,
        whole - marginal,
        np.broadcast_to(marginal, count).copy(),
        *geometry(count, **lie),
        images=images,
    )


HEALTHY = (1.5, 1.2, 2.0, 1.0)


def find(key, *arguments):
    return next((each for each in diagnose(*arguments) if each.key == key), None)


def changes(finding):
    return dict(pair for remedy in finding.remedies for pair in remedy.changes)


def test_a_good_run_is_fine():
    found = diagnose(curves(falling()), latents(HEALTHY), recipe())
    assert [each.key for each in found] == ["fine"]
    assert "4 of 4 dimensions active" in found[0].evidence
    assert "after 20 epochs" in found[0].evidence


@pytest.mark.parametrize("count", [0, 1, 2])
def test_nothing_is_said_of_the_first_two_epochs(count):
    """Not even of numbers as bad as can be."""
    shown = curves(np.full(count, np.nan)) if count else {}
    carried = latents((0.0, 0.0), count) if count else None
    assert diagnose(shown, carried, recipe()) == ()


def test_collapse():
    kl = np.ones((EPOCHS, 3))
    kl[6:] = 1e-4
    finding = diagnose(curves(falling()), latents(kl), recipe(beta=8))[0]
    assert (finding.key, finding.level) == ("collapse", "trouble")
    assert "All 3 dimensions have carried less than 0.01 nats since epoch 7" in finding.evidence
    assert finding.remedies[0].changes == (("objective.beta", 1.0),)
    assert changes(finding) == {
        "objective.beta": 1.0,
        "objective.schedule": {"kind": "linear", "epochs": 10},
        "objective.free_bits": 0.1,
        "model.hidden": [256, 128],
    }


def test_an_autoencoder_cannot_collapse():
    assert not find("collapse", curves(falling()), latents((0.0, 0.0)), recipe(beta=0))


def test_dimensions_that_died_are_named():
    kl = np.tile(HEALTHY, (EPOCHS, 1))
    kl[4:, 1] = 0.001
    kl[:, 3] = 0.002
    finding = find("partial collapse", curves(falling()), latents(kl), recipe())
    assert finding.title == "2 of 4 dimensions are inactive: partial posterior collapse."
    assert "z2 since epoch 5, z4 since epoch 1" in finding.evidence
    assert finding.level == "watch"
    assert changes(finding)["model.latent_dim"] == 2


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("small", [0.0099, 0.0, 0.005])
def test_as_many_have_died_as_are_not_active(count, small):
    """What Latents calls active, Diagnosis does not call dead."""
    kl = np.full(8, 0.25)
    kl[:count] = small
    known = latents(kl)
    finding = find("partial collapse", curves(falling()), known, recipe())
    left = int(known.active[-1])
    assert left == 8 - count
    verb = "dimensions is" if count == 1 else "dimensions are"
    assert finding.title.startswith(f"{count} of 8 {verb} inactive")
    assert changes(finding)["model.latent_dim"] == left
    assert finding.remedies[0].text == f"Use {left} dimension{'s' * (left > 1)}"


@pytest.mark.parametrize(
    ("kl", "told"), [(0.3, "not enough to distinguish two"), (1.2, "distinguish 3 kinds")]
)
def test_what_a_few_nats_tell_apart_is_said_in_words(kl, told):
    finding = find("blurry", curves(falling(), kl=kl), latents((kl,)), recipe(beta=4, latent_dim=8))
    assert told in finding.evidence
    assert "1 kinds" not in finding.evidence


def test_a_dimension_that_came_back_is_alive():
    kl = np.tile(HEALTHY, (EPOCHS, 1))
    kl[4:9, 1] = 0.001
    assert not find("partial collapse", curves(falling()), latents(kl), recipe())


def test_weak_dimensions_are_partial_collapse():
    """As with beta 4: no dimension is inactive, but half of them carry almost nothing."""
    kl = (0.013, 0.24, 3.0, 0.05, 2.0, 4.0, 3.0, 0.2)
    finding = find("partial collapse", curves(falling()), latents(kl), recipe(beta=4, latent_dim=8))
    assert finding.title == (
        "4 of 8 dimensions carry less than 0.25 nats: partial posterior collapse."
    )
    assert finding.level == "watch"
    assert "z1 0.013, z4 0.05, z8 0.2, z2 0.24" in finding.evidence
    assert "The others carry 12.0 of 12.5 nats" in finding.evidence
    assert finding.remedies[0].changes == (("objective.beta", 1.0),)
    assert changes(finding)["model.latent_dim"] == 4
    keys = {
        each.key for each in diagnose(curves(falling()), latents(kl), recipe(beta=4, latent_dim=8))
    }
    assert "fine" not in keys


def test_the_words_posterior_collapse_are_found_without_one():
    (found,) = diagnose(curves(falling()), latents(HEALTHY), recipe())
    assert "No posterior collapse: each dimension carries 1.0 nats or more" in found.evidence
    one_weak = (*HEALTHY, 0.1)
    found = diagnose(curves(falling()), latents(one_weak), recipe())
    assert [each.level for each in found] == ["advice", "fine"]
    assert "No posterior collapse" not in found[-1].evidence


def test_many_dead_dimensions_are_counted():
    kl = np.concatenate([np.full(54, 1.0), np.zeros(10)])
    finding = find("partial collapse", curves(falling()), latents(kl), recipe())
    assert "z55 since epoch 1" in finding.evidence
    assert "4 more" in finding.evidence


def test_blurry():
    finding = find("blurry", curves(falling(), kl=1.2), latents((0.6, 0.6)), recipe(beta=20))
    assert "KL is 1.20 nats: enough to distinguish 3 kinds" in finding.evidence
    assert finding.remedies[0].changes == (("objective.beta", 1.0),)


def test_prior_hole():
    finding = find("hole", curves(falling()), latents((4.0, 4.0), marginal=4.0), recipe(beta=0.1))
    assert "4.0 of 8.0 nats" in finding.evidence
    assert changes(finding)["objective.beta"] == 1.0


def test_a_hole_that_is_closing_by_itself_is_none():
    """Every run begins with codes far from the prior."""
    closing = latents((4.0, 4.0), marginal=8.0 * 0.94 ** np.arange(EPOCHS))
    assert not find("hole", curves(falling()), closing, recipe())


def test_a_hole_that_few_images_only_seem_to_show_is_none():
    """I cannot exceed log N: what is left of the KL of a good 20-D model is no hole."""
    shown = latents(np.full(20, 1.2), marginal=24 - np.log(10_000))
    assert not find("hole", curves(falling()), shown, recipe())


def test_codes_of_an_autoencoder_leave_holes_however_few_images_there_are():
    shown = latents(np.full(4, 60.0), marginal=240 - np.log(10_000))
    finding = find("hole", curves(falling()), shown, recipe(beta=0))
    assert "60.0 nats per active dimension" in finding.evidence


def test_overfitting():
    train = falling(30)
    validation = np.concatenate([falling(15) + 2, falling(15)[-1] + 2 + np.arange(1, 16)])
    finding = find("overfitting", curves(train, validation), latents(HEALTHY, 30), recipe())
    assert "lowest 15 epochs ago" in finding.evidence
    assert set(changes(finding)) == {
        "training.patience",
        "model.dropout",
        "training.augment.shift",
    }


def test_only_what_the_recipe_has_is_offered():
    train = falling(30)
    validation = np.concatenate([falling(15) + 2, falling(15)[-1] + 2 + np.arange(1, 16)])
    values = recipe()
    del values["model"]["dropout"]
    del values["training"]["augment"]
    values["training"]["patience"] = 5
    assert find("overfitting", curves(train, validation), None, values).remedies == ()


@pytest.mark.parametrize("last", [np.nan, np.inf, 300.0])
def test_diverging(last):
    train = falling()
    train[-1] = last
    finding = diagnose(curves(train), latents(HEALTHY), recipe())[0]
    assert (finding.key, finding.level) == ("diverging", "trouble")
    assert changes(finding) == {"training.learning_rate": 3e-4, "training.clip": 1.0}


def test_jumping():
    train = falling()
    train[[12, 15, 18]] += 15
    finding = find("jumping", curves(train), latents(HEALTHY), recipe(rate=0.03))
    assert "rose 3 times" in finding.evidence
    assert changes(finding)["training.learning_rate"] == 0.01


def test_plateau():
    finding = find("plateau", curves(falling(60)), latents(HEALTHY, 60), recipe())
    assert finding.level == "advice"
    assert "in the last 10 epochs" in finding.evidence


def test_still_learning_when_it_ended():
    train = falling(pace=12.0)
    finding = find("unfinished", curves(train), latents(HEALTHY), recipe(epochs=EPOCHS))
    assert changes(finding) == {"training.epochs": 2 * EPOCHS}
    assert finding.level == "advice"
    assert not find("unfinished", curves(train), latents(HEALTHY), recipe(epochs=EPOCHS + 1))


def test_full():
    finding = find("full", curves(falling()), latents((3.4, 3.4)), recipe(latent_dim=2))
    assert finding.level == "advice"
    assert changes(finding) == {"model.latent_dim": 8}


def test_overlap():
    lying = latents(HEALTHY, same_class=0.13)
    finding = find("overlap", curves(falling()), lying, recipe())
    assert finding.level == "watch"
    assert finding.evidence == (
        "For 13% of the images the nearest other code is of the same class; by chance it would be "
        "10%, and by pixels it is 95%."
    )
    assert changes(finding) == {"model.latent_dim": 16, "model.hidden": [1024, 512]}


@pytest.mark.parametrize(
    "lie",
    [
        {"same_class": 0.4},
        {"same_class": np.nan},
        {"same_class": 0.13, "by_pixels": 0.25},
        {"same_class": np.linspace(0.1, 0.24, EPOCHS)},
    ],
    ids=["apart", "unknown", "pixels tell no more", "parting"],
)
def test_no_overlap(lie):
    assert not find("overlap", curves(falling()), latents(HEALTHY, **lie), recipe())


def test_overlap_is_no_question_where_another_cause_is_known():
    lying = latents((0.001, 0.001), same_class=0.1)
    found = diagnose(curves(falling(), kl=0.0), lying, recipe(beta=8))
    assert [each.key for each in found] == ["collapse"]
    shy = latents((0.6, 0.6), same_class=0.1)
    assert find("blurry", curves(falling(), kl=1.2), shy, recipe(beta=20))
    assert not find("overlap", curves(falling(), kl=1.2), shy, recipe(beta=20))
    assert find("overlap", curves(falling(), kl=1.2), shy, recipe(beta=1))


def test_overlap_is_no_question_while_the_loss_still_falls():
    steep = 200 - 5.0 * np.arange(EPOCHS)
    lying = latents(HEALTHY, same_class=0.1)
    assert find("overlap", curves(steep), lying, recipe()) is None
    assert find("overlap", curves(falling()), lying, recipe())


@pytest.mark.parametrize(("same_class", "shown"), [(0.6, True), (0.9, False)])
def test_classes_that_overlap_partly_are_named(same_class, shown):
    found = diagnose(curves(falling()), latents(HEALTHY, same_class=same_class), recipe())
    assert [each.key for each in found] == [*["partial"] * shown, "fine"]
    if shown:
        assert "same class; by pixels it is 95%" in found[0].evidence
        assert changes(found[0]) == {"model.latent_dim": 16}


def test_jagged():
    finding = find("jagged", curves(falling()), latents(HEALTHY, unevenness=1.36), recipe())
    assert finding.level == "watch"
    assert "vary by 60% of their mean; up to 50% is smooth" in finding.evidence
    assert finding.remedies[0].changes == (("objective.beta", 2.0),)


@pytest.mark.parametrize(
    "uneven",
    [1.2, np.nan, np.where(np.arange(EPOCHS) == EPOCHS - 2, 1.2, 1.4)],
    ids=["smooth", "unknown", "in passing"],
)
def test_not_jagged(uneven):
    assert not find("jagged", curves(falling()), latents(HEALTHY, unevenness=uneven), recipe())


def test_a_jagged_autoencoder_is_told_to_weigh_kl():
    jagged = latents(HEALTHY, unevenness=1.5)
    values = recipe(beta=0)
    values["model"]["norm"] = "none"
    finding = find("jagged", curves(falling()), jagged, values)
    assert changes(finding) == {"objective.beta": 1.0, "model.norm": "batch"}
    values["model"]["norm"] = "batch"
    assert len(find("jagged", curves(falling()), jagged, values).remedies) == 1


def test_a_warm_up_is_not_taken_for_trouble():
    """While beta grows the loss does too, and the first codes are those of an autoencoder."""
    growing = 90 + 4 * np.arange(8.0)
    values = recipe(schedule={"kind": "linear", "epochs": 10})
    found = diagnose(curves(growing), latents(np.full(4, 40.0), 8), values)
    assert [each.key for each in found] == ["fine"]


def test_cycles_are_not_taken_for_jumps():
    train = falling() + 30 * (np.arange(EPOCHS) % 5)
    values = recipe(schedule={"kind": "cyclical", "period": 5})
    assert [each.level for each in diagnose(curves(train), latents(HEALTHY), values)] == ["fine"]


def test_the_gravest_comes_first():
    train = falling()
    train[-1] = np.nan
    kl = (1.0, 1.0, 0.0, 0.0)
    levels = [each.level for each in diagnose(curves(train), latents(kl), recipe())]
    assert levels == ["trouble", "watch"]


def test_in_trouble_nothing_is_said_of_what_is_fine():
    """A collapsed run that still falls must not be told to train on."""
    train = falling(pace=12.0)
    found = diagnose(curves(train), latents((0.0, 0.0)), recipe(epochs=EPOCHS))
    assert [each.key for each in found] == ["collapse"]


def test_an_older_run_without_latents_is_judged_by_its_curves():
    (found,) = diagnose(curves(falling()), None, {})
    assert (found.key, found.title) == ("fine", "The losses show no problem.")
    assert "has no KL of each dimension" in found.evidence
    assert "Latents measures it" in found.evidence


def test_costs_nothing():
    arguments = curves(falling(300)), latents(np.full(64, 1.0), 300), recipe()
    times = []
    for _ in range(20):
        start = time.perf_counter()
        diagnose(*arguments)
        times.append(time.perf_counter() - start)
    # 0.3 ms on a core that has nothing else to do.
    assert min(times) < 0.004


def train(epochs, hidden, latent_dim, beta, rate):
    """Return what a real run is diagnosed with, measured as the program does."""
    pytest.importorskip("torch")
    from latentlab.learning.events import EpochEnd
    from latentlab.learning.fit import fit
    from latentlab.learning.recipe import make_recipe

    values = {
        "model": {"kind": "vae", "hidden": hidden, "latent_dim": latent_dim},
        "data": "digits",
        "objective": {"beta": beta},
        "training": {
            "batch_size": 100,
            "learning_rate": rate,
            "device": "cpu",
            "epochs": epochs,
        },
    }
    made = make_recipe(values)
    losses, carried = CurveLog(), LatentLog()
    for event in fit(made):
        if isinstance(event, EpochEnd):
            losses.add(TRAIN, event.epoch, event.train)
            losses.add(VALIDATION, event.epoch, event.validation)
            carried.add(event.epoch, event.latents)
    return losses.view(), carried.view(), made.to_dict()


def test_beta_50_on_real_digits_collapses():
    found = diagnose(*train(4, [64], 4, 50.0, 3e-3))
    assert found[0].key == "collapse", found
    assert found[0].remedies[0].changes == (("objective.beta", 1.0),)


def test_an_autoencoder_of_real_digits_in_two_dimensions_is_jagged():
    """Unevenness 1.38 where it was written, 1.11 with beta 1."""
    run = train(12, [64, 64], 2, 0.0, 1e-2)
    finding = find("jagged", *run)
    assert finding.level == "watch"
    assert changes(finding) == {"objective.beta": 1.0, "model.norm": "batch"}
    assert not find("overlap", *run)


def test_four_units_and_one_dimension_cannot_keep_real_digits_apart():
    """A share of 0.16 where it was written, by chance 0.10."""
    run = train(11, [4], 1, 1.0, 3e-3)
    finding = find("overlap", *run)
    assert "by chance it would be 10%, and by pixels it is 84%" in finding.evidence
    assert changes(finding) == {"model.latent_dim": 4, "model.hidden": [64]}
    assert not find("jagged", *run)


def test_a_good_run_on_real_digits_shows_neither():
    found = diagnose(*train(12, [64, 64], 2, 1.0, 1e-2))
    assert {each.level for each in found} <= {"advice", "fine"}, found


def test_convolutions_are_made_weaker_by_their_channels():
    values = recipe(beta=8)
    values["model"] = {"kind": "conv-vae", "width": 16, "latent_dim": 3}
    kl = np.ones((EPOCHS, 3))
    kl[6:] = 1e-4
    assert changes(diagnose(curves(falling()), latents(kl), values)[0])["model.width"] == 8
