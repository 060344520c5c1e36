"""Classifiers of other programs: understood by labels, and what they decide."""

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import classifier_files
import onnx_files

from latentlab.directories import resources
from latentlab.errors import RunError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.latent.planes import axes_plane
from latentlab.session.classifier.requests import (
    ClassifyImages,
    ClassifyPlane,
    FindCounterfactual,
    OpenClassifier,
)
from latentlab.work import finish


@pytest.fixture(scope="module")
def explorer():
    find_answers()
    opened = Explorer()
    opened.open(resources() / "models" / "digits-2d")
    return opened


@pytest.fixture
def ask(explorer):
    return lambda request: finish(answer(request, explorer))


def expected(images):
    weight, bias = classifier_files.class_means()
    flat = np.asarray(images).reshape(len(images), -1) / np.float32(255)
    return flat @ weight.T + bias


def test_the_range_of_pixels_is_that_which_agrees_with_the_labels(explorer, ask, tmp_path):
    file = classifier_files.onnx_classifier(tmp_path / "digits.onnx", low=-1)
    card = ask(OpenClassifier(file))
    assert card.note.startswith("Understood with pixels -1 to 1: agrees with 8")
    assert card.class_names == explorer.card.spec.class_names
    found = ask(ClassifyImages(card))
    logits = expected(explorer.images[:].images)
    assert np.mean(found.labels == logits.argmax(1)) > 0.999
    share = np.exp(logits - logits.max(1, keepdims=True))
    np.testing.assert_allclose(
        found.confidence, (share / share.sum(1, keepdims=True)).max(1), atol=1e-4
    )


def test_the_activation_of_weights_is_that_which_agrees_with_the_labels(ask, tmp_path):
    card = ask(OpenClassifier(classifier_files.network_weights(tmp_path / "mlp.safetensors")))
    assert card.note.startswith("Understood with pixels 0 to 1, ReLU: agrees with 8")


def test_convolutions_have_the_stride_that_fits(ask, tmp_path):
    card = ask(OpenClassifier(classifier_files.conv_weights(tmp_path / "conv.safetensors")))
    assert "stride 1, padding, no pooling: agrees with 8" in card.note


def test_the_nearest_other_decision_is_at_the_boundary(explorer, ask, tmp_path):
    card = ask(OpenClassifier(classifier_files.onnx_classifier(tmp_path / "digits.onnx")))
    point = explorer.start()[0]
    found = ask(FindCounterfactual(card, point))
    plane = ask(ClassifyPlane(card, point, axes_plane(0, 1, 2)))
    assert found.before != found.after
    # No cell of the plane with another decision is nearer than what was found.
    lines = np.linspace(-plane.reach, plane.reach, len(plane.labels))
    x, y = np.meshgrid(lines, lines[::-1])
    distance = np.hypot(x - point.z[0], y - point.z[1])
    other = plane.labels != card.class_names.index(found.before)
    cell = lines[1] - lines[0]
    assert abs(found.distance - distance[other].min()) < 3 * cell
    # A step back towards z changes the decision back.
    back = tuple(a + 0.98 * (b - a) for a, b in zip(point.z, found.point.z, strict=True))
    assert ask(FindCounterfactual(card, point.at(back))).before == found.before


def test_a_wanted_class_is_found(explorer, ask, tmp_path):
    card = ask(OpenClassifier(classifier_files.onnx_classifier(tmp_path / "digits.onnx")))
    found = ask(FindCounterfactual(card, explorer.start()[0], target=1))
    assert found.after == "1"


def test_without_labels_that_decide_the_assumption_is_told(ask, tmp_path):
    file = onnx_files.save(onnx_files.classifier(), tmp_path / "three.onnx")
    card = ask(OpenClassifier(file))
    assert card.class_names == ("class 0", "class 1", "class 2")
    assert card.note.startswith("Pixels from 0 to 1 are assumed")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (onnx_files.decoder(), "does not take 784 values"),
        (onnx_files.graph([], {}, {}, {}), "computes nothing"),
    ],
    ids=["decoder", "empty"],
)
def test_what_is_no_classifier_of_these_images(ask, tmp_path, model, reason):
    with pytest.raises(RunError, match=reason):
        ask(OpenClassifier(onnx_files.save(model, tmp_path / "other.onnx")))
