"""Each lesson is played through in the real window, by what its steps show."""

import numpy as np
import pytest
from gui_support import drop, wait

from latentlab.explorer.files.lessons import read_lesson, shipped_lessons
from latentlab.latent.ranking import Score
from latentlab.session.interpolation import DecodeGeodesic, DecodePaths
from latentlab.session.scores.anomalies import ScoreImages, left_out_auroc
from latentlab.workers import lesson_actions, looks
from latentlab.workers.intents import lesson

pytestmark = pytest.mark.filterwarnings("ignore:Function.*QDrag:DeprecationWarning")

LESSONS = shipped_lessons()


def measure(state):
    """Return the figures that the texts of lessons promise, by name, as far as they are shown."""
    figures = {
        term: curve[1][-1]
        for (split, term), curve in state.log.curves.items()
        if split == "validation"
    }
    if latents := state.log.latents:
        figures["active"] = latents.active[-1]
        figures["I(x; z)"] = latents.mutual_information[-1]
        figures["KL(q(z) ‖ p(z))"] = latents.marginal_kl[-1]
    for kind in (DecodePaths, DecodeGeodesic):
        if paths := state.answer(kind):
            figures |= {strip.way.value: strip.length for strip in paths.strips}
    if state.codes:
        figures["sigma"] = np.median(state.codes.sigma)
        figures["spread"] = state.codes.spread.mean()
    if scores := state.answer(ScoreImages):
        values = scores.by(Score.ELBO)
        figures |= {"middle score": np.median(values), "highest score": values.max()}
        for name in state.model.spec.class_names:
            of_class = state.codes.labels == state.model.spec.class_names.index(name)
            figures[f"score of {name}"] = values[of_class].mean()
        figures["AUROC"] = left_out_auroc(scores, Score.ELBO, state.codes, state.model)
    return figures


FIGURES = {
    ("02-region-and-distribution", 0): {"sigma": 0.03, "spread": 1.0},
    ("03-tug-of-war", 0): {"reconstruction": 127, "kl": 15},
    ("03-tug-of-war", 2): {"reconstruction": 118, "kl": 170},
    ("03-tug-of-war", 3): {"reconstruction": 207},
    ("04-annealing", 1): {"kl": 15},
    ("05-posterior-collapse", 0): {"reconstruction": 187, "kl": 2.2},
    ("05-posterior-collapse", 2): {"reconstruction": 182},
    ("05-posterior-collapse", 3): {"reconstruction": 192},
    ("05-posterior-collapse", 4): {"reconstruction": 127},
    ("08-prior-holes", 0): {
        "kl": 5.3,
        "loss": 176,
        "I(x; z)": 4.0,
        "KL(q(z) ‖ p(z))": 1.3,
    },
    ("08-prior-holes", 2): {"loss": 173},
    ("09-smooth", 0): {"straight": 45, "spherical": 48, "geodesic": 27},
    ("09-smooth", 2): {"reconstruction": 168},
    ("09-smooth", 3): {"reconstruction": 171},
    ("10-anomalies", 1): {"middle score": 137, "highest score": 390},
    ("10-anomalies", 3): {"AUROC": 0.90},
    ("10-anomalies", 5): {"AUROC": 0.10},
    ("11-missing-pixels", 0): {"reconstruction": 76},
    ("12-faces", 5): {"kl": 13.1, "reconstruction": 1669},
    ("12-faces", 6): {"kl": 3.6, "reconstruction": 1714},
}
"""Figures that the text of a step promises, by lesson and step; losses in nats per image."""
TOLERANCE = 0.04
"""Relative difference that another processor may make."""


@pytest.fixture
def brisk(monkeypatch):
    """Show the actions in fewer images and faster, and a model under training seldom."""
    monkeypatch.setattr(lesson, "TICK_MS", 8)
    glide = lesson_actions._glide
    monkeypatch.setattr(
        lesson_actions,
        "_glide",
        lambda controller, start, end, _=0: glide(controller, start, end, ticks=5),
    )
    monkeypatch.setattr(looks, "MAX_CPU_FRACTION", 0.01)
    monkeypatch.setattr(looks, "MAX_INTERVAL_S", 30.0)


