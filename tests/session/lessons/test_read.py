"""Lessons are read strictly: what is wrong is said with its line, and nothing in them can run."""

import pytest

from latentlab.errors import DataError
from latentlab.session.lessons.calls import Call
from latentlab.session.lessons.read import MAX_STEPS, parse_lesson

HEADER = '+++\ntitle = "T"\nminutes = 5\nabout = "A"\n+++\n'


def parse(body, header=HEADER):
    return parse_lesson(header + body)


def problem(body, header=HEADER):
    with pytest.raises(DataError) as caught:
        parse(body, header)
    return str(caught.value)


def test_a_step_has_text_fields_and_calls():
    found = parse(
        """
## First

Some **text**
white: still text, since it stands in a paragraph.

panels: map, image
formula: a = b
do: One.
do: Two,
  in two lines.
check: z_value(dimension = 2, at_least = 1.5)
show: go_home()
show: slide(dimension = 2, to = -2.0)
question: Why?
answer: So.

## Second
"""
    )
    first, second = found.steps
    assert first.title == "First"
    assert first.text.startswith("Some **text**\nwhite: still text")
    assert first.panels == ("map", "image")
    assert first.formula == "a = b"
    assert first.hints == ("One.", "Two, in two lines.")
    assert first.check == Call("z_value", {"dimension": 2, "at_least": 1.5}, line=17)
    assert [show.name for show in first.shows] == ["go_home", "slide"]
    assert first.shows[1].arguments == {"dimension": 2, "to": -2.0}
    assert (first.question, first.answer) == ("Why?", "So.")
    # The panels stay until a step names others.
    assert second.panels == ("map", "image")


def test_the_header_may_carry_a_recipe():
    header = HEADER.replace("+++\n", '+++\nscene = "a.scene"\n', 1)
    header = header.removesuffix("+++\n") + "[recipe.objective]\nbeta = 4\n+++\n"
    found = parse("## A\n", header)
    assert found.header.recipe == {"objective": {"beta": 4}}
    assert found.header.scene == "a.scene"


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("", 6, "no step"),
        ("text\n## A\n", 6, "before the first step"),
        ("## A\n\nchek: z_moved()\n", 8, "Did you mean check?"),
        ("## A\ncheck: z_mooved()\n", 7, "Did you mean z_moved?"),
        ("## A\ncheck: z_moved(far = 1)\n", 7, "takes no 'far'"),
        ("## A\ncheck: z_value()\n", 7, "needs 'dimension'"),
        ('## A\ncheck: z_value(dimension = "1")\n', 7, "not of type int"),
        ("## A\ncheck: z_value(dimension = true)\n", 7, "not of type int"),
        ("## A\ncheck: z_moved(distance = nan)\n", 7, "not of type float"),
        ("## A\ncheck: z_moved(distance = " + 400 * "9" + ")\n", 7, "not of type float"),
        ('## A\ncheck: path_kinds(kinds = [["straight"]])\n', 7, "not of type list[str]"),
        ('## A\ncheck: path_kinds(kinds = ["curved"])\n', 7, "knows no kinds 'curved'"),
        ('## A\ncheck: answered(what = "hole")\n', 7, "Did you mean holes?"),
        ('## A\ncheck: view(layout = "XYZ")\n', 7, "t-SNE"),
        ("## A\ncheck: grid(n = 51)\n", 7, "n = 51 of grid is not between 2 and 50"),
        ("## A\ncheck: __import__('os')\n", 7, "arguments of __import__"),
        ("## A\ncheck: z_moved() or z_moved()\n", 7, "arguments of z_moved"),
        ("## A\ncheck: z_moved\n", 7, "is not of the form"),
        ("## A\ncheck: z_moved(distance = 1}, x = {y = 2)\n", 7, "arguments of z_moved"),
        ("## A\ncheck: z_moved(distance = open('x'))\n", 7, "arguments of z_moved"),
        ("## A\nquestion: Why?\n", 6, "needs an answer"),
        ("## A\ncheck: z_moved()\ncheck: z_moved()\n", 8, "twice"),
        ("## A\npanels: a, b, c, d, e\n", 7, "at most 4 panels"),
        ("## A\nimage: ../a.png\n", 7, "without a folder"),
        ("## A\n<img src='file:///a'>\n", 7, "HTML"),
        ("## A\n![](a.png)\n", 7, "HTML and images"),
        ("## A\ndo: Go.\nlate text\n", 8, "text after the fields"),
        ("## A\ndo:\n", 7, "characters"),
        ("## " + "A" * 200 + "\n", 6, "1 to 120 characters"),
        ("## A\n" + "x" * 7000 + "\n", 6, "longer than"),
        ("## A\n" * (MAX_STEPS + 1), 6 + MAX_STEPS, "more than"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(body, line, says):
    found = problem(body)
    assert f"Line {line} of the lesson" in found
    assert says in found


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("", "no header"),
        ("+++\n", "no header"),
        ("+++\ntitle = ]\n+++\n", "line 2"),
        ("+++\nminutes = " + 5000 * "9" + "\n+++\n", "4300 digits"),
        ('+++\ntitle = "T"\nabout = "A"\n+++\n', "minutes"),
        (HEADER.replace("minutes = 5", "minutes = 0"), "minutes"),
        (HEADER.replace("minutes", "time"), "minutes"),
        (HEADER.replace("+++\n", '+++\nmodel = "../m"\n', 1), "model"),
        (HEADER.replace("+++\n", '+++\nscript = "x"\n', 1), "script"),
    ],
)
def test_a_wrong_header_is_refused(header, says):
    assert says in problem("## A\n", header)
