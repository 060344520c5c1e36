"""The images of a data set as PNG files in a folder."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.atomic_write import write_atomically
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.latent.encode import to_hwc
from latentlab.learning.recipe import make_recipe
from latentlab.runs.image_files import encoded_png
from latentlab.session.files.dataset import SaveImageFolder
from latentlab.session.request import Exported
from latentlab.work import Progress

FILES_PER_STEP = 20
"""Files between two reports of progress."""


@answer.register
def _(request: SaveImageFolder, explorer: Explorer) -> Generator[Progress, None, Exported]:
    folder = request.path
    if folder.is_dir() and any(folder.iterdir()):
        return Exported(folder)
    data = dict(request.data)
    images = (yield from make_recipe({"data": data}).data.load()).whole()
    for row in range(len(images)):
        image = images[row : row + 1]
        names = images.spec.class_names
        place = folder if image.labels is None else folder / names[int(image.labels[0])]
        place.mkdir(parents=True, exist_ok=True)
        content = encoded_png(to_hwc(image.images)[0], {"data": data})
        write_atomically(place / f"{row:05}.png", content, durable=False)
        if row % FILES_PER_STEP == 0:
            yield Progress("Writing images", row / len(images))
    return Exported(folder)
