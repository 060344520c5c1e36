"""Fashion-MNIST: 70,000 images of clothing in MNIST's format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self, override

from pydantic import Field

from latentlab.data.data_set import DATA, DataConfig
from latentlab.data.sources.idx_set import IdxSource

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.data.image_set import ImageSpec
    from latentlab.data.parts import Outline, Splits
    from latentlab.work import Progress

CLASS_NAMES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
SOURCE = IdxSource("fashion-mnist", CLASS_NAMES, origin="FashionMNIST")


@DATA.register
class FashionMNISTConfig(DataConfig, title="Fashion-MNIST"):
    """60,000 training and 10,000 test images of clothing, 28×28 grey."""

    downloads: ClassVar[bool] = True
    kind: Literal["fashion-mnist"] = "fashion-mnist"
    root: Path | None = Field(
        None,
        title="Folder",
        description="Folder with the four IDX files, compressed or not, or one of them. Empty: the "
        "folder in LATENTLAB_DATA, then the download folder, then a download.",
    )

    @classmethod
    @override
    def from_path(cls, path: Path, spec: ImageSpec) -> Self | None:
        return cls(root=path) if SOURCE.is_at(path) else None

    @override
    def available(self) -> bool:
        return SOURCE.find(self.root) is not None

    @override
    def outline(self) -> Generator[Progress, None, Outline | None]:
        yield from ()
        return SOURCE.outline(self.root)

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        return (yield from SOURCE.load(self.root))
