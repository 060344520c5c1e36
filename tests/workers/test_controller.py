"""The controller against a lane and a training that do only what the test says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy
from controller_support import bare, bench, moved

from latentlab.latent.planes import axes_plane
from latentlab.session.abilities import STANDARD_PRIOR
from latentlab.session.classifier.records import ClassifierCard, Counterfactual
from latentlab.session.classifier.requests import FindCounterfactual
from latentlab.session.directions import Direction, Origin, ReplaceDirection
from latentlab.session.export import CheckPlugins, DescribeForm, ReadRecipe
from latentlab.session.failure import Failure
from latentlab.session.files.figure import DrawFigure, DrawnFigure, Figure
from latentlab.session.files.scene import FoundScene, ReadScene, Scene
from latentlab.session.import_.dataset import FindDataset
from latentlab.session.import_.model import InspectForeign, ListForeignFormats
from latentlab.session.library.entries import ListLibrary
from latentlab.session.model import (
    AllCodes,
    Decode,
    DecodePath,
    DrawPoint,
    EncodeFile,
    Hover,
    MakeManifold,
    MakeSamples,
    Open,
    PickImage,
    ShowRest,
)
from latentlab.session.points import GridSettings, Picture, Point, SampleSettings
from latentlab.workers.lane import Answer

__all__ = ["bare", "bench"]

FRAME = axes_plane(0, 1, 2)


# What follows from what


def test_start_asks_for_all_there_is_to_choose_from(bare):
    bare.controller.start(Path("/toys/toy"))
    assert bare.lane.asked == [
        Open(Path("/toys/toy")),
        DescribeForm(),
        ListLibrary(),
        CheckPlugins(),
        ListForeignFormats(),
    ]
    assert bare.state.opening == "toy"
    bare.lane.answer_all()
    assert bare.state.answer(DescribeForm) == toy.FORM
    assert bare.state.answer(ListLibrary) == toy.LIBRARY
    assert bare.state.opening == ""


def test_opened_model_fills_every_panel(bare):
    bare.controller.runs.open(Path("/toys/toy"))
    bare.lane.answer_all()
    state = bare.state
    assert state.model.name == "toy"
    assert state.answer(Decode).point == state.point == state.original.point
    assert state.answer(DecodePath).points[0].z == pytest.approx(state.ends.a.z)
    assert len(state.answer(MakeManifold).tiles.points) == state.grid.n**2
    assert len(state.answer(MakeSamples).points) == state.sampling.count
    assert ("train", "loss") in state.log.curves


def test_moving_z_asks_only_for_what_depends_on_it(bench):
    bench.controller.point.set(moved(bench.state, 1.0, 2.0))
    assert bench.lane.asked == [Decode(bench.state.point)]
    bench.lane.asked.clear()
    bench.controller.path.set(replace(bench.state.ends, steps=5))
    assert bench.lane.asked == [DecodePath(bench.state.ends)]
    bench.lane.asked.clear()
    bench.controller.decoding.set_grid(GridSettings(n=5))
    assert bench.lane.asked == [MakeManifold(moved(bench.state, 0.0), FRAME, GridSettings(n=5))]
    bench.lane.asked.clear()
    bench.controller.decoding.set_sampling(SampleSettings(seed=7))
    assert bench.lane.asked == [MakeSamples(SampleSettings(seed=7))]


def test_moving_out_of_the_plane_makes_a_new_manifold(bench):
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.controller.map.set_plane((0, 1))
    bench.lane.answer_all()
    bench.lane.asked.clear()
    bench.controller.point.set(bench.state.point.along({0: 1.5}))
    assert [type(request) for request in bench.lane.asked] == [Decode]
    bench.lane.asked.clear()
    bench.controller.point.set(bench.state.point.along({4: 1.5}))
    assert [type(request) for request in bench.lane.asked] == [Decode, MakeManifold]


def test_says_what_changed(bench):
    bench.controller.map.set_plane((1, 0))
    assert bench.changes[0] == {"view", "awaited"}


# Stale answers


def test_late_answer_does_not_replace_a_newer_one(bench):
    for x in (1.0, 2.0):
        bench.controller.point.set(moved(bench.state, x))
    older, newer = bench.lane.waiting(Decode)
    bench.lane.answer(newer)
    bench.lane.answer(older)
    assert bench.state.answer(Decode).point.z[0] == 2.0


def test_answers_about_a_model_no_longer_open_are_dropped(bench):
    """A picture asked of one model must not be shown as another's."""
    bench.controller.point.set(moved(bench.state, 1.0))
    (decode,) = bench.lane.waiting(Decode)
    bench.controller.runs.open(Path("/toys/big"))
    (opening,) = bench.lane.waiting(Open)
    bench.lane.answer(opening)
    point, picture = bench.state.point, bench.state.answer(Decode)
    bench.lane.answer(decode)
    assert bench.state.answer(Decode) is picture
    bench.lane.answer_all()
    assert bench.state.answer(Decode).point == bench.state.point == point
    assert len(point.z) == 5


