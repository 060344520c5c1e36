"""What tables say of pictures: their forms, whose rows are whose, and classes made of them."""

import numpy as np
import pytest

from latentlab.data.attributes import attributes_of, classes_from
from latentlab.data.image_set import Attributes
from latentlab.data.tables import table
from latentlab.data.tables.table import parse_table, plain
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
        ("x\n1\n2\n", "2 rows cannot be matched to 3 images"),
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


# Whatever a spreadsheet, pandas or Kaggle writes

COUNTED = [f"img{i}.png" for i in range(12)]
"""Pictures whose textual order is not that of their numbers."""


def described(text, names=COUNTED, folder=(), encoding="utf-8"):
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return attributes_of(parse_table(content), names, folder)


def rows(head, separator=",", end="\n", cell="{name}{s}{i}"):
    lines = [cell.format(name=name, s=separator, i=i) for i, name in enumerate(COUNTED)]
    return end.join([head.replace(",", separator), *lines]) + end


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_line_ends(encoding, separator, end):
    text = rows("file,größe", separator, end, "{name}{s}{i}")
    found = described(text, encoding=encoding)
    assert found.attributes.names == ("größe",)
    assert found.attributes.values[:, 0].tolist() == list(range(12))
    assert any("cp1252" in note for note in found.notes) == (encoding == "cp1252")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("ファイル,クラス\nねこ.png,1\nいぬ.png,2\n", "shift_jis"),
        ("файл,число\nкот.png,1\nпёс.png,2\n", "cp1251"),
        ("fichier,nombre\nforêt.png,1\nmaïs.png,2\n", "cp1252"),
    ],
)
def test_code_pages_of_other_scripts_are_guessed_and_told(text, encoding):
    names = [line.split(",")[0] for line in text.splitlines()[1:]]
    found = described(text, names, encoding=encoding)
    assert found.attributes.values[:, 0].tolist() == [1, 2]
    assert "not in UTF-8" in found.notes[0]


