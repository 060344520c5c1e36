"""Menu of classes: listed when it opens, in submenus if there are many."""

from gui_support import actions_of

from latentlab.widgets.kit.class_menu import MAX_IN_MENU, ClassMenu


def test_classes_are_listed_when_the_menu_opens(application):
    menu, chosen = ClassMenu(prefix="Mean of "), []
    menu.chosen.connect(chosen.append)
    menu.offer(("ant", "bee"))
    assert menu.actions() == []
    assert [action.text() for action in actions_of(menu)] == ["Mean of ant", "Mean of bee"]
    menu.actions()[1].trigger()
    menu.offer(("cat",))
    assert [action.text() for action in actions_of(menu)] == ["Mean of cat"]
    assert chosen == [1]


def test_many_classes_are_in_submenus(application):
    menu, chosen = ClassMenu(), []
    menu.chosen.connect(chosen.append)
    names = [f"class {i}" for i in range(1000)]
    menu.offer(names)
    parts = actions_of(menu)
    assert parts[0].text() == "class 0 to class 39"
    assert max(len(part.menu().actions()) for part in parts) == MAX_IN_MENU
    listed = [action for part in parts for action in part.menu().actions()]
    assert [action.text() for action in listed] == names
    listed[765].trigger()
    assert chosen == [765]
