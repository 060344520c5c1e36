"""Small ONNX files, made with the library of ONNX as other programs make them."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE, LATENT = 28, 3


def graph(nodes, inputs, outputs, tensors, *, domain=""):
    """Return a model of nodes, with named shapes and arrays."""
    value = helper.make_tensor_value_info
    made = helper.make_graph(
        nodes,
        "graph",
        [value(name, kind, shape) for name, (kind, shape) in inputs.items()],
        [value(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )
    opsets = [helper.make_opsetid("", 18)]
    if domain:
        opsets.append(helper.make_opsetid(domain, 1))
    return helper.make_model(made, opset_imports=opsets, ir_version=10)


def basis(seed=0):
    """Return LATENT orthonormal images, flat."""
    noise = np.random.default_rng(seed).normal(size=(SIDE * SIDE, LATENT))
    return np.linalg.qr(noise)[0].astype(np.float32)


def decoder(*, batch="N", low=0.0, high=1.0):
    """Return a linear decoder with a sigmoid, whose image is (N, 1, SIDE, SIDE)."""
    nodes = [
        helper.make_node("Gemm", ["z", "weight"], ["flat"], transB=1),
        helper.make_node("Sigmoid", ["flat"], ["share"]),
        helper.make_node("Mul", ["share", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "low"], ["moved"]),
        helper.make_node("Reshape", ["moved", "shape"], ["picture"]),
    ]
    tensors = {
        "weight": 20 * basis(),
        "scale": np.float32(high - low),
        "low": np.float32(low),
        "shape": np.array([-1, 1, SIDE, SIDE]),
    }
    inputs = {"z": (TensorProto.FLOAT, [batch, LATENT])}
    return graph(nodes, inputs, {"picture": [batch, 1, SIDE, SIDE]}, tensors)


def encoder():
    """Return a linear encoder with the outputs z_log_var and z_mean, in this order."""
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["z_mean"]),
        helper.make_node("Mul", ["z_mean", "zero"], ["none"]),
        helper.make_node("Add", ["none", "spread"], ["z_log_var"]),
    ]
    tensors = {"weight": basis(), "zero": np.float32(0), "spread": np.float32(-2)}
    inputs = {"pixels": (TensorProto.FLOAT, ["N", 1, SIDE, SIDE])}
    return graph(nodes, inputs, {"z_log_var": ["N", LATENT], "z_mean": ["N", LATENT]}, tensors)


def joint_encoder():
    """Return the same encoder with one output, whose halves are mean and log variance."""
    made = encoder()
    made.graph.node.append(helper.make_node("Concat", ["z_mean", "z_log_var"], ["logvar"], axis=1))
    del made.graph.output[:]
    joint = helper.make_tensor_value_info("logvar", TensorProto.FLOAT, ["N", 2 * LATENT])
    made.graph.output.append(joint)
    return made


def classifier(names="abc"):
    """Return a linear classifier of images, whose output is logits."""
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["logits"]),
    ]
    inputs = {"pixels": (TensorProto.FLOAT, ["N", 1, SIDE, SIDE])}
    return graph(nodes, inputs, {"logits": ["N", len(names)]}, {"weight": basis()[:, : len(names)]})


def save(model, path):
    """Write a model, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def external(path):
    """Write a decoder whose weights are in another file."""
    onnx.save_model(
        decoder(), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    return path
