"""Answer about the export of the open model."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.errors import RunError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.runs.child_process import in_process
from latentlab.runs.model_export import ModelSource, export_at_once, export_model
from latentlab.session.files.model_export import ExportModel, ModelFormat, model_format
from latentlab.session.request import Exported
from latentlab.work import Progress, with_progress


@answer.register
def _(request: ExportModel, explorer: Explorer) -> Generator[Progress, None, Exported]:
    if explorer.card is None:
        raise RunError("No model is open yet.", "Open one from the library.")
    card = explorer.card
    source = ModelSource.of(card.name, card.recipe, card.spec, explorer.model)
    return Exported(request.path, (yield from _exported(source, request)))


def _exported(source: ModelSource, request: ExportModel) -> Generator[Progress, None, str]:
    """Write the model; ONNX in a process, since torch traces it for seconds with the GIL held."""
    if model_format(request.path) is ModelFormat.SAFETENSORS:
        return (yield from export_model(source, request.path, half=request.half))
    pieces = in_process(
        export_at_once,
        str(request.path),
        request.half,
        request.part.value,
        files=source.to_files(),
        problem=f"{request.path} cannot be written",
    )
    return (yield from with_progress(pieces, "Exporting the model"))
