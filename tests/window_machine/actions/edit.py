"""Actions in Edit: keep points, draw an image, learn a direction, play a path; and lessons."""

from gui_support import LEFT
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from window_machine import mouse
from window_machine.actions import action

from latentlab.directories import LESSON_SUFFIX, resources

NTH, PERCENT = st.integers(0, 30), st.integers(0, 100)
LESSONS = sorted((resources() / "lessons").glob(f"[0-9]*{LESSON_SUFFIX}"))


def panel_of(stage, key):
    stage.window.show_panel(key)
    return stage.window.docks[key].build()


@action()
def bookmark(stage):
    panel_of(stage, "bookmarks").add.click()


@action(places=st.lists(st.tuples(PERCENT, PERCENT), min_size=1, max_size=4))
def draw(stage, places):
    """Draw a stroke in an image of one's own."""
    canvas = panel_of(stage, "picture").canvas
    if canvas.isEnabled() and not canvas.visibleRegion().isEmpty():
        stroke = (stage.place(canvas, *place) for place in places)
        mouse.move(canvas, *stroke, button=LEFT)


@action(nth=NTH, method=st.integers(0, 2))
def learn_direction(stage, nth, method):
    form = panel_of(stage, "directions").form
    if form.source.count():
        form.source.setCurrentIndex(nth % form.source.count())
        form.method.setCurrentIndex(method % form.method.count())
        form.learn.click()
        stage.rest()


@action(keys=st.integers(0, 2), plays=st.booleans())
def make_film(stage, keys, plays):
    """Add the present z to the timeline, and play the path."""
    bar = panel_of(stage, "interpolate").bar
    for _ in range(keys):
        bar.add_key.click()
    if plays and bar.play.isEnabled():
        bar.play.click()


@action(
    nth=st.integers(0, len(LESSONS) - 1),
    how=st.lists(st.sampled_from(("show_me", "go_next", "go_back", "close")), max_size=6),
)
def follow_lesson(stage, nth, how):
    """Open a lesson, and let it show and go on."""
    stage.say(LESSONS[nth].stem)
    stage.controller.lesson.open(LESSONS[nth])
    stage.rest()
    for step in how:
        if stage.state.lesson:
            getattr(stage.controller.lesson, step)()
            stage.rest()


@action(letter=st.sampled_from("abr"))
def press_shortcut(stage, letter):
    """Set A or B to z, or draw a random z, by its key."""
    stage.window.setFocus()
    stage.hand.key(getattr(Qt.Key, f"Key_{letter.upper()}"))