def test_what_is_asked_while_a_model_opens_is_dropped(bench):
    """Points of the old model have the wrong size for the new one: no error may come of them."""
    bench.controller.runs.open(Path("/toys/big"))
    (opening,) = bench.lane.waiting(Open)
    bench.controller.point.set(moved(bench.state, 1.0))
    bench.controller.preview.point(moved(bench.state, 2.0))
    asked = bench.lane.waiting(Decode) + bench.lane.waiting(Hover)
    assert len(asked) == 2
    bench.lane.answer(opening)
    for number in asked:
        bench.lane.answer(number, Failure("mat1 and mat2 do not fit"))
    assert bench.state.failure is None
    bench.lane.answer_all()
    assert bench.state.answer(Decode).point == bench.state.point
    assert len(bench.state.point.z) == 5


def test_picked_image_of_a_model_no_longer_open_is_dropped(bench):
    bench.controller.point.pick(5)
    (pick,) = bench.lane.waiting(PickImage)
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer(bench.lane.waiting(Open)[0])
    point = bench.state.point
    bench.lane.answer(pick)
    assert bench.state.point == point


def test_failure_of_a_model_no_longer_open_is_silent(bench):
    bench.controller.point.pick(5)
    (pick,) = bench.lane.waiting(PickImage)
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer(bench.lane.waiting(Open)[0])
    bench.lane.answer(pick, Failure("no such image"))
    assert bench.state.failure is None


# Failures


def test_plug_ins_that_could_not_be_loaded_are_told(bench):
    bench.controller.ask(CheckPlugins())
    bench.lane.answer(bench.lane.waiting(CheckPlugins)[-1])
    assert bench.state.failure is None
    bench.lane.lab.broken = ("The model a …", "The model b …")
    bench.controller.ask(CheckPlugins())
    bench.lane.answer(bench.lane.waiting(CheckPlugins)[-1])
    assert bench.state.failure == Failure("The model a …", "The model b …")


def test_failed_open_keeps_the_open_model(bench):
    bench.controller.point.set(moved(bench.state, 1.5))
    bench.lane.answer_all()
    before = bench.state
    bench.controller.runs.open(Path("/toys/no such"))
    assert bench.state.opening == "no such"
    bench.lane.answer(bench.lane.waiting(Open)[0], Failure("It is not a run."))
    after = bench.state
    assert after.failure == Failure("It is not a run.")
    assert after.opening == ""
    kept = ("model", "point", "codes", "answers", "log")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    bench.controller.store.dismiss_failure()
    assert bench.state.failure is None


NEW, TOY = Path("/toys/new"), Path("/toys/toy")


def found_scene(path=NEW):
    return FoundScene(Path("/scenes/far.scene"), Scene(scene=1, z=(2.5, -2.5)), path)


def test_a_scene_waits_for_its_model(bench):
    bench.controller.scene.restore(found_scene())
    bench.lane.answer(bench.lane.waiting(Open)[0])
    assert bench.state.point.z == (2.5, -2.5)


def test_a_scene_whose_model_fails_is_not_applied_to_the_next(bench):
    for after in (TOY, NEW):
        bench.controller.scene.restore(found_scene())
        bench.lane.answer(bench.lane.waiting(Open)[-1], Failure("It is not a run."))
        bench.controller.runs.open(after)
        bench.lane.answer(bench.lane.waiting(Open)[-1])
        assert bench.state.point.z != (2.5, -2.5)