@pytest.mark.parametrize("hint", ["sep=;\n", "sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_a_hint_for_excel_is_no_line_of_names(hint):
    found = described(hint + rows("file,x", ";"))
    assert found.attributes.column("x").tolist() == list(range(12))


@pytest.mark.parametrize("letter", ["\u2028", "\u0085", "\x0b", "\x1c", "\n", "\r\n"])
def test_line_ends_inside_cells_stay_there(letter):
    found = described(rows("file,comment,x", cell='{name}{s}"a' + letter + 'b{i}"{s}{i}'))
    assert found.attributes.column("x").tolist() == list(range(12))
    assert found.notes == ("Columns left out: comment (a different word for each image).",)


@pytest.mark.parametrize("mark", ["-", "--", "NA", "n/a", "<NA>", "#N/A", "null", "?", ".", "NaT"])
def test_one_bad_or_missing_cell_costs_that_cell_only(mark):
    for word, told in ((mark, False), ("twelve", True)):
        text = rows("file,x").replace("img3.png,3", f"img3.png,{word}")
        found = described(text)
        expected = [i if i != 3 else NAN for i in range(12)]
        np.testing.assert_array_equal(found.attributes.column("x"), expected)
        assert any("'twelve' in x" in note for note in found.notes) == told


@pytest.mark.parametrize(
    ("separator", "words", "expected"),
    [
        (";", ["0,5", "1", "-2,25", "1,5e1"], [0.5, 1, -2.25, 15]),
        (",", ['"0,5"', "1", '"2,25"', "3"], [0.5, 1, 2.25, 3]),
        (";", ["1.234,5", "0,5", "2.000,0", "7"], [1234.5, 0.5, 2000, 7]),
        (",", ['"1,234"', '"12,000"', "7", "8.5"], [1234, 12000, 7, 8.5]),
        (";", ["1,234.5", "1,000.0", "7", "8"], [1234.5, 1000, 7, 8]),
        ("\t", ["1 234,5", "2\u202f000,5", "7", "8"], [1234.5, 2000.5, 7, 8]),
        (";", ["0,5", "1.234", "1,5", "2,5"], [0.5, NAN, 1.5, 2.5]),  # either could be meant
        (";", ["1.5", "1.25", "7", "8"], [1.5, 1.25, 7, 8]),
    ],
)
def test_decimal_commas_and_thousands(separator, words, expected):
    lines = [f"{i}.png{separator}{word}" for i, word in enumerate(words)]
    text = "\n".join([f"file{separator}x", *lines])
    found = described(text, [f"{i}.png" for i in range(4)])
    np.testing.assert_allclose(found.attributes.column("x"), expected)


def test_commas_in_names_stay_whatever_is_done_to_numbers():
    names = [f"Smith, J. 1,{i}.png" for i in range(6)]
    lines = "".join(f"{name};{i},5\n" for i, name in reversed(list(enumerate(names))))
    found = described(f"who;age\n{lines}", names)
    assert found.attributes.column("age").tolist() == [i + 0.5 for i in range(6)]


def test_what_keeps_excel_from_changing_names_is_taken_off():
    found = described('nr,x\n="001",5\n="002",6\n', ["001.png", "002.png"])
    assert found.attributes.column("x").tolist() == [5, 6]


def test_a_row_with_more_cells_than_names_is_left_out_and_told():
    found = described(rows("file,x").replace("img3.png,3\n", "img3.png,3,5\n"))
    assert np.isnan(found.attributes.column("x")).tolist() == [i == 3 for i in range(12)]
    assert found.notes[0].endswith("more cells than the header: 1.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"file,x\n" + b"a" * 200_000 + b",1\n", "field larger than field limit"),
        (rows("file,x", cell="{name},{i},5").encode(), "more cells than the 2"),
        (b"\x00\x01\x02" * 50, "it "),
        (b"file,x\n\xff\xfe\xfd,\x81\n", "no column"),
    ],
)
def test_tables_that_cannot_be_read_are_told(content, message):
    with pytest.raises(DataError, match=message):
        described(content)


def test_a_table_has_a_limit(monkeypatch):
    monkeypatch.setattr(table, "MAX_BYTES", 10)
    with pytest.raises(DataError, match="the maximum is 10"):
        described(rows("file,x"))


# Names decide


@pytest.mark.parametrize("head", ["ImageId", "img", "picture number", "Image_ID", "nr", "#", "who"])
@pytest.mark.parametrize("number", ["{n}", "{n}.0", "{n:03}"])
def test_numbers_under_any_head_name_pictures_that_are_called_so(head, number):
    names = [f"{n}.png" for n in range(1, 13)]
    lines = [f"{number.format(n=n)},{n / 2}" for n in range(12, 0, -1)]
    found = described("\n".join([f"{head},x", *lines]), names)
    assert found.attributes.names == ("x",)
    assert found.attributes.column("x").tolist() == [n / 2 for n in range(1, 13)]
    assert found.named == 12


def test_numbers_behind_one_and_the_same_word_name_pictures():
    lines = "".join(f"{i},{i / 2}\n" for i in reversed(range(12)))
    assert described(f"id,x\n{lines}").attributes.column("x").tolist() == [i / 2 for i in range(12)]


@pytest.mark.parametrize("head", ["id", "nr"])
def test_numbers_that_are_one_off_are_refused(head):
    """As those that pandas counts rows by, from 0, beside pictures counted from 1."""
    names = [f"{n}.png" for n in range(1, 13)]
    lines = "".join(f"{i},{i / 7}\n" for i in range(12))
    with pytest.raises(DataError, match="numbers 11 of the 12 images"):
        described(f"{head},x\n{lines}", names)


def test_rows_without_names_go_by_the_natural_order_of_files_and_that_is_told():
    found = described("x\n" + "".join(f"{i / 2}\n" for i in range(12)), sorted(COUNTED))
    by_name = dict(zip(sorted(COUNTED), found.attributes.column("x").tolist(), strict=True))
    assert [by_name[name] for name in COUNTED] == [i / 2 for i in range(12)]
    assert found.named == 0
    assert "rows go by order, the first for 'img0.png', the last for 'img11.png'" in found.notes[0]


def test_a_table_without_a_line_of_names():
    lines = "".join(f"{name},{i / 2}\n" for i, name in enumerate(COUNTED))
    found = described(lines)
    assert found.attributes.names == ("column 2",)
    assert found.attributes.column("column 2").tolist() == [i / 2 for i in range(12)]
    classes = described("".join(f"{'cat' if i % 3 else 'dog'}\n" for i in range(12)))
    assert classes.attributes.levels == {"column 1": ("cat", "dog")}
    assert classes.attributes.values[0, 0] == 1
    digits = described("".join(f"{i % 10}\n" for i in range(12)))
    assert digits.attributes.column("column 1").tolist() == [i % 10 for i in range(12)]


def test_a_table_that_is_one_row_short_is_not_taken_to_begin_with_its_names():
    with pytest.raises(DataError, match="11 rows cannot be matched to 12 images"):
        described("label\n" + "cat\ndog\n" * 5 + "cat\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,x\n" + "".join(f"other{i}.jpg,{i}\n" for i in range(12)), "names other files"),
        ("a,b,x\n" + "".join(f"img{i}.png,img{11 - i}.png,1\n" for i in range(12)), "'a' and 'b'"),
    ],
)
def test_names_that_cannot_be_joined_are_refused_even_where_there_are_as_many_rows(text, message):
    with pytest.raises(DataError, match=message):
        described(text)


