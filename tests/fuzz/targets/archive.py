"""ZIP files of pictures and of tables about them."""

from fuzz.harness import target
from mutation_support import PACKED

from latentlab.data.files.archive import find_pictures
from latentlab.data.files.decoding import decoder
from latentlab.data.files.image_file import ImageFormat
from latentlab.data.files.pages import find_pages
from latentlab.data.files.thread_map import in_parallel
from latentlab.data.tables.attribute_table import read_beside
from latentlab.work import finish


def read_archive(file):
    source = finish(find_pictures(file))
    try:
        finish(find_pages(source))
        units = [(entry,) for entry in source.entries[:4]]
        for _ in in_parallel(decoder(source, ImageFormat(8, 8)), units):
            pass
        read_beside(source)
    finally:
        source.close()


@target(PACKED)
def reads(content, folder):
    file = folder / "pictures.zip"
    file.write_bytes(content)
    return [lambda: read_archive(file)]