def test_a_scene_ends_if_another_model_is_opened_meanwhile(bench):
    bench.controller.scene.restore(found_scene())
    first = bench.lane.waiting(Open)[0]
    bench.controller.runs.open(TOY)
    for number in (first, bench.lane.waiting(Open)[-1]):
        bench.lane.answer(number)
        assert bench.state.point.z != (2.5, -2.5)


def test_a_scene_outlives_an_earlier_opening_that_comes_late(bench):
    bench.controller.runs.open(TOY)
    first = bench.lane.waiting(Open)[0]
    bench.controller.scene.restore(found_scene())
    bench.lane.answer(first)
    assert bench.state.point.z != (2.5, -2.5)
    bench.lane.answer(bench.lane.waiting(Open)[-1])
    assert bench.state.point.z == (2.5, -2.5)


# What comes too late


@pytest.fixture
def said(bench):
    """Return the status messages of a controller."""
    messages = []

    def listen(state, changed):
        if "message" in changed and state.message:
            messages.append(state.message)

    bench.controller.changed.connect(listen)
    return messages


def test_a_deleted_direction_comes_back_to_its_own_model_only(bench, said):
    about = Origin("toy", "toy", "vae", "toys", 2, 3)
    one = Direction("one", (1.0, 0.0), 1.0, "difference of means", "", (3, 6), 2.5, 0.9, about)
    bench.controller.directions.delete(one)
    bench.controller.runs.open(NEW)
    bench.lane.answer_all()
    bench.lane.asked.clear()
    said[0].undo()
    assert not [each for each in bench.lane.asked if isinstance(each, ReplaceDirection)]
    assert "one" in bench.state.failure.title
    assert "toy" in bench.state.failure.title
    bench.controller.runs.open(TOY)
    bench.lane.answer_all()
    bench.lane.asked.clear()
    said[0].undo()
    assert ReplaceDirection(bench.state.model, None, one) in bench.lane.asked


def test_undo_in_the_message_of_a_recipe_is_a_step_of_its_own(bench, said):
    training, undo = bench.controller.training, bench.controller.undo
    training.set_draft({"seed": 1})
    training.use_recipe({"seed": 2}, "Two")
    said[0].undo()
    assert bench.state.draft.values == {"seed": 1}
    undo.undo()
    assert bench.state.draft.values == {"seed": 2}
    undo.redo()
    assert bench.state.draft.values == {"seed": 1}


def test_undo_to_before_the_form_was_made_keeps_the_recipes_after_it(bench):
    training, undo = bench.controller.training, bench.controller.undo
    for seed in (1, 2):
        training.use_recipe({"seed": seed}, "a dropped recipe")
    for _ in range(2):
        undo.undo()
    assert bench.state.draft.values is None
    training.set_draft({"seed": 0}, is_edit=False)  # the form is made, with its defaults
    for seed in (1, 2):
        undo.redo()
        assert bench.state.draft.values == {"seed": seed}
    for seed in (1, 0):
        undo.undo()
        assert bench.state.draft.values == {"seed": seed}


def test_another_decision_found_late_does_not_move_z_back(bench, said):
    card = ClassifierCard(Path("digits.onnx"), ("0", "1"))
    request = FindCounterfactual(card, bench.state.point)
    away = moved(bench.state, -3.0)
    bench.controller.point.set(moved(bench.state, 1.5))
    bench.controller.demand.submit(request)
    answer = Counterfactual(away, "0", "1", 3.0)
    bench.lane.answered.emit(Answer(bench.lane.number, request, answer, None))
    assert bench.state.point == moved(bench.state, 1.5)
    assert not said


