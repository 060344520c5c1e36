"""Sweeps: which runs they are, and what these are called."""

import csv

import numpy as np
import pytest

from latentlab.directories import runs
from latentlab.errors import RecipeError
from latentlab.runs.batch_training import train_all
from latentlab.runs.library import library
from latentlab.runs.sweeps import PlannedRun, plan, split_values, with_unique_names
from latentlab.session.curves.curves import last_losses


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.5,1, 4", ["0.5", "1", "4"]),
        ("[16],[16,8]", ["[16]", "[16,8]"]),
        ("[], [1]", ["[]", "[1]"]),
        ("vae,cvae", ["vae", "cvae"]),
        ('"a,b",c', ['"a,b"', "c"]),
        ("'C:\\a,b', D:/c", ["'C:\\a,b'", "D:/c"]),
        ('constant,{kind="linear",epochs=3}', ["constant", '{kind="linear",epochs=3}']),
        ("[[1,2],[3]],[[4]]", ["[[1,2],[3]]", "[[4]]"]),
        ("1,,2", ["1", "", "2"]),
        ("", [""]),
    ],
)
def test_values_are_split_at_the_commas_between_them(text, values):
    assert split_values("key", text) == values


@pytest.mark.parametrize("text", ["[16", "[16],[8", '"a', "{kind = 1", "1,[2"])
def test_a_value_without_an_end_is_refused(text):
    with pytest.raises(RecipeError, match=r"model\.hidden: .* has no end"):
        plan("run", {}, [f"model.hidden={text}"])


def test_every_combination_of_several_sweeps_is_a_run_named_by_what_differs():
    plans = plan("tiny", {}, ["objective.beta=1,2", "training.seed=0,1"])
    assert [each.name for each in plans] == [
        "tiny-beta-1-seed-0",
        "tiny-beta-1-seed-1",
        "tiny-beta-2-seed-0",
        "tiny-beta-2-seed-1",
    ]
    found = [(each.recipe.objective.beta, each.recipe.training.seed) for each in plans]
    assert found == [(1, 0), (1, 1), (2, 0), (2, 1)]


def test_lists_tables_and_words_are_swept():
    plans = plan("a", {"model": "vae"}, ["model.hidden=[16],[16,8]"])
    assert [each.recipe.model.hidden for each in plans] == [(16,), (16, 8)]
    assert [each.name for each in plans] == ["a-hidden-16", "a-hidden-16_8"]
    plans = plan("a", {}, ['objective.schedule=constant,{kind="linear",epochs=3}'])
    assert [each.recipe.objective.schedule.kind for each in plans] == ["constant", "linear"]
    assert plans[1].name == "a-schedule-kind_linear_epochs_3"
    plans = plan("a", {"data": {"kind": "mnist"}}, ["data.root=/x/one,C:\\two"])
    assert [each.name for each in plans] == ["a-root-x_one", "a-root-C_two"]


def test_values_are_swept_together_where_one_alone_would_not_do():
    values = {"model": {"kind": "vae"}}
    plans = plan("a", values, ["model.kind=conv-vae", "model.latent_dim=2,3"])
    assert [each.recipe.model.latent_dim for each in plans] == [2, 3]
    assert values == {"model": {"kind": "vae"}}


def test_keys_that_end_alike_are_named_in_full():
    (one,) = plan("a", {}, ["model.kind=cvae", "objective.kind=capacity"])
    assert one.name == "a-model.kind-cvae-objective.kind-capacity"


def test_a_key_that_is_swept_twice_is_refused():
    with pytest.raises(RecipeError, match=r"objective\.beta: is swept twice"):
        plan("a", {}, ["objective.beta=1", "objective.beta=2"])


@pytest.mark.parametrize("sweep", ["training.seed=0,1,0", "training.seed=1,", "training.seed="])
def test_values_that_come_twice_or_are_missing_are_refused(sweep):
    with pytest.raises(RecipeError, match=r"training\.seed: (takes 0 more than once|has no value)"):
        plan("a", {}, [sweep])


def test_names_that_come_again_are_told_apart():
    names = ["tiny", "tiny", "tiny-2", "tiny"]
    apart = with_unique_names([PlannedRun(name, None) for name in names])
    assert [each.name for each in apart] == ["tiny", "tiny-2", "tiny-2-2", "tiny-3"]


def test_each_combination_is_repeated_with_seeds():
    values = {"training": {"seeds": 2, "seed": 7}}
    plans = plan("a", values, ["objective.beta=1,2"])
    assert [each.name for each in plans] == [
        "a-beta-1-seed-7",
        "a-beta-1-seed-8",
        "a-beta-2-seed-7",
        "a-beta-2-seed-8",
    ]
    found = [(each.recipe.training.seed, each.recipe.training.seeds) for each in plans]
    assert found == [(7, 1), (8, 1)] * 2
    with pytest.raises(RecipeError, match=r"sweep of training\.seed"):
        plan("a", values, ["training.seed=1,2"])


def test_mean_and_deviation_over_seeds_are_written_and_listed(own_place, tmp_path):
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(
        "[model]\nkind = 'vae'\nhidden = [4]\n[training]\nepochs = 1\nseeds = 2\ndevice = 'cpu'\n"
        "batch_size = 2000\n"
    )
    lines = list(train_all((recipe,), tmp_path / "out", (), ("objective.beta=1,4",)))
    assert sum(line.startswith("Trained") for line in lines) == 4
    with (tmp_path / "out" / "comparison-over-seeds.csv").open() as file:
        first, second = csv.DictReader(file)
    assert (first["objective.beta"], second["objective.beta"]) == ("1.0", "4.0")
    losses = [
        last_losses(tmp_path / "out" / f"tiny-beta-1-seed-{seed}")["validation"]["loss"]
        for seed in (0, 1)
    ]
    assert first["runs"] == "2"
    assert float(first["validation_loss_mean"]) == pytest.approx(np.mean(losses), abs=1e-4)
    assert float(first["validation_loss_std"]) == pytest.approx(np.std(losses, ddof=1), abs=1e-4)
    runs().parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "out").rename(runs())
    entries = {entry.path.name: entry for entry in library()}
    over_seeds = entries["tiny-beta-1-seed-0"].over_seeds
    assert over_seeds == entries["tiny-beta-1-seed-1"].over_seeds
    assert (over_seeds.runs, over_seeds.mean) == (2, pytest.approx(np.mean(losses), abs=1e-4))
    assert entries["tiny-beta-4-seed-0"].over_seeds != over_seeds
    assert entries["tiny-beta-4-seed-1"].differences == "beta 4, seed 1"
    assert not any(entry.over_seeds for entry in entries.values() if entry.shipped)
