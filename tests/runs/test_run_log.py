"""What a run folder tells of its run, whole or damaged."""

import json

import numpy as np
import pytest

from latentlab.errors import RunError
from latentlab.learning.events import Change
from latentlab.runs.run_log import (
    CHANGES,
    change_line,
    read_changes,
    read_changes_strict,
    read_run_log,
    truncate_after,
)
from latentlab.session.curves.curves import METRICS, last_losses
from latentlab.session.curves.latent_curves import FILE as LATENTS
from latentlab.session.diagnosis.evidence import Evidence
from latentlab.session.recipes import (
    describe_differences,
    describe_rare_values,
    value_of,
    with_value,
)

LINES = ["", "{", "[]", "7", "null", "{}", '{"epoch": 1}', '{"step": 1, "wings": 2}', "\x00"]


def write(file, *lines):
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def test_changes_are_read_as_they_were_written_in_their_order(tmp_path):
    changes = [
        Change(20, 1.4285714285714286, "objective.beta", 4.0),
        Change(3, 0.1 + 0.2, "training.epochs", 7),
        Change(20, 1.4285714285714286, "objective.beta", 2.5),
    ]
    write(tmp_path / CHANGES, *map(change_line, changes))
    assert read_changes(tmp_path) == (changes[1], changes[0], changes[2])


@pytest.mark.parametrize("line", LINES)
def test_lines_that_are_no_changes_are_left_out(tmp_path, line):
    change = Change(3, 0.5, "objective.beta", 4.0)
    write(tmp_path / CHANGES, line, change_line(change), line, change_line(change)[:20])
    assert read_changes(tmp_path) == (change,)


@pytest.mark.parametrize("line", [line for line in LINES if line])
def test_a_run_does_not_go_on_without_a_change_that_cannot_be_read(tmp_path, line):
    change = Change(3, 0.5, "objective.beta", 4.0)
    write(tmp_path / CHANGES, change_line(change))
    assert read_changes_strict(tmp_path) == (change,)
    write(tmp_path / CHANGES, line, change_line(change))
    with pytest.raises(RunError, match=r"1 of its lines cannot be read.*delete those lines"):
        read_changes_strict(tmp_path)


def test_half_a_last_line_is_what_a_killed_run_leaves(tmp_path):
    change = Change(3, 0.5, "objective.beta", 4.0)
    file = tmp_path / CHANGES
    file.write_text(f"{change_line(change)}\n{change_line(change)[:9]}")
    assert read_changes_strict(tmp_path) == (change,)
    truncate_after(tmp_path, 1)
    assert file.read_text() == f"{change_line(change)}\n"


def test_lines_that_were_left_out_are_told(vae_run, tmp_path):
    whole = (vae_run / METRICS).read_text()
    (tmp_path / METRICS).write_text(f"{whole}half a li\n" + '{"epoch": "3"}\n')
    past = read_run_log(tmp_path, {})
    assert past.curves["validation", "loss"][0].tolist() == [1, 2]
    (finding,) = past.findings
    assert finding.evidence == f"{METRICS}: 2 left out"


def test_losses_belong_to_their_epochs_whatever_was_left_out():
    train = (np.array([1.0, 2, 3, 5]), np.array([10.0, 20, 30, 50]))
    validation = (np.array([2.0, 3, 4]), np.array([22.0, 33, 44]))
    run = Evidence({("train", "loss"): train, ("validation", "loss"): validation}, None, {})
    assert run.epochs.tolist() == [2, 3]
    assert run.of("train", "loss").tolist() == [20, 30]
    assert run.of("validation", "loss").tolist() == [22, 33]


def test_an_empty_folder_has_no_past(tmp_path):
    past = read_run_log(tmp_path, {})
    assert (past.curves, past.changes, past.latents) == ({}, (), None)
    assert (past.moments, past.portrait, past.findings) == ((), None, ())
    assert last_losses(tmp_path) == {}


