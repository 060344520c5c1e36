"""What tables say of pictures: their forms, whose rows are whose, and classes made of them."""

import numpy as np
import pytest

from latentlab.data.attributes import attributes_of, classes_from
from latentlab.data.base import Attributes
from latentlab.data.table import parse_table, plain
from latentlab.errors import DataError

NAMES = ["a/1.png", "a/2.png", "b/3.png"]
NAN = float("nan")


def read(text, names=NAMES, encoding="utf-8"):
    return attributes_of(parse_table(text.encode(encoding)), names).attributes


@pytest.mark.parametrize(
    "text",
    [
        "file,Smiling\n1.png,1\n2.png,0\n3.png,1\n",
        "file;Smiling\r\n1.png;1\r\n2.png;0\r\n3.png;1\r\n",
        "file\tSmiling\n1.png\t1\n2.png\t0\n3.png\t1",
        "file,Smiling\n3,yes\n2,No\n1,TRUE\n",
        'file,Smiling\n"b/3.png","1"\n"a/2.png","0"\n"a/1.png","1"\n',
        "3\nSmiling\n1.png  1\n2.png -1\n3.png  1\n",
        "file Smiling\n1.png  1\n2.png -1\n3.png  1\n",
        "\ufefffile,Smiling\n1.png,1.0\n2.png,0.0\n3.png,1.0\n",
        "Smiling,comment,file\n1,cat,./a/1.PNG\n0,dog,a\\2.png\n1,emu,data/set/b/3.png\n",
        "Smiling\n1\n0\n1\n",
        "Smiling,again\n1\n0,\n1,\n",
    ],
)
def test_tables_of_many_forms_say_the_same(text):
    found = read(text)
    assert found.names == ("smiling",)
    assert found.values.dtype == np.float32
    np.testing.assert_array_equal(found.values[:, 0], (1, 0, 1))


def test_numbers_and_what_is_not_known():
    found = read("file,Age,Weight_kg\n1.png,20,1.5\n3.png,,-2e3\n")
    assert found.names == ("age", "weight kg")
    np.testing.assert_array_equal(found.values, ((20, 1.5), (NAN, NAN), (NAN, -2000)))


def test_commas_in_numbers_between_semicolons():
    np.testing.assert_array_equal(read("x\ty\n1\t2\n3\t4\n5\t6").values[0], (1, 2))
    np.testing.assert_array_equal(read("file;x\n1;0,5\n2;1,5\n3;2").column("x"), (0.5, 1.5, 2))


def test_text_in_another_encoding():
    assert read("Datei,Größe\n1.png,1\n", encoding="latin-1").names == ("größe",)


def test_columns_of_the_same_name_are_told_apart():
    assert read("file,x,X,x\n1.png,1,2,3\n").names == ("x", "x 2", "x 3")


def test_numbers_that_could_name_pictures_are_values_unless_their_head_says_so():
    """Even where pictures are called so."""
    found = read("on,id\n1,2\n0,1\n1,0\n", ["0.png", "1.png", "2.png"])
    assert found.names == ("on",)
    np.testing.assert_array_equal(found.column("on"), (1, 0, 1))


def test_a_name_that_two_pictures_share_names_neither():
    found = read("file,x\n1.png,5\na/1.png,6\n2.png,7\n", ["a/1.png", "b/1.png", "b/2.png"])
    np.testing.assert_array_equal(found.column("x"), (6, NAN, 7))


def test_composed_and_decomposed_letters_are_the_same():
    found = read("file,x\ngro\u0308\u00dfe.png,5\n", ["gr\u00f6\u00dfe.png", "b.png"])
    np.testing.assert_array_equal(found.column("x"), (5, NAN))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no line of column names"),
        ("file,x\n", "no line of column names"),
        ("x\n1\n2\n", "2 rows cannot be told to belong to 3 pictures"),
        ("file,species\n1.png,cat\n2.png,dog\n", "none of its columns"),
        ("file,x\n1.png,\n2.png,\n", "none of its columns"),
    ],
)
def test_tables_of_no_use_say_why(text, message):
    with pytest.raises(DataError, match=message):
        read(text)


def attributes(**columns):
    values = np.array(list(columns.values()), np.float32).T
    return Attributes(tuple(plain(name) for name in columns), values)


def test_classes_are_the_combinations_that_occur():
    known = attributes(Smiling=[1, 0, 1, 0], Wearing_Hat=[1, 0, 0, 0])
    labels, names = classes_from(known, ["Smiling", "wearing_hat"])
    assert names == (
        "smiling, wearing hat",
        "smiling, no wearing hat",
        "no smiling, no wearing hat",
    )
    assert labels.dtype == np.int64
    assert labels.tolist() == [0, 2, 1, 2]


def test_classes_of_few_and_of_many_values():
    labels, names = classes_from(attributes(legs=[4, 2, 4, 6]), ["legs"])
    assert names == ("legs 2", "legs 4", "legs 6")
    assert labels.tolist() == [1, 0, 1, 2]
    labels, names = classes_from(attributes(age=[1, 2, 3, 4, 50, 60, 70]), ["age"])
    assert names == ("age up to 4", "age above 4")
    assert labels.tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_what_is_not_known_is_a_class_of_its_own():
    labels, names = classes_from(attributes(hat=[1, NAN, 0], tall=[0, 0, 0]), ["hat"])
    assert names == ("hat", "no hat", "hat unknown")
    assert labels.tolist() == [0, 2, 1]


def test_an_attribute_chosen_twice_counts_once():
    assert classes_from(attributes(hat=[1, 0]), ["hat", "Hat"])[1] == ("hat", "no hat")
