"""ONNX files of any origin: computed as onnx's reference does, or refused before they run."""
# ruff: noqa: E402

import sys

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx_files
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from latentlab.errors import RunError
from latentlab.models.onnx_file import OnnxFunction, check_onnx

FLOAT = TensorProto.FLOAT
INPUT = {"x": (FLOAT, ["N", 4])}
OUTPUT = {"y": ["N", 4]}


def content(node, **more):
    return onnx_files.graph([node], INPUT, OUTPUT, {}, **more).SerializeToString()


def branch():
    """Return an operator with a graph inside."""
    inner = helper.make_graph([], "inner", [], [helper.make_tensor_value_info("x", FLOAT, None)])
    return helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)


def with_function():
    model = onnx_files.graph([helper.make_node("Relu", ["x"], ["y"])], INPUT, OUTPUT, {})
    relu = [helper.make_node("Relu", ["a"], ["b"])]
    opsets = [helper.make_opsetid("", 18)]
    model.functions.append(helper.make_function("local", "mine", ["a"], ["b"], relu, opsets))
    return model.SerializeToString()


def test_values_are_those_of_the_reference():
    model = onnx_files.decoder()
    z = np.random.default_rng(0).normal(size=(5, onnx_files.LATENT)).astype(np.float32)
    (expected,) = ReferenceEvaluator(model).run(None, {"z": z})
    found = OnnxFunction(model.SerializeToString(), "it")({"z": z})["picture"]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_fixed_batch_is_run_repeatedly():
    z = np.random.default_rng(0).normal(size=(5, onnx_files.LATENT)).astype(np.float32)
    one, any_ = (
        OnnxFunction(onnx_files.decoder(batch=batch).SerializeToString(), "it")
        for batch in (2, "N")
    )
    np.testing.assert_allclose(one({"z": z})["picture"], any_({"z": z})["picture"], atol=1e-6)


def test_constants_are_not_computed_while_a_file_is_opened():
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["wide"]),
        helper.make_node("ReduceSum", ["wide"], ["none"], keepdims=0),
        helper.make_node("Add", ["x", "none"], ["y"]),
    ]
    greedy = onnx_files.graph(nodes, INPUT, OUTPUT, {"shape": np.array([1 << 40])})
    function = OnnxFunction(greedy.SerializeToString(), "it")
    with pytest.raises(RunError, match="cannot be computed"):
        function({"x": np.zeros((1, 2))})


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (b"", "computes nothing"),
        (b"\x08\x0a not protobuf", "damaged or no ONNX file"),
        (content(helper.make_node("Relu", ["x"], ["y"]))[:40], "damaged or no ONNX file"),
        (content(helper.make_node("Relu", ["nothing"], ["y"])), "damaged or no ONNX file"),
        (
            content(helper.make_node("Run", ["x"], ["y"], domain="com.evil"), domain="com.evil"),
            "needs the operator Run of com.evil",
        ),
        (content(branch()), "contains another graph"),
        (with_function(), "defines functions"),
    ],
    ids=["empty", "noise", "truncated", "unconnected", "domain", "branch", "function"],
)
def test_what_is_refused_before_it_is_run(made, reason):
    with pytest.raises(RunError, match=reason):
        check_onnx(made, "it")


def test_weights_in_other_files_are_refused(tmp_path, monkeypatch):
    file = onnx_files.external(tmp_path / "decoder.onnx")
    monkeypatch.chdir(tmp_path)  # where the library would find them
    with pytest.raises(RunError, match="weights in other files") as error:
        OnnxFunction(file.read_bytes(), "it")
    assert "save_as_external_data=False" in error.value.advice


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(RunError) as error:
        OnnxFunction(onnx_files.decoder().SerializeToString(), "it")
    assert 'pip install "latentlab[onnx]"' in error.value.advice


def test_damaged_files_are_refused_or_computed():
    whole = onnx_files.decoder().SerializeToString()
    rng = np.random.default_rng(0)
    head = [i for i in range(len(whole)) if i < 200 or i > len(whole) - 400]
    for _ in range(200):
        damaged = bytearray(whole)
        for place in rng.choice(head, 3):
            damaged[place] = rng.integers(256)
        try:
            check_onnx(bytes(damaged), "it")
        except RunError:
            continue