def test_names_that_fit_several_pictures_each_are_refused():
    names = [f"{folder}/{i}.png" for folder in "ab" for i in range(3)]
    lines = "".join(f"{i}.png,{i}\n" for i in range(3))
    with pytest.raises(DataError, match=r"several images at once, such as '0\.png'"):
        described(f"file,x\n{lines * 2}", names)


def test_what_cannot_be_joined_is_counted_and_named():
    text = rows("file,x").replace("img3.png", "imgX.png").replace("img4.png", "imgY.png")
    notes = described(text).notes
    assert "Images without a row: 2 of 12, such as 'img3.png', 'img4.png'." in notes
    assert "Rows that name no image here: 2, such as 'imgX.png', 'imgY.png'." in notes


def test_pictures_that_are_named_twice():
    """Where the rows say the same, that holds; where they differ, it is unknown and told."""
    found = described(rows("file,x,y", cell="{name},{i},7") + "img2.png,2,8\nimg3.png,,7\n")
    assert found.attributes.column("x").tolist() == list(range(12))
    np.testing.assert_array_equal(found.attributes.column("y"), [7, 7, NAN, *[7] * 9])
    assert any(note.endswith("differing values are unknown: 1.") for note in found.notes)


def test_a_path_names_the_picture_of_its_own_folder():
    """A table of a whole set beside one part of it, and another folder's picture of that name."""
    lines = "data/train/img0.png,1\ndata/test/img0.png,2\ndata/train/img1.png,3\n"
    for lines_in_any_order in (lines, "".join(sorted(lines.splitlines(keepends=True)))):
        found = described(f"path,x\n{lines_in_any_order}", ["img0.png", "img1.png"], ("train",))
        assert found.attributes.column("x").tolist() == [1, 3]


# Words and codes


def test_words_of_a_few_kinds_are_levels_and_free_text_is_left_out_and_named():
    found = described(
        "file,animal,comment,camera,empty,none\n"
        + "".join(f"{n},{'cat' if i % 3 else 'dog'},c{i},X,,\n" for i, n in enumerate(COUNTED))
    )
    assert found.attributes.names == ("animal",)
    assert found.attributes.levels == {"animal": ("cat", "dog")}
    assert found.attributes.values_of(0) == ["dog"]
    (note,) = found.notes
    assert "comment (a different word for each image), camera (the same for all" in note


def test_unknown_words_stay_unknown():
    found = described(rows("file,x", cell="{name},{i}").replace(",3", ",-"))
    assert found.attributes.values_of(3) == [""]


def test_classes_of_words_and_of_codes():
    animals = Attributes(
        ("animal", "hat"),
        np.array([(0, 1), (1, 0), (NAN, 1), (0, 0)], np.float32),
        {"animal": ("cat", "dog")},
    )
    labels, names = classes_from(animals, ["animal"])
    assert (names, labels.tolist()) == (("cat", "dog", "animal unknown"), [0, 1, 2, 0])
    labels, names = classes_from(animals, ["animal", "hat"])
    assert names == ("cat, hat", "cat, no hat", "dog, no hat", "animal unknown, hat")
    labels, names = classes_from(attributes(digit=[*range(10)] * 3), ["digit"])
    assert names == tuple(f"digit {i}" for i in range(10))
    assert labels.tolist() == [*range(10)] * 3


def test_quantities_are_cut_at_their_median():
    for values in (np.arange(300) / 7, np.arange(300) % 90):
        _, names = classes_from(attributes(age=values), ["age"])
        assert len(names) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_damaged_tables_are_read_or_told(encoding):
    rng = np.random.default_rng(3)
    whole = rows("file,größe,animal", ";", cell='"{name}";{i},5;é{i}').encode(encoding)
    messages = []
    for _ in range(150):
        content = bytearray(whole)
        for place in rng.integers(0, len(content), rng.integers(1, 6)):
            content[place] = rng.integers(0, 256)
        start, stop = sorted(rng.integers(0, len(content), 2).tolist())
        content = content[:start] + content[stop:] if rng.random() < 0.3 else content
        try:
            found = described(bytes(content))
        except DataError as error:
            messages.append(error.message)
        else:
            assert found.attributes.values.shape == (12, len(found.attributes.names))
    assert all(0 < len(message) < 600 for message in messages)
