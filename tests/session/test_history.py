"""Undo."""

from latentlab.session.undo.history import MAX_ENTRIES, History


def test_back_and_forth():
    history = History("a")
    assert (history.current, history.can_undo, history.can_redo) == ("a", False, False)
    history.push("b")
    history.push("c")
    assert (history.undo(), history.undo()) == ("b", "a")
    assert (history.can_undo, history.can_redo) == (False, True)
    assert (history.redo(), history.redo()) == ("b", "c")
    assert (history.can_undo, history.can_redo) == (True, False)


def test_the_ends_hold():
    history = History(1)
    assert history.undo() == 1
    assert history.redo() == 1
    history.push(2)
    assert history.redo() == 2
    assert (history.undo(), history.undo(), history.redo()) == (1, 1, 2)


def test_pushing_forgets_what_was_undone():
    history = History(1)
    for item in (2, 3):
        history.push(item)
    history.undo()
    history.push(4)
    assert not history.can_redo
    assert history.undo() == 2


def test_pushing_what_is_there_changes_nothing():
    history = History((0.0, 1.0))
    history.push((0.0, 1.0))
    assert not history.can_undo
    history.push((2.0, 2.0))
    history.undo()
    history.push((0.0, 1.0))
    assert history.can_redo, "an equal push forgot what could be redone"


def test_it_remembers_only_so_much():
    history = History(0)
    for i in range(1, MAX_ENTRIES + 50):
        history.push(i)
    steps = 0
    while history.can_undo:
        history.undo()
        steps += 1
    assert (steps, history.current) == (MAX_ENTRIES - 1, 50)


def test_what_was_so_all_along_is_in_every_value():
    history = History("a")
    history.push("b")
    history.push("c")
    history.undo()
    history.amend(str.upper)
    assert (history.current, history.undo()) == ("B", "A")
    assert (history.redo(), history.redo()) == ("B", "C")
