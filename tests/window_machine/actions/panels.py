"""Actions on panels, workspaces and the window itself."""

from hypothesis import strategies as st
from PySide6.QtCore import Qt
from window_machine.actions import action

from latentlab.widgets.kit import theme
from latentlab.widgets.window.layout import WORKSPACES

PANEL = st.integers(0, 30)
SIZES = ((1440, 900), (1000, 640), (1280, 720), (1700, 1000))


def dock_of(stage, nth):
    docks = stage.window.docks
    return docks[stage.pick(nth, sorted(docks))]


@action(key=st.sampled_from([workspace.key for workspace in WORKSPACES]))
def go(stage, key):
    stage.controller.workspaces.go(key)


@action(nth=PANEL)
def close_panel(stage, nth):
    if dock := stage.pick(nth, [each for each in stage.window.docks.values() if each.isVisible()]):
        stage.say(dock.panel.key)
        dock.close()


@action(nth=PANEL)
def show_panel(stage, nth):
    stage.window.show_panel(dock_of(stage, nth).panel.key)


@action(nth=PANEL)
def float_panel(stage, nth):
    """Show a panel in its own window, or put it back."""
    dock = dock_of(stage, nth)
    dock.show()
    dock.setFloating(not dock.isFloating())


@action(nth=PANEL)
def show_panel_alone(stage, nth):
    """Show a panel alone, or all panels again."""
    stage.window.workspaces.fill(dock_of(stage, nth))


@action()
def reset_workspace(stage):
    stage.window.reset_workspace()


@action(is_dark=st.booleans())
def switch_theme(stage, is_dark):
    theme.choose(Qt.ColorScheme.Dark if is_dark else Qt.ColorScheme.Light)


@action(size=st.sampled_from(SIZES))
def resize_window(stage, size):
    stage.window.resize(*size)


@action()
def wait_for_answers(stage):
    stage.rest()
