"""Pictures of a data set, and of the user."""

from io import BytesIO

from fuzz.harness import target

from latentlab.data.files.image_file import Decoded, ImageFormat, in_bytes, read_pages
from latentlab.data.image_set import ImageSpec
from latentlab.data.own_image.crop import Preprocessing
from latentlab.data.own_image.preprocess import fit_picture, read_source


def read_set(content):
    pages = read_pages(BytesIO(content), ImageFormat(8, 8), (0, 1))
    in_bytes([page for page in pages if isinstance(page, Decoded)])


@target()
def reads(content, folder):
    file = folder / "picture"
    file.write_bytes(content)
    return [
        lambda: read_set(content),
        lambda: fit_picture(read_source(file), Preprocessing(), ImageSpec((1, 8, 8))),
    ]