def open_lesson(make_desk, path):
    """Open a lesson from the list, in a window with only its panels."""
    panels = {key for step in read_lesson(path).steps for key in step.panels}
    desk = make_desk(built=("lesson", *panels))
    desk.go("learn")
    panel = desk.panel("lesson")
    desk.until(lambda: panel.list.cards)
    card = next(card for card in panel.list.cards if card.entry.path == path)
    panel.list.ensureWidgetVisible(card.button)
    desk.hand.click(card.button)
    desk.until(lambda: desk.state.lesson)
    desk.settle()
    return desk


def show_step(desk):
    """Press “Show me”, and wait until the check of the step sees that it was done."""
    page = desk.panel("lesson").page
    if desk.state.lesson.step.shows:
        desk.hand.click(page.show_me)
        desk.until(lambda: not desk.state.lesson.is_showing)
    assert desk.state.failure is None, desk.state.failure
    if desk.state.lesson.step.check:
        try:
            desk.until(lambda: desk.state.lesson.is_done)
        except AssertionError:
            title, seen = desk.state.lesson.step.title, page.seen.text()
            raise AssertionError(f"{title}: {seen}") from None


def play(desk):
    """Play the open lesson to its end; yield after each step that was done."""
    page = desk.panel("lesson").page
    for at in range(len(desk.state.lesson.lesson.steps)):
        assert desk.state.lesson.at == at
        show_step(desk)
        yield at
        desk.hand.click(page.next)
        desk.settle()


@pytest.mark.usefixtures("brisk")
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_can_be_played_to_its_end(make_desk, path):
    desk = open_lesson(make_desk, path)
    count = len(desk.state.lesson.lesson.steps)
    for at in play(desk):
        panels = desk.state.lesson.step.panels
        assert {*desk.window.workspaces.contents()} == {"lesson", *panels}, at
        promised = FIGURES.get((path.stem, at), {})
        shown = measure(desk.state) if promised else {}
        for name, value in promised.items():
            decimals = len(f"{value:g}".partition(".")[2])
            near = pytest.approx(value, rel=TOLERANCE, abs=0.5 * 10**-decimals)
            assert shown[name] == near, (at, name, shown[name])
    assert desk.state.lesson is None
    panel = desk.panel("lesson")
    card = next(card for card in panel.list.cards if card.entry.path == path)
    assert len(card.entry.done) == count
    assert card.state.text() == "✓ done"


# Lessons of teachers

OWN = """+++
title = "Mine"
minutes = 5
about = "A"
{}+++

## One

Some **text**.

panels: map, image
check: z_moved(distance = 0.5)
show: slide(dimension = 1, to = 2.0)

## Two

panels: sliders
question: Why?
answer: So.
"""


SHOWN = "slide(dimension = 1, to = 2.0)"


@pytest.fixture
def own(tmp_path):
    """Write a lesson of a teacher, and return its file."""

    def write(header="", text=OWN):
        file = tmp_path / "mine.md"
        file.write_text(text.format(header), "utf-8")
        return file

    return write


@pytest.fixture
def learning(make_desk):
    """The program with the panels of the lessons of teachers."""
    return make_desk(built=("lesson", "map", "image", "sliders"))