def test_the_past_of_a_run(vae_run):
    past = read_run_log(vae_run, {})
    assert past.curves["validation", "loss"][0].tolist() == [1, 2]
    assert past.latents.kl.shape == (2, 2)
    assert past.moments[-1] == past.portrait.epoch == 2
    assert last_losses(vae_run)["validation"]["loss"] == past.curves["validation", "loss"][1][-1]


def test_a_damaged_portrait_does_not_hide_the_rest(vae_run, tmp_path):
    import shutil

    folder = shutil.copytree(vae_run, tmp_path / "run")
    for file in (folder / "replay").iterdir():
        file.write_bytes(b"no portrait")
    past = read_run_log(folder, {})
    assert past.portrait is None
    assert ("validation", "loss") in past.curves


def test_rewinding_forgets_later_epochs_and_what_is_no_line(tmp_path):
    metrics = [{"epoch": epoch, "split": "train", "loss": 1.5} for epoch in (1, 2, 3)]
    for name in (METRICS, LATENTS):
        write(tmp_path / name, *map(json.dumps, metrics), '{"epoch": 2, "spl')
    truncate_after(tmp_path, 2)
    for name in (METRICS, LATENTS):
        lines = (tmp_path / name).read_text().splitlines()
        assert [json.loads(line) for line in lines] == metrics[:2]


@pytest.mark.parametrize("line", LINES)
def test_rewinding_is_not_stopped_by_lines_of_others(tmp_path, line):
    write(tmp_path / METRICS, line, '{"epoch": 1, "split": "train", "loss": 0.1}')
    truncate_after(tmp_path, 1)
    assert last_losses(tmp_path) == {"train": {"loss": 0.1}}


def test_rewinding_an_empty_folder_makes_no_files(tmp_path):
    truncate_after(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []


# Recipes as plain values


def test_a_changed_value_leaves_the_recipe_before_alone():
    recipe = {"objective": {"beta": 1.0, "schedule": {"kind": "linear"}}, "model": "vae"}
    assert with_value(recipe, "objective.beta", 4)["objective"]["beta"] == 4
    assert with_value(recipe, "model.hidden", [8])["model"] == {"kind": "vae", "hidden": [8]}
    assert with_value(recipe, "training.epochs", 3)["training"] == {"epochs": 3}
    assert with_value(recipe, "objective.schedule.epochs", 9)["objective"]["schedule"] == {
        "kind": "linear",
        "epochs": 9,
    }
    assert recipe == {"objective": {"beta": 1.0, "schedule": {"kind": "linear"}}, "model": "vae"}


def test_values_by_their_keys():
    recipe = {"objective": {"beta": 1.0}}
    assert value_of(recipe, "objective.beta") == 1.0
    assert value_of(recipe, "objective.beta.more") is None
    assert value_of(recipe, "training.epochs") is None


def test_what_sets_recipes_apart():
    one = {"objective": {"beta": 1.0}, "training": {"batch_size": 100, "seed": 0}}
    other = {"objective": {"beta": 4.0}, "training": {"batch_size": 200, "seed": 0}}
    expected = ["beta 1, batch size 100", "beta 4, batch size 200"]
    assert describe_differences([one, other]) == expected
    assert describe_differences([one, one]) == ["", ""]
    freed = with_value(one, "objective.free_bits", 0.5)
    assert describe_differences([one, freed]) == ["", "free bits 0.5"]
    assert describe_differences([one]) == [""]
    assert describe_differences([]) == []
    kinds = [{"model": {"kind": kind, "hidden": [32, 16]}} for kind in ("vae", "cvae")]
    kinds[1]["model"]["hidden"] = [8]
    assert describe_differences(kinds) == ["model vae, hidden 32-16", "model cvae, hidden 8"]


def test_values_that_most_recipes_share_are_not_rare():
    recipes = [
        {"objective": {"beta": beta}, "seed": seed}
        for beta, seed in ((1.0, 0), (1.0, 0), (4.0, 0), (1.0, 1))
    ]
    assert describe_rare_values(recipes) == ["", "", "beta 4", "seed 1"]
    assert describe_rare_values([recipes[0], recipes[2]]) == ["beta 1", "beta 4"]
    assert describe_rare_values(recipes[:1]) == [""]
    assert describe_rare_values([]) == []
