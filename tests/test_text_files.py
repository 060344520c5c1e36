"""Text files in the encodings of other programs."""

import pytest

from latentlab.text_files import MAX_BYTES, decode_text, read_text

TEXT = "a = 'ü'\nb = 2\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_is_read_whatever_program_wrote_it(tmp_path, encoding, end):
    (tmp_path / "note").write_bytes(TEXT.replace("\n", end).encode(encoding))
    assert read_text(tmp_path / "note") == TEXT


@pytest.mark.parametrize("content", [b"", b"a", b"\r", "é".encode()])
def test_small_texts(content):
    assert decode_text(content) == content.decode().replace("\r", "\n")


@pytest.mark.parametrize("content", ["ü = 1".encode("latin-1"), b"\xff\xfeodd", b"\x89PNG\r\n\x1a"])
def test_what_is_no_text_is_told_with_what_to_do(content):
    with pytest.raises(ValueError, match="save it as UTF-8"):
        decode_text(content)


def test_what_is_too_large_for_a_text_is_not_read(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ValueError, match="larger than 8 MB"):
        read_text(tmp_path / "large")
