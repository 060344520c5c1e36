"""Classifiers of other programs: understood by labels, and what they decide."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import classifier_files
import onnx_files
from safetensors.numpy import load_file, save_file

from latentlab.data.image_set import ImageSpec
from latentlab.directories import resources
from latentlab.errors import RunError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.classifier.files import read_classifier
from latentlab.explorer.explorer import Explorer
from latentlab.latent.encode import to_model_input
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


def test_one_output_may_be_a_probability(explorer, tmp_path):
    whole = explorer.images[:]
    two = whole[whole.labels < 2]
    spec = ImageSpec(two.spec.shape, ("0", "1"))
    two = replace(two, spec=spec)
    file = classifier_files.one_probability(tmp_path / "ones.onnx")
    found = finish(read_classifier(file, spec, two))
    decided = found.classifier.probabilities(to_model_input(two.images)).argmax(1).numpy()
    assert np.mean(decided == two.labels) > 0.95


def test_class_names_of_a_file_say_which_output_is_which(explorer, ask, tmp_path):
    file = classifier_files.onnx_classifier(tmp_path / "digits.onnx")
    names = list("1032456789")
    card = ask(OpenClassifier(classifier_files.with_names(file, names)))
    assert card.class_names == explorer.card.spec.class_names
    found = ask(ClassifyImages(card)).labels
    outputs = expected(explorer.images[:].images).argmax(1)
    assert [names[output] for output in outputs] == [card.class_names[label] for label in found]
    card = ask(OpenClassifier(classifier_files.with_names(file, ["a", "b"])))
    assert card.class_names == explorer.card.spec.class_names
    card = ask(OpenClassifier(classifier_files.with_names(file, list("abcdefghij"))))
    assert card.class_names == tuple("abcdefghij")
    assert "agrees" not in card.note


def test_layers_that_would_be_left_out_are_refused(ask, tmp_path):
    file = classifier_files.network_weights(tmp_path / "mlp.safetensors")
    norm = {f"bn1.running_{name}": np.ones(20, np.float32) for name in ("mean", "var")}
    save_file(load_file(file) | norm, file)
    with pytest.raises(RunError, match="decide otherwise: bn1"):
        ask(OpenClassifier(file))


def test_a_model_of_other_images_closes_the_classifier(ask, tmp_path):
    other = Explorer()
    other.open(resources() / "models" / "digits-2d")
    file = classifier_files.onnx_classifier(tmp_path / "digits.onnx")
    finish(answer(OpenClassifier(file), other))
    other.open(resources() / "models" / "digits-2d")
    assert other.classifier is not None
    faces = next((resources() / "models").glob("*faces*"))
    other.open(faces, 0.1)
    assert other.classifier is None


def test_too_many_outputs_are_refused(ask, tmp_path):
    weights = {"fc.weight": np.zeros((1001, 784), np.float32)}
    save_file(weights, tmp_path / "wide.safetensors")
    with pytest.raises(RunError, match="1,001 outputs"):
        ask(OpenClassifier(tmp_path / "wide.safetensors"))


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
