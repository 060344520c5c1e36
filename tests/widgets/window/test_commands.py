"""Commands are those of the live menus and panels; a query ranks them."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from latentlab.widgets.kit.labels import literal
from latentlab.widgets.window.commands import Command, find_commands, plain, rank_commands
from latentlab.widgets.window.view_menu import SCHEMES


def by_name(desk):
    return {command.name: command for command in find_commands(desk.window)}


def command(name, **more):
    *path, title = name.split(" > ")
    return Command(tuple(path), title, lambda: None, **more)


def ranked(query, *names, recent=()):
    return [each.name for each in rank_commands(map(command, names), query, recent)]


def test_every_action_of_the_menus_is_a_command(desk):
    titles = {command.title for command in find_commands(desk.window)}
    toggles = {dock.toggleViewAction() for dock in desk.window.docks.values()}
    for menu in desk.window.menuBar().findChildren(QMenu):
        for action in {*menu.actions()} - toggles:
            if action.text() and not action.menu():
                assert action.text().replace("&", "") in titles, action.text()


def test_every_panel_workspace_and_appearance_is_a_command(desk):
    names = by_name(desk)
    for dock in desk.window.docks.values():
        assert f"Panel > {dock.panel.title}" in names
        hide = f"View > Panel > Hide {dock.panel.title}"
        assert (hide in names) is not dock.isHidden()
    for workspace in desk.window.workspaces.all():
        assert f"View > Workspace > {workspace.title}" in names
    for scheme in SCHEMES:
        assert f"View > Appearance > {scheme}" in names


def test_commands_have_unique_names(desk):
    commands = find_commands(desk.window)
    assert len({command.name for command in commands}) == len(commands) > 50


def test_a_new_action_is_a_command_without_more(desk):
    ran = []
    menu = desk.window.menuBar().addMenu("E&xtra").addMenu("Deeper")
    action = QAction("&Brand new…", menu)
    action.triggered.connect(lambda: ran.append(True))
    menu.addAction(action)
    by_name(desk)["Extra > Deeper > Brand new…"].run()
    assert ran == [True]


def test_commands_say_whether_they_apply_and_are_on(desk):
    names = by_name(desk)
    assert not names["Train > Pause"].enabled
    assert not names["View > Delete workspace"].enabled
    assert names["View > Workspace > Explore"].checked
    assert not names["View > Workspace > Train"].checked
    assert names["Edit > Random z"].keys == "R"
    names["View > Workspace > Train"].run()
    desk.settle()
    names = by_name(desk)
    assert names["View > Workspace > Train"].checked
    assert not names["View > Workspace > Explore"].checked


def test_keys_of_panels_go_to_the_panels_they_name(desk):
    keys = {c.keys: c.title for c in find_commands(desk.window) if c.path == ("Panel",) and c.keys}
    contents = desk.window.workspaces.contents()
    assert [*keys] == [f"Alt+{n}" for n in range(1, len(contents) + 1)]
    assert [*keys.values()] == [desk.window.docks[key].panel.title for key in contents]


def test_a_hidden_panel_is_shown_and_gets_the_focus(desk):
    dock = desk.window.docks["neighbours"]
    assert dock.isHidden()
    by_name(desk)["Panel > Neighbours"].run()
    desk.until(lambda: dock.is_seen and dock.isAncestorOf(desk.window.focusWidget()))
    by_name(desk)["View > Panel > Hide Neighbours"].run()
    desk.until(dock.isHidden)


def test_matches_of_the_title_come_before_those_of_the_path():
    names = ("Train > Stop and keep", "View > Workspace > Train", "Train > Train more epochs…")
    assert ranked("train", *names) == [*names[1:], names[0]]
    assert ranked("more ep", *names) == ["Train > Train more epochs…"]
    assert ranked("work tr", *names) == ["View > Workspace > Train"]


def test_what_a_command_does_is_searched_last(desk):
    titles = [each.title for each in rank_commands(find_commands(desk.window), "encode")]
    assert {"Open image…", "Paste image"} <= {*titles}
    titles = [each.title for each in rank_commands(find_commands(desk.window), "image")]
    assert titles[0] == "Image"
    assert titles.index("Open image…") < titles.index("Samples")


def test_letters_in_their_order_match_where_nothing_else_does():
    names = ("Train > Pause", "Edit > Paste image", "View > Appearance > Dark")
    assert ranked("trps", *names) == ["Train > Pause"]
    assert ranked("pa", *names) == ["Train > Pause", "Edit > Paste image"]
    assert ranked("xyz", *names) == []


def test_recently_used_commands_come_first_among_equals():
    names = ("Edit > Undo", "Edit > Redo", "Edit > Random z")
    recent = ("Edit > Random z", "Gone > Away", "Edit > Redo")
    assert ranked("", *names, recent=recent) == ["Edit > Random z", "Edit > Redo", "Edit > Undo"]
    assert ranked("r", *names, recent=["Edit > Redo"])[0] == "Edit > Redo"
    assert ranked("undo", *names, recent=recent) == ["Edit > Undo"]


def test_texts_of_actions_are_read_as_they_are_shown():
    assert plain("&Open\N{HORIZONTAL ELLIPSIS}") == "Open\N{HORIZONTAL ELLIPSIS}"
    assert plain(literal("Q&A")) == "Q&A"
