"""Names of unsupported file formats, and advice on how to convert them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_AS_JPEG = "save them as JPEG"
_AS_PNG = "export them as PNG"
_FRAMES = "save their frames as PNG, such as with: ffmpeg -i film.mp4 %05d.png"
_AS_TIFF = "export them as TIFF or PNG of 8 or 16 bits"
_GROUPS = (
    ("HEIC", _AS_JPEG, "heic heif hif"),
    ("JPEG XL", _AS_JPEG, "jxl"),
    ("raw photograph", "develop them as JPEG or TIFF", "cr2 cr3 crw nef nrw arw srf sr2 dng orf"),
    ("raw photograph", "develop them as JPEG or TIFF", "rw2 raf pef srw x3f raw 3fr iiq kdc mrw"),
    ("SVG", _AS_PNG, "svg svgz"),
    ("PDF", _AS_PNG, "pdf"),
    ("PostScript", _AS_PNG, "eps ps ai"),
    ("image project", _AS_PNG, "xcf kra psb clip afphoto sketch"),
    ("video", _FRAMES, "mp4 mov avi mkv webm m4v wmv mpg mpeg 3gp mts flv ogv"),
    ("DICOM", _AS_TIFF, "dcm dicom"),
    ("volume", f"{_AS_TIFF}, slice by slice", "nii mha mhd nrrd"),
    ("microscope", _AS_TIFF, "czi lsm nd2 lif oib oif vsi svs ndpi scn"),
    ("floating-point image", _AS_TIFF, "exr hdr"),
    ("spreadsheet", "save them as CSV", "xlsx xls xlsm ods numbers"),
    ("Feather", "save them as CSV", "feather"),
    ("array", "open them as the data set kind arrays", "npy npz"),
    ("archive", "unpack them", "zip tar tgz gz bz2 xz rar 7z"),
)
KINDS = {
    f".{suffix}": (kind, advice)
    for kind, advice, suffixes in _GROUPS
    for suffix in suffixes.split()
}
"""Name and advice by suffix."""


def kind_of(name: str) -> str:
    """Return the name of a file's unsupported format; empty if it is not in `KINDS`."""
    return KINDS.get(os.path.splitext(name)[1].lower(), ("", ""))[0]


def advice_of(name: str) -> str:
    """Return the advice for a file of an unsupported format, as a sentence; else empty."""
    kind, advice = KINDS.get(os.path.splitext(name)[1].lower(), ("", ""))
    action = _of(advice, 1)
    return f"{kind[:1].upper()}{kind[1:]} files are not read: {action}." if kind else ""


def summary(counts: Mapping[str, int]) -> str:
    """Return a note with the count of each unsupported format and the advice; empty for none."""
    advice = dict(KINDS.values())
    return " ".join(
        f"{_counted(kind, count)} not read: {_of(advice[kind], count)}."
        for kind, count in sorted(counts.items(), key=lambda item: -item[1])
    )


def _counted(kind: str, count: int) -> str:
    return f"1 {kind} file is" if count == 1 else f"{count:,} {kind} files are"


def _of(advice: str, count: int) -> str:
    if count > 1:
        return advice
    return advice.replace(" them", " it").replace("their ", "its ")
