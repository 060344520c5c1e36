"""A model, a data set and a panel can each be added as one file, as CONTRIBUTING.md says."""

import os
import shutil
import subprocess
import sys

import pytest
from architecture.house import PACKAGE

MODEL = '''"""A model with one linear layer on either side."""

from typing import Literal

from torch import nn
from torch.distributions import Bernoulli, Independent, Normal

from latentlab.models.base import MODELS, Model, ModelConfig


@MODELS.register
class LinearConfig(ModelConfig):
    """A linear encoder and decoder."""

    kind: Literal["toy-linear"] = "toy-linear"
    latent_dim: int = 2

    def build(self, spec):
        return Linear(self, spec)


class Linear(Model):
    def __init__(self, config, spec):
        super().__init__()
        self.latent_dim, self.shape = config.latent_dim, spec.shape
        self.encoder = nn.Linear(spec.pixels, 2 * config.latent_dim)
        self.decoder = nn.Linear(config.latent_dim, spec.pixels)

    def encode(self, x, y=None):
        mu, log_sigma = self.encoder(x.flatten(1)).chunk(2, -1)
        return Independent(Normal(mu, log_sigma.exp()), 1)

    def decode(self, z, y=None):
        logits = self.decoder(z).view(-1, *self.shape)
        return Independent(Bernoulli(logits=logits, validate_args=False), 3)
'''
DATA = '''"""Squares of three sizes."""

from typing import Literal

import numpy as np

from latentlab.data.data_set import DATA, DataConfig
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.parts import Splits
from latentlab.work import Progress


@DATA.register
class SquaresConfig(DataConfig):
    """Squares of three sizes, 8x8 grey."""

    kind: Literal["toy-squares"] = "toy-squares"

    def load(self):
        yield Progress("Drawing squares")
        labels = np.arange(300) % 3
        images = np.zeros((300, 1, 8, 8), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[0, : 2 + 2 * label, : 2 + 2 * label] = 255
        whole = ImageSet(images, labels, ImageSpec((1, 8, 8), ("small", "middling", "large")))
        return Splits(whole[:240], whole[240:])
'''
PANEL = '''"""The Norm panel: how far z lies from zero."""

import math

from PySide6.QtWidgets import QLabel

from latentlab.session import wants
from latentlab.session.model import Decode
from latentlab.widgets.panel import Area, Panel, PanelWidget, Place


class NormPanel(PanelWidget):
    watches = frozenset({"point", Decode})

    def __init__(self, controller, parent=None):
        super().__init__(controller, parent)
        self.text = QLabel()
        self.body.addWidget(self.text)

    def wants(self, state):
        return wants.picture(state)

    def show_state(self, state, changed):
        if state.point and state.answer(Decode):
            self.text.setText(f"{math.hypot(*state.point.z):.2f}")


PANEL = Panel(
    key="norm",
    title="Norm",
    places={"explore": Place(Area.RIGHT, 2)},
    help="How far z lies from zero.",
    widget=NormPanel,
)
'''
TRAIN = """
from pathlib import Path
from latentlab.learning.recipe import make_recipe
from latentlab.runs.recorder import record
recipe = make_recipe({
    "model": {"kind": "toy-linear", "latent_dim": 2},
    "data": {"kind": "toy-squares"},
    "training": {"epochs": 2, "batch_size": 60, "device": "cpu"},
})
for event in record(recipe, Path("run")):
    pass
from latentlab.explorer.explorer import Explorer
explorer = Explorer()
card = explorer.open(Path("run"))
print(card.kind, card.data, card.epoch, explorer.decode(explorer.start()[0]).pixels.shape)
"""
WINDOW = """
from stub_controller import StubController
from latentlab.app import make_application
from latentlab.widgets.panel import find_panels
import toy
make_application()
(panel,) = [panel for panel in find_panels() if panel.key == "norm"]
lab = toy.ToyLab()
lab.card, lab.codes = toy.card(), toy.codes()
controller = StubController(model=lab.card, codes=lab.codes, point=lab.card.point((3.0, 4.0)))
shown = panel.widget(controller)
shown.show()
(_, request), = controller.asked
controller.show(answers={type(request): lab(request)})
print(shown.text.text())
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Copy of the package with three added files, and with the bytecode of all others."""
    root = tmp_path_factory.mktemp("house")
    shutil.copytree(PACKAGE, root / "latentlab")
    (root / "resources").symlink_to(PACKAGE.parent / "resources", target_is_directory=True)
    for place, text in (
        ("models/toy_linear.py", MODEL),
        ("data/sources/toy_squares.py", DATA),
        ("widgets/panels/norm.py", PANEL),
    ):
        (root / "latentlab" / place).write_text(text)
    return root


def run(house, code, cwd):
    path = os.pathsep.join((str(house), str(PACKAGE.parent / "tests")))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_model_and_a_data_set_train_and_are_explored(house, tmp_path):
    assert run(house, TRAIN, tmp_path) == "toy-linear toy-squares 2 (8, 8)"


def test_a_panel_is_found_and_is_answered(house, tmp_path):
    pytest.importorskip("PySide6")
    assert run(house, WINDOW, tmp_path) == "5.00"
