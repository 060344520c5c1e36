"""What a model lacks is greyed with the reason, and not requested."""

from dataclasses import replace

from latentlab.session.abilities import ALL, Ability
from latentlab.session.model import Decode, MakeSamples
from latentlab.widgets.panels.map.overlay_menu import HOLES, MANIFOLD_BACKDROP

BUILT = ("map", "image", "samples")
NO_DECODER = "This needs a decoder, which toy does not have."


def show_without(desk, *lacking):
    model = replace(desk.state.model, abilities=ALL - set(lacking))
    desk.controller.store.set(model=model)
    desk.controller.point.set(desk.state.point.along({0: 0.5}))
    desk.controller.decoding.draw_samples()
    desk.settle()


def reason_of(desk, key):
    dock = desk.window.docks[key]
    return dock.reason.text() if dock.reason.isVisible() else ""


def test_panels_and_actions_without_a_decoder_say_so_and_ask_nothing(desk):
    samples = desk.panel("samples")
    assert samples.isVisible()
    desk.lab.asked.clear()
    show_without(desk, Ability.DECODE)
    assert reason_of(desk, "samples") == NO_DECODER
    assert not samples.isVisible()
    assert not any(isinstance(request, (Decode, MakeSamples)) for request in desk.lab.asked)
    menus = desk.window.menuBar().actions()
    actions = {action.text(): action for menu in menus for action in menu.menu().actions()}
    assert not actions["Random z"].isEnabled()
    assert actions["Random z"].statusTip() == NO_DECODER
    assert actions["Save generated data set…"].statusTip() == NO_DECODER
    assert actions["Mean z"].isEnabled()
    layers = desk.panel("map").layers
    assert layers.actions[MANIFOLD_BACKDROP].toolTip() == NO_DECODER
    assert layers.actions[HOLES].isEnabled()


def test_a_model_that_can_brings_the_panel_back(desk):
    show_without(desk, Ability.DECODE, Ability.ENCODE)
    show_without(desk)
    assert reason_of(desk, "samples") == ""
    assert desk.panel("samples").isVisible()
    assert any(isinstance(request, MakeSamples) for request in desk.lab.asked)


def test_an_action_that_the_model_cannot_do_is_refused_in_words(desk, tmp_path):
    show_without(desk, Ability.ENCODE)
    desk.lab.asked.clear()
    desk.controller.own_image.open(tmp_path / "face.png")
    assert desk.state.failure.title == "This needs an encoder, which toy does not have."
    assert not desk.lab.asked
