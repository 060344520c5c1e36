"""The Own picture panel: draw, open or paste an image, crop it, and inpaint a part of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latentlab.data.own_image.crop import OwnImage, Preprocessing, SourceImage
from latentlab.session.abilities import ENCODER_DECODER
from latentlab.session.own_image import (
    CENTRED_KINDS,
    EncodeOwnImage,
    EstimateElbo,
    EstimateReferenceElbo,
    Inpaint,
)
from latentlab.widgets.kit.clipboard import paste_image
from latentlab.widgets.kit.context_menu import transfer_classes
from latentlab.widgets.kit.dialogs import ask_image_file
from latentlab.widgets.kit.flow_layout import WrappingWidget
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.label_box import LabelBox
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.kit.veil import StaleOverlay
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place
from latentlab.widgets.panels.own_image.canvas import DrawCanvas, Stroke
from latentlab.widgets.panels.own_image.crop_view import CropView
from latentlab.widgets.panels.own_image.inpaint_page import InpaintPage
from latentlab.widgets.panels.own_image.result import OwnImageResult
from latentlab.widgets.panels.own_image.tools import CropTools, DrawTools

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latentlab.data.own_image.crop import CropBox
    from latentlab.session.points import Original
    from latentlab.session.request import Request
    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

DRAWING = "drawing"
DRAW, CROP, MASK = range(3)
PAGES = {
    "Draw": "Draw an image; each stroke is encoded and decoded at once.",
    "Crop": "Choose the part of the image that is encoded.",
    "Mask": "Hide a part of the image, and let the model fill it in.",
}


class OwnImagePanel(PanelWidget):
    """Pages to draw, crop and mask an image, above its reconstruction and ELBO."""

    watches = frozenset(
        {
            "model",
            "codes",
            "own",
            EstimateElbo,
            EstimateReferenceElbo,
            Inpaint,
            "working",
            "is_training",
        }
    )

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.canvas, self.crop = DrawCanvas(), CropView()
        self.draw_tools, self.crop_tools = DrawTools(self.canvas), CropTools()
        self.filling = InpaintPage(controller)
        self.result = OwnImageResult()
        self._make_tools()
        self._stack = QStackedWidget()
        self._stack.addWidget(_page(self.draw_tools, self.canvas))
        self._stack.addWidget(_page(self.crop_tools, self.crop))
        self._stack.addWidget(self.filling)
        self.conditions = LabelBox()
        self.body.addWidget(self.conditions)
        self.body.addWidget(self._stack, 5)
        self.body.addWidget(self.result, 3)
        self._connect()
        result = self.result
        StaleOverlay(result, controller, EncodeOwnImage)
        for label in (result.numbers, result.verdict):
            StaleOverlay(label, controller, EstimateElbo)

    def _make_tools(self) -> None:
        self._pages = QButtonGroup(self)
        for index, (name, tip) in enumerate(PAGES.items()):
            button = QToolButton()
            button.setText(name)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setCheckable(True)
            button.setToolTip(tip)
            self._pages.addButton(button, index)
            self.tools.addWidget(button)
        self._pages.button(DRAW).setChecked(True)
        self.tools.addStretch(1)
        self.label = QComboBox()
        self.label.setAccessibleName("Class of the image")
        self.label.setMinimumWidth(56)
        self.label.setMaximumWidth(120)
        self.label.hide()
        self.label.setToolTip("Class that a conditional model encodes and decodes the image as.")
        self.open = IconButton("folder", "Open an image  (Ctrl+I)")
        self.paste = IconButton("paste", "Paste an image, or a copied image file  (Ctrl+V)")
        self.forget = IconButton("close", "Remove the image; z stays as it is")
        for widget in (self.label, self.open, self.paste, self.forget):
            self.tools.addWidget(widget)

    def _connect(self) -> None:
        self._pages.idClicked.connect(self.turn_to)
        self.label.activated.connect(self.controller.own_image.relabel)
        self.conditions.chosen.connect(self.controller.own_image.relabel)
        self.open.clicked.connect(self._open)
        self.paste.clicked.connect(self._paste)
        self.forget.clicked.connect(self.controller.own_image.forget)
        self.canvas.drawn.connect(self._on_drawn)
        self.controller.undo.register(
            DRAWING, self._strokes, self.canvas.show_strokes, is_about_model=True
        )
        self.draw_tools.center.clicked.connect(self._on_centered)
        self.crop.framed.connect(self._on_framed)
        self.crop_tools.changed.connect(self._on_fitting)
        self.crop_tools.whole.connect(self._on_whole)
        self.result.back.clicked.connect(self.controller.own_image.return_to)
        self.result.put_a.clicked.connect(self._put_a)
        self.result.put_b.clicked.connect(self._put_b)
        self.result.transfer.chosen.connect(self._transfer)

    @Slot(int)
    def turn_to(self, page: int) -> None:
        """Show a page: `DRAW`, `CROP` or `MASK`."""
        self._pages.button(page).setChecked(True)
        self._stack.setCurrentIndex(page)

    # Content

    @override
    def show_state(self, state: State, changed: Changes) -> None:
        if "model" in changed:
            self._show_model(state)
        if changed & {"own", "model"}:
            self._show_own(state.own)
        if changed & {"own", EstimateElbo, EstimateReferenceElbo, "is_training", "codes"}:
            self.result.show_numbers(state)
        if Inpaint in changed:
            self.filling.show_fills(state)
        self.filling.show_work(state)

    def _show_model(self, state: State) -> None:
        model = state.model
        self.setEnabled(model is not None)
        conditions = model.spec.conditions if model and model.conditional else ()
        self.label.setVisible(model is not None and model.conditional and not conditions)
        self.conditions.offer(conditions)
        if model is None:
            return
        channels, height, width = model.spec.shape
        self.canvas.prepare(width, height, colour=channels == 3)
        kind = model.recipe.get("data", {}).get("kind", model.data)
        self.draw_tools.offer(colour=channels == 3, center=kind in CENTRED_KINDS)
        for box in (self.crop_tools.invert, self.crop_tools.center):
            box.setVisible(channels == 1)
        self.result.transfer.offer(transfer_classes(model))
        if [self.label.itemText(i) for i in range(self.label.count())] != [*model.spec.class_names]:
            self.label.clear()
            self.label.addItems(model.spec.class_names)

    def _show_own(self, own: Original | None) -> None:
        self.forget.setEnabled(own is not None)
        self.result.show_own(own)
        self.filling.show_own(own)
        image = own.own if own else None
        is_drawing = image is not None and image.source.name == DRAWING
        is_new = image is not None and not is_drawing and not self._is_shown(image.source)
        self.crop.set_own(image)
        self.crop_tools.setEnabled(image is not None)
        if image:
            self.crop_tools.invert.setChecked(image.fitting.invert)
            self.crop_tools.center.setChecked(image.fitting.center)
        if own and isinstance(own.point.label, int):
            self.label.setCurrentIndex(own.point.label)
        self.conditions.show_label(own.point.label if own else None)
        if is_new and self._stack.currentIndex() == DRAW:
            self.turn_to(CROP)

    def _is_shown(self, source: SourceImage) -> bool:
        return self.crop.own is not None and self.crop.own.source is source

    @override
    def wants(self, state: State) -> Iterable[Request[Any]]:
        if state.own is None:
            return
        yield EstimateElbo(state.own)
        # During training the codes change every second: a comparison would only slow training.
        if not state.is_training:
            yield EstimateReferenceElbo()

    # User actions

    def _own(self) -> OwnImage | None:
        own = self.controller.state.own
        return own.own if own else None

    def _strokes(self) -> tuple[Stroke, ...]:
        return self.canvas.strokes

    @Slot(bool)
    def _on_drawn(self, settled: bool) -> None:
        if settled:
            # The step follows when the image is encoded.
            self.controller.undo.note_choice(DRAWING)
        if not self.canvas.strokes and settled:
            self.controller.own_image.forget()
            return
        fitting = Preprocessing(center=self.draw_tools.center.isChecked())
        source = SourceImage(DRAWING, self.canvas.pixels())
        self.controller.own_image.show(source, fitting, settled=settled)

    @Slot()
    def _on_centered(self) -> None:
        if self.canvas.strokes:
            self._on_drawn(True)

    @Slot(object, bool)
    def _on_framed(self, frame: CropBox, settled: bool) -> None:
        if own := self._own():
            fitting = replace(own.fitting, frame=frame)
            self.controller.own_image.show(own.source, fitting, settled=settled)

    @Slot()
    def _on_fitting(self) -> None:
        if own := self._own():
            tools = self.crop_tools
            invert, center = tools.invert.isChecked(), tools.center.isChecked()
            fitting = replace(own.fitting, invert=invert, center=center)
            self.controller.own_image.show(own.source, fitting)

    @Slot()
    def _on_whole(self) -> None:
        if own := self._own():
            self.controller.own_image.show(own.source, replace(own.fitting, frame=None))

    @Slot()
    def _open(self) -> None:
        if path := ask_image_file(self):
            self.controller.open_path(path)

    @Slot()
    def _paste(self) -> None:
        paste_image(self.controller)

    @Slot()
    def _put_a(self) -> None:
        self._put("a")

    @Slot()
    def _put_b(self) -> None:
        self._put("b")

    @Slot(int)
    def _transfer(self, label: int) -> None:
        if own := self.controller.state.own:
            self.controller.point.transfer_original(own, label)

    def _put(self, name: str) -> None:
        state = self.controller.state
        if state.own and state.ends:
            self.controller.path.set(state.ends.moved(name, state.own.point))


def _page(tools: QWidget, widget: QWidget) -> QWidget:
    """Return a page with tools above the widget they act on."""
    page = WrappingWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(UNIT // 2)
    column.addWidget(tools)
    column.addWidget(widget, 1)
    return page


PANEL = Panel(
    key="picture",
    title="Your image",
    places={
        "edit": Place(Area.LEFT, 0, 3),
    },
    help="Encodes an image of your own: <b>draw</b> it, open it, paste it, or drop a file on the "
    "window. z becomes its code, the mean of q(z|x), and the map shows two ellipses of its "
    "posterior. The panel shows the image, its reconstruction and the error of each pixel, "
    "and compares the negative ELBO, <b>E[−log p(x|z)] + KL(q(z|x) ‖ p(z))</b>, with that "
    "of images on the map. <b>Mask</b> hides a part, and the model fills it in. Try a 7 "
    "with a bar, or half an 8.",
    scrolls=True,
    widget=OwnImagePanel,
    needs=ENCODER_DECODER,
)
