"""Classifiers of the bundled digits, by the nearest class mean, as other programs write them."""

import json

import numpy as np
import onnx
import onnx_files
from onnx import TensorProto, helper
from safetensors.numpy import save_file

from latentlab.data.data_set import load
from latentlab.data.sources.digits import DigitsConfig


def class_means():
    """Return weight (10, 784) and bias (10,) of the classifier by the nearest class mean."""
    images = load(DigitsConfig()).train
    flat = np.asarray(images.images[:]).reshape(len(images), -1) / 255
    means = np.stack([flat[images.labels == label].mean(0) for label in range(10)])
    return means.astype(np.float32), -0.5 * (means**2).sum(1).astype(np.float32)


def onnx_classifier(path, *, low=0.0, high=1.0):
    """Write a classifier whose pixels run from `low` to `high`, and which gives probabilities."""
    weight, bias = class_means()
    nodes = [
        helper.make_node("Sub", ["pixels", "low"], ["moved"]),
        helper.make_node("Div", ["moved", "range"], ["scaled"]),
        helper.make_node("Flatten", ["scaled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["probability"]),
    ]
    tensors = {
        "low": np.float32(low),
        "range": np.float32(high - low),
        "weight": weight,
        "bias": bias,
    }
    inputs = {"pixels": (TensorProto.FLOAT, ["N", 1, 28, 28])}
    return onnx_files.save(
        onnx_files.graph(nodes, inputs, {"probability": ["N", 10]}, tensors), path
    )


def one_probability(path):
    """Write a classifier of zeros and ones, whose one output is the probability of a one."""
    weight, bias = class_means()
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["logit"], transB=1),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
    ]
    tensors = {"weight": weight[1:2] - weight[:1], "bias": bias[1:2] - bias[:1]}
    inputs = {"pixels": (TensorProto.FLOAT, ["N", 1, 28, 28])}
    return onnx_files.save(
        onnx_files.graph(nodes, inputs, {"probability": ["N", 1]}, tensors), path
    )


def with_names(path, names):
    """Write names of classes into the metadata of a classifier."""
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"class_names": json.dumps(names)})
    return onnx_files.save(model, path)


def network_weights(path):
    """Write an MLP that computes the same only with ReLU between its layers."""
    weight, bias = class_means()
    eye = np.eye(10, dtype=np.float32)
    tensors = {
        "fc1.weight": np.vstack([weight, -weight]),
        "fc1.bias": np.concatenate([bias, -bias]),
        "fc2.weight": np.hstack([eye, -eye]),
        "fc2.bias": np.zeros(10, np.float32),
    }
    save_file(tensors, path)
    return path


def conv_weights(path):
    """Write a convolution that keeps the image with stride 1 and padding, and a linear layer."""
    weight, bias = class_means()
    kernel = np.zeros((1, 1, 3, 3), np.float32)
    kernel[..., 1, 1] = 1
    tensors = {"0.weight": kernel, "0.bias": np.zeros(1, np.float32)}
    save_file(tensors | {"3.weight": weight, "3.bias": bias}, path)
    return path
