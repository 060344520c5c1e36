"""Classes by name or number."""

import pytest

from latentlab.errors import RunError
from latentlab.explorer.naming import class_index

NAMES = ("cat", "Dog", "1")


@pytest.mark.parametrize(
    ("label", "index"), [("cat", 0), ("dog", 1), ("1", 2), ("2", 2), ("002", 2), ("0", 0), (1, 1)]
)
def test_a_class_is_found_by_its_name_or_else_by_its_number(label, index):
    assert class_index(NAMES, label) == index


@pytest.mark.parametrize("label", ["owl", "3", "-1", "", "1.0", "²", 3, -1, 0.5, "9" * 5000])
def test_what_names_no_class_is_refused_with_the_classes(label):
    with pytest.raises(RunError, match="There is no class") as caught:
        class_index(NAMES, label)
    assert "cat" in caught.value.advice
    assert len(caught.value.message) < 300
