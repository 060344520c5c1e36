"""Tables of attributes, of codes and of pixels."""

from fuzz.harness import target
from mutation_support import BYTES, TEXT

from latentlab.data.attributes import attributes_of
from latentlab.data.files.code_file import read_code_file
from latentlab.data.tables.pixel_rows import find_layout, read_rows
from latentlab.data.tables.table import parse_table
from latentlab.work import finish

PICTURES = [f"{i}.png" for i in range(6)]


def read_pixels(file):
    layout = find_layout(file)
    if layout:
        finish(read_rows(file, layout))


@target((*TEXT, *BYTES))
def reads(content, folder):
    file = folder / "about.csv"
    file.write_bytes(content)
    return [
        lambda: attributes_of(parse_table(content), PICTURES, ("faces",), "smile"),
        lambda: read_code_file(file),
        lambda: read_pixels(file),
    ]