def test_open_path_tells_kinds_apart(bench, tmp_path):
    for name in ("a.toml", "b.PNG", "c", "d.safetensors", "e.json"):
        path = tmp_path / name
        if "." not in name:
            path.mkdir()
        elif name == "b.PNG":
            path.touch()
        bench.controller.open_path(path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.toml").touch()
    bench.controller.open_path(tmp_path / "run")
    kinds = [type(request) for request in bench.lane.asked]
    assert kinds == [ReadRecipe, ReadScene, EncodeFile, *[InspectForeign] * 3, Open]


def test_what_is_no_foreign_model_is_opened_as_a_run_or_an_image(bench, tmp_path):
    """The message then says what it is instead."""
    for name, kind in (("e.json", Open), ("f.xyz", EncodeFile)):
        bench.controller.open_path(tmp_path / name)
        assert bench.state.opening == name
        bench.lane.answer(bench.lane.waiting(InspectForeign)[-1])
        bench.lane.answer(bench.lane.waiting(FindDataset)[-1])
        assert type(bench.lane.asked[-1]) is kind


def test_picture_is_encoded_under_the_present_label(bench, tmp_path):
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.controller.point.set_label(1)
    (tmp_path / "b.png").touch()
    bench.controller.open_path(tmp_path / "b.png")
    assert bench.lane.asked[-1] == EncodeFile(tmp_path / "b.png", 1)


def test_first_model_that_fails_gives_way_to_another(bare):
    """The window is never empty, and says why it shows another model."""
    bare.controller.start(Path("/toys/gone"), Path("/toys/toy"))
    bare.lane.answer(bare.lane.waiting(Open)[0], Failure("It is gone."))
    bare.lane.answer_all()
    assert bare.state.model.name == "toy"
    assert bare.state.failure == Failure("It is gone.")
    bare.controller.runs.open(Path("/toys/gone too"))
    bare.lane.answer(bare.lane.waiting(Open)[0], Failure("It is gone too."))
    assert bare.lane.waiting(Open) == []


# z and undo


def test_undo_and_redo_of_z_and_path(bench):
    first = bench.state
    bench.controller.point.set(moved(first, 1.0))
    bench.controller.path.set(first.ends.moved("a", moved(first, 3.0)))
    second = bench.state
    assert (second.can_undo, second.can_redo) == (True, False)
    bench.controller.undo.undo()
    assert bench.state.ends == first.ends
    assert bench.state.point == second.point
    bench.controller.undo.undo()
    assert (bench.state.point, bench.state.original) == (first.point, first.original)
    assert (bench.state.can_undo, bench.state.can_redo) == (False, True)
    bench.controller.undo.undo()
    assert bench.state.point == first.point
    bench.controller.undo.redo()
    bench.controller.undo.redo()
    bench.controller.undo.redo()
    assert (bench.state.point, bench.state.ends) == (second.point, second.ends)
    bench.lane.answer_all()
    assert bench.state.answer(Decode).point == second.point
    assert bench.state.answer(DecodePath).points[0].z == pytest.approx(second.ends.a.z)


def test_drag_is_one_step_of_undo(bench):
    start = bench.state.point
    for x in np.linspace(0, 1, 20):
        bench.controller.point.set(moved(bench.state, float(x)), settled=False)
    bench.controller.point.set(moved(bench.state, 1.0))
    bench.controller.undo.undo()
    assert bench.state.point == start
    assert not bench.state.can_undo


def test_moving_after_undo_forgets_what_was_undone(bench):
    for x in (1.0, 2.0):
        bench.controller.point.set(moved(bench.state, x))
    bench.controller.undo.undo()
    bench.controller.point.set(moved(bench.state, 9.0))
    assert not bench.state.can_redo
    bench.controller.undo.undo()
    assert bench.state.point.z[0] == 1.0


def test_moving_nowhere_is_no_step(bench):
    bench.controller.path.set(bench.state.ends)
    assert not bench.state.can_undo


def test_random_z_keeps_the_label_and_differs(bench):
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.controller.point.set_label(2)
    seen = set()
    for _ in range(5):
        bench.controller.point.randomize()
        assert bench.state.point.label == 2
        seen.add(bench.state.point.z)
    assert len(seen) == 5


def test_random_z_of_a_learned_prior_is_drawn_by_the_explorer(bench):
    card = bench.state.model
    bench.controller.store.set(model=replace(card, abilities=card.abilities - STANDARD_PRIOR))
    before = bench.state.point
    bench.controller.point.randomize()
    (request,) = bench.lane.asked
    assert request == DrawPoint(before, request.seed)
    assert bench.state.point == before
    bench.lane.answer_all()
    assert bench.state.point.z[0] == request.seed
    assert bench.state.can_undo


def test_home_is_the_mean_of_the_codes(bench):
    bench.controller.point.go_home()
    assert bench.state.point.z == pytest.approx(toy.codes().mu.mean(0), abs=1e-6)


def test_put_a_and_b(bench):
    bench.controller.point.set(moved(bench.state, 1.0))
    bench.controller.path.put_a()
    bench.controller.point.set(moved(bench.state, 2.0))
    bench.controller.path.put_b()
    assert (bench.state.ends.a.z[0], bench.state.ends.b.z[0]) == (1.0, 2.0)


@pytest.mark.parametrize("role", ["z", "a", "b"])
def test_picked_image_goes_where_it_was_meant(bench, role):
    before = bench.state
    bench.controller.point.pick(7, role)
    bench.lane.answer_all()
    image = bench.lane.lab.PickImage(PickImage(7)).point
    after = bench.state
    expected = {"z": before.point, "a": before.ends.a, "b": before.ends.b} | {role: image}
    assert {"z": after.point, "a": after.ends.a, "b": after.ends.b} == expected
    assert (after.original.row == 7) is (role == "z")
    bench.controller.undo.undo()
    assert (bench.state.point, bench.state.ends) == (before.point, before.ends)


def test_new_samples_have_another_seed(bench, monkeypatch):
    monkeypatch.setattr("latentlab.workers.intents.point.RANDOM.randrange", lambda stop: 42)
    bench.controller.decoding.draw_samples()
    assert bench.lane.asked == [MakeSamples(SampleSettings(seed=42))]


# Hovering


def test_hover_previews_and_leaving_restores(bench):
    point = moved(bench.state, 1.0)
    bench.controller.preview.point(point, 3)
    bench.lane.answer_all()
    assert bench.state.preview.point == point
    assert bench.state.preview.original.row == 3
    assert bench.state.point != point
    bench.controller.preview.clear()
    assert bench.state.preview is None


def test_preview_that_comes_after_leaving_is_dropped(bench):
    bench.controller.preview.point(moved(bench.state, 1.0))
    bench.controller.preview.clear()
    bench.lane.answer_all()
    assert bench.state.preview is None


def test_committing_ends_the_preview(bench):
    bench.controller.preview.picture(Picture(Point((9.0, 9.0)), toy.picture_of(Point((9.0, 9.0)))))
    bench.controller.point.set(moved(bench.state, 1.0))
    assert bench.state.preview is None
    assert bench.state.original is None


# Files


def test_only_the_last_plot_that_was_asked_for_is_passed_on(bench):
    figures = [DrawFigure(Figure(()), {}) for _ in range(3)]
    passed = []

    def draw(figure):
        bench.controller.files.draw(figure, passed.append)
        return bench.lane.number

    def answer(number, figure, failure=None):
        drawn = None if failure else DrawnFigure(figure.figure, b"", b"")
        bench.lane.answered.emit(Answer(number, figure, drawn, failure))
        return drawn

    numbers = [draw(figure) for figure in figures[:2]]
    answer(numbers[0], figures[0])
    assert not passed
    last = answer(numbers[1], figures[1])
    assert passed == [last]
    answer(draw(figures[2]), figures[2], Failure("No room."))
    bench.controller.ask(figures[0])
    answer(bench.lane.number, figures[0])
    assert passed == [last], "a failed drawing is not replaced by that of somebody else"


def test_close_ends_training_and_lane(bench):
    bench.controller.point.set(moved(bench.state, 1.0))
    bench.controller.close()
    assert bench.training.calls == ["close"]
    assert not bench.lane.open


def test_the_codes_that_opening_left_out_are_asked_for(bare):
    """A slow model is shown with some of its images."""
    few = toy.codes(count=30)
    bare.controller.runs.open(Path("/toys/toy"))
    bare.lane.answer_all()
    bare.lane.asked.clear()
    opened = bare.lane.lab.Open(Open(Path("/toys/toy")))
    bare.controller.runs.open(Path("/toys/toy"))
    (number,) = bare.lane.waiting(Open)
    request = bare.lane.open.pop(number)
    opened = replace(opened, codes=few, has_more=True)
    bare.lane.answered.emit(Answer(number, request, opened))
    assert len(bare.state.codes) == 30
    (number,) = bare.lane.waiting(ShowRest)
    request = bare.lane.open.pop(number)
    bare.lane.answered.emit(Answer(number, request, AllCodes(toy.codes())))
    assert len(bare.state.codes) == 90