def test_a_dropped_lesson_opens_and_its_progress_is_kept(learning, own):
    file = own()
    assert drop(learning.window, file)
    learning.until(lambda: learning.state.lesson)
    learning.settle()
    assert learning.state.workspace == "learn"
    page = learning.panel("lesson").page
    assert page.heading.text() == "One"
    assert page.mark.text() == "○"
    assert not page.question.isVisible()
    point = learning.state.point
    learning.controller.point.set(point.at((point.z[0], point.z[1] + 1.0)))
    learning.until(lambda: learning.state.lesson.is_done)
    assert (page.mark.text(), page.seen.text()) == ("✓", "z has moved by 1.0 of 0.5")
    learning.controller.point.set(point)
    learning.until(lambda: page.seen.text() == "done before")
    assert page.mark.text() == "✓"
    learning.hand.click(page.next)
    learning.settle()
    assert {*learning.window.workspaces.contents()} == {"lesson", "sliders"}
    assert not page.task.isVisible()
    assert not page.question.answer.isVisible()
    learning.hand.click(page.question.reveal)
    assert page.question.answer.text() == "So."
    learning.hand.click(page.leave)
    learning.settle()
    (card,) = [each for each in learning.panel("lesson").list.cards if each.entry.path == file]
    assert card.state.text() == "1 of 2"
    learning.hand.click(card.button)
    learning.until(lambda: learning.state.lesson)
    assert learning.state.lesson.at == 1


def test_the_form_comes_to_an_open_lesson(make_desk, own):
    desk = make_desk(built=("lesson", "map", "image", "train"))
    desk.controller.open_path(own())
    desk.until(lambda: desk.state.lesson)
    desk.settle()
    desk.window.show_form()
    desk.settle()
    assert desk.state.workspace == "learn"
    assert desk.window.docks["lesson"].isVisible()
    assert desk.window.docks["train"].isVisible()
    desk.controller.lesson.close()
    desk.window.show_form()
    assert desk.state.workspace == "train"


def test_show_me_can_be_stopped(learning, own):
    learning.controller.open_path(own())
    learning.until(lambda: learning.state.lesson)
    learning.settle()
    page = learning.panel("lesson").page
    learning.hand.click(page.show_me)
    assert page.show_me.text() == "Stop"
    before = learning.state.point
    learning.until(lambda: learning.state.point != before)
    learning.hand.click(page.show_me)
    assert not learning.state.lesson.is_showing
    stopped = learning.state.point
    wait(150)
    assert learning.state.point == stopped
    assert stopped.z[0] < 2.0


WRONG = {
    "Did you mean slide?": ("show: slide(dimension = 1", "show: slyde(dimension = 1"),
    "Did you mean z_moved?": ("check: z_moved(", "check: z_mooved("),
    "imagge": ("panels: map, image", "panels: map, imagge"),
    "between 2 and 50": (SHOWN, "grid(n = 100000)"),
    "between 0.5 and 10": (SHOWN, "grid(n = 5, span = 1e6)"),
    "Did you mean quantile?": (SHOWN, 'grid(n = 5, spacing = "quantil")'),
    "between 2 and 1000": (SHOWN, "steps(count = 5000)"),
    "between 1 and 1000": (SHOWN, "score(draws = 1000000)"),
    "knows no layout 'TSNE'": (SHOWN, 'lay_out(layout = "TSNE")'),
    "knows no role 'c'": (SHOWN, 'pick(name = "3", role = "c")'),
    "is not a lesson": ("+++", "# Readme"),
    "knows no kind 'word'": (SHOWN, 'learn_direction(name = "smile", kind = "word")'),
}
"""Advice, and what is changed in a lesson to get it."""


def test_a_wrong_lesson_is_refused_with_advice(learning, own):
    for says, change in WRONG.items():
        learning.controller.open_path(own(text=OWN.replace(*change)))
        learning.until(lambda: learning.state.failure)
        failure = learning.state.failure
        assert says in f"{failure.title} {failure.advice}"
        learning.settle()
        learning.controller.lesson.close()
        learning.controller.store.dismiss_failure()


def test_a_hidden_lesson_checks_nothing_and_another_workspace_is_left_alone(learning, own):
    learning.controller.open_path(own())
    learning.until(lambda: learning.state.lesson)
    learning.settle()
    learning.go("explore")
    point = learning.state.point
    learning.controller.point.set(point.at((point.z[0] + 2.0, point.z[1])))
    learning.settle()
    assert not learning.state.lesson.is_done
    learning.controller.lesson.go_next()
    assert "manifold" in learning.window.workspaces.contents()
    learning.go("learn")
    assert {*learning.window.workspaces.contents()} == {"lesson", "sliders"}


