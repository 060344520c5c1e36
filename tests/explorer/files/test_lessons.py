"""Files of lessons: the shipped ones, those of teachers, and the progress in them."""

import numpy as np
import pytest
from PIL import Image

from latentlab.directories import resources
from latentlab.errors import DataError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.files.lessons import read_lesson, shipped_lessons
from latentlab.session.lessons.lesson import KeepProgress, ListLessons, ReadLesson

HEADER = '+++\ntitle = "Mine"\nminutes = 5\nabout = "A"\n{}+++\n'
STEPS = "## One\n\ntext\n\n## Two\n"


@pytest.fixture(autouse=True)
def answers():
    find_answers()


@pytest.fixture
def own(tmp_path):
    """A lesson of a teacher; returns its file."""

    def write(steps=STEPS, more=""):
        file = tmp_path / "mine.md"
        file.write_text(HEADER.format(more) + steps, "utf-8")
        return file

    return write


@pytest.mark.parametrize("path", shipped_lessons(), ids=lambda path: path.stem)
def test_shipped_lessons_are_complete(path):
    lesson = read_lesson(path)
    assert lesson.model
    assert 5 <= lesson.minutes <= 15
    assert all(step.panels and step.text and step.hints for step in lesson.steps)
    # What only has to be read needs no help, and no check that holds before it is read.
    checked = [step for step in lesson.steps if step.check]
    assert 2 * len(checked) > len(lesson.steps)
    assert all(step.shows or step.check.name in {"loss", "finding"} for step in checked)
    assert any(step.question for step in lesson.steps)


# Figures of the shipped models that lessons name


def features(image):
    """Return slant in degrees, sum of the pixels, and deviations across and down."""
    x = image / 255.0
    down, across = np.mgrid[: x.shape[0], : x.shape[1]]
    a, d = (across - (x * across).sum() / x.sum(), down - (x * down).sum() / x.sum())
    slant = np.degrees(np.arctan2(-(x * a * d).sum(), (x * d**2).sum()))
    return np.array([slant, x.sum(), *(np.sqrt((x * v**2).sum() / x.sum()) for v in (a, d))])


def at_both_ends(explorer, dimension):
    """Return the features of each digit where one dimension is -2, and where it is 2."""
    ends = []
    for value in (-2.0, 2.0):
        z = tuple(value if i == dimension - 1 else 0.0 for i in range(20))
        points = [explorer.card.point(z, label) for label in range(10)]
        ends.append(np.array([features(explorer.decode(point).pixels) for point in points]))
    return ends


def test_the_axes_of_lesson_1_change_what_it_says():
    explorer = Explorer()
    explorer.open(resources() / "models" / "digits-cvae")
    low, high = at_both_ends(explorer, 10)
    turned = high[:, 0] - low[:, 0]
    assert turned.min() == pytest.approx(34, abs=2)
    assert turned.max() == pytest.approx(53, abs=2)
    low, high = at_both_ends(explorer, 17)
    assert (high[:, 1] / low[:, 1]).min() >= 2.0
    assert abs(high[:, 0] - low[:, 0]).max() < 5
    low, high = at_both_ends(explorer, 18)
    wider, taller = (high / low)[:, 2], (high / low)[:, 3]
    assert wider[1] == pytest.approx(1.25, abs=0.02)
    assert np.delete(wider, 1).min() == pytest.approx(1.6, abs=0.05)
    assert wider.max() == pytest.approx(2.3, abs=0.05)
    assert abs(taller - 1).max() == pytest.approx(0.16, abs=0.01)


def test_the_regions_of_lesson_2_are_as_small_as_it_says():
    explorer = Explorer()
    explorer.open(resources() / "models" / "digits-2d")
    assert explorer.codes.sigma.mean() == pytest.approx(0.04, abs=0.006)
    assert explorer.codes.mu.std(0) == pytest.approx(1.0, abs=0.1)


# Lessons of teachers


def test_an_image_and_a_scene_lie_beside_the_lesson(own, tmp_path):
    file = own("## One\n\nimage: p.png\n", 'scene = "s.scene"\n')
    with pytest.raises(DataError, match=r"needs p\.png"):
        read_lesson(file)
    Image.fromarray(np.full((4, 5, 3), 7, np.uint8)).save(tmp_path / "p.png")
    with pytest.raises(DataError, match=r"needs s\.scene"):
        read_lesson(file)
    (tmp_path / "s.scene").write_text("{}")
    lesson = read_lesson(file)
    assert lesson.steps[0].image.shape == (4, 5, 3)
    assert lesson.scene == tmp_path / "s.scene"


def test_a_missing_model_and_other_text_are_refused(own):
    with pytest.raises(DataError, match="needs the model 'nothing'"):
        read_lesson(own(more='model = "nothing"\n'))
    file = own()
    file.write_text("# A readme\n")
    with pytest.raises(DataError, match="is not a lesson"):
        read_lesson(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError):
        read_lesson(file)


def test_progress_is_kept(own):
    file = own()
    assert file not in [entry.path for entry in answer(ListLessons(), None)]
    (entry,) = [
        each for each in answer(KeepProgress(file, 1, frozenset({0})), None) if each.path == file
    ]
    assert (entry.title, entry.steps, entry.at, entry.done) == ("Mine", 2, 1, frozenset({0}))
    assert not entry.shipped
    opened = answer(ReadLesson(file), None)
    assert (opened.at, opened.done) == (1, frozenset({0}))
    # The teacher removed a step.
    file.write_text(HEADER.format("") + "## One\n", "utf-8")
    assert answer(ReadLesson(file), None).at == 0


def test_a_damaged_lesson_says_why_in_the_list(own):
    file = own()
    answer(KeepProgress(file, 0), None)
    file.write_text(HEADER.format("") + "## One\ncheck: nothing()\n", "utf-8")
    (entry,) = [each for each in answer(ListLessons(), None) if each.path == file]
    assert entry.steps == 0
    assert "Line 7" in entry.about
