"""Names of the steps of undo."""

from dataclasses import replace

from latentlab.session.form import Field, Kind
from latentlab.session.points import GridSettings, Point
from latentlab.session.undo.snapshot import Snapshot, differences, step_title

FIRST = Snapshot(
    point=Point((0.0,)),
    draft={"objective": {"kind": "elbo", "beta": 1.0}, "training": {"epochs": 3}},
    choices={"order of sliders": 0},
)
BETA = Field("beta", "Beta", "", "number", 1.0)


def test_a_step_is_named_after_what_it_changes():
    def title(**changes):
        return step_title(differences(FIRST, replace(FIRST, **changes)))

    assert title(point=Point((1.0,))) == "move of z"
    assert title(grid=GridSettings(5)) == "change of the manifold"
    assert title(choices={"order of sliders": 1}) == "change of order of sliders"
    assert title() == ""


def test_a_step_in_the_form_is_named_by_the_title_of_its_field():
    beta = {**FIRST.draft, "objective": {"kind": "elbo", "beta": 4.0}}
    changed = differences(FIRST, replace(FIRST, draft=beta))
    assert changed == ("recipe.objective.beta",)
    form = (Field("objective", "Objective", "", "kind", kinds=(Kind("elbo", fields=(BETA,)),)),)
    assert step_title(changed) == "change of objective.beta"
    assert step_title(changed, form) == "change of beta"
    other = {"objective": {"kind": "info"}, "training": {"epochs": 3}}
    assert step_title(differences(FIRST, replace(FIRST, draft=other)), form) == (
        "change of objective"
    )
    both = {**beta, "training": {"epochs": 9}}
    assert step_title(differences(FIRST, replace(FIRST, draft=both)), form) == (
        "change of the recipe"
    )