def test_a_scene_beside_the_lesson_is_restored(learning, own, tmp_path):
    point = learning.state.point
    learning.controller.point.set(point.at((1.25, -0.5)))
    scene = tmp_path / "start.scene"
    learning.controller.scene.save(scene)
    learning.until(scene.exists)
    learning.controller.point.set(point.at((0.0, 0.0)))
    learning.controller.open_path(own('scene = "start.scene"\n'))
    learning.until(lambda: learning.state.lesson and learning.state.point.z == (1.25, -0.5))


def test_show_me_ends_where_its_image_is_picked_already(learning, own):
    again = OWN.replace(SHOWN, 'pick(name = "3")')
    learning.controller.open_path(own(text=again))
    learning.until(lambda: learning.state.lesson)
    learning.settle()
    for _ in range(2):
        learning.controller.lesson.show_me()
        learning.until(lambda: not learning.state.lesson.is_showing)
        assert learning.state.original


def test_the_arrangement_of_a_step_is_not_that_of_the_user(learning, own):
    learning.go("learn")
    before = {*learning.window.workspaces.contents()}
    assert "manifold" not in before
    learning.window.docks["manifold"].show()
    learning.controller.open_path(own())
    learning.until(lambda: learning.state.lesson)
    learning.settle()
    learning.go("explore")
    learning.controller.lesson.close()
    learning.go("learn")
    assert {*learning.window.workspaces.contents()} == before | {"manifold"}
    learning.controller.lesson.open(own())
    learning.until(lambda: learning.state.lesson)
    assert {*learning.window.workspaces.contents()} == {"lesson", "map", "image"}
    learning.controller.lesson.close()
    assert {*learning.window.workspaces.contents()} == before | {"manifold"}


def test_an_unknown_panel_does_not_stop_show_me(learning, own):
    learning.controller.open_path(own(text=OWN.replace("map, image", "map, imagge")))
    learning.until(lambda: learning.state.failure)
    assert "do not exist: imagge." in learning.state.failure.title
    learning.controller.lesson.show_me()
    learning.until(lambda: not learning.state.lesson.is_showing)
    assert learning.state.failure is None
    assert learning.state.point.z[0] == 2.0


@pytest.mark.parametrize(
    "change",
    [
        (SHOWN, 'pick(name = "three")'),
        ("z_moved(distance = 0.5)", 'near(name = "three")'),
        ("z_moved(distance = 0.5)", 'path(start = "3", end = "three")'),
        ("z_moved(distance = 0.5)", 'left_out(classes = ["1", "three"])'),
    ],
)
def test_a_class_that_the_model_of_the_lesson_lacks_is_refused_when_it_is_opened(
    learning, own, change
):
    text = OWN.replace("{}", 'model = "digits-2d"\n').replace(*change)
    learning.controller.open_path(own(text=text))
    learning.until(lambda: learning.state.failure)
    assert learning.state.lesson is None
    assert "no class 'three'" in learning.state.failure.title
    assert "Choose one of 0, 1, 2" in learning.state.failure.advice


def test_show_me_says_that_the_model_lacks_a_class(learning, own):
    for action in ("set_label", "pick", "samples_of", "select_class"):
        learning.controller.open_path(own(text=OWN.replace(SHOWN, f'{action}(name = "ten")')))
        learning.until(lambda: learning.state.lesson)
        learning.settle()
        learning.controller.lesson.show_me()
        learning.until(lambda: learning.state.failure)
        assert "Line 13 of the lesson" in learning.state.failure.title, action
        assert "'ten'" in learning.state.failure.title, action
        assert not learning.state.lesson.is_showing, action
        learning.controller.lesson.close()
        learning.controller.store.dismiss_failure()
