"""Geodesics under decoders for which they are known."""

import numpy as np
import pytest
import torch

from latentlab.latent.interpolation.curves import lerp, slerp
from latentlab.latent.interpolation.geodesic import PATH_POINTS, geodesic, image_function
from latentlab.learning.checkpoint import load_model

SHARE = np.linspace(0, 1, PATH_POINTS)


def bend(generate, a, b, start=None):
    starts = (lerp(a, b, SHARE),) if start is None else (start,)
    return finish(geodesic(generate, a, b, starts), [])


def finish(pieces, fractions):
    while True:
        try:
            fractions.append(next(pieces).fraction)
        except StopIteration as done:
            return done.value


def polar(z):
    """Pixels are a plane, and z the radius and angle in it."""
    return torch.stack([z[:, 0] * torch.cos(z[:, 1]), z[:, 0] * torch.sin(z[:, 1])], 1)


def pixel_steps(generate, curve):
    pixels = generate(torch.from_numpy(curve)).numpy()
    return np.linalg.norm(np.diff(pixels, axis=0), axis=1)


def test_under_a_linear_decoder_it_is_the_straight_line_in_equal_pixel_steps():
    weights = torch.randn(4, 30, generator=torch.Generator().manual_seed(0))
    a, b = np.random.default_rng(0).standard_normal((2, 4))
    # Begun elsewhere, or there would be nothing to find.
    start = lerp(a, b, SHARE**2) + 0.5 * np.sin(np.pi * SHARE)[:, None].astype(np.float32)
    curve = bend(lambda z: z @ weights, a, b, start)
    np.testing.assert_allclose(curve, lerp(a, b, SHARE), atol=2e-2)
    steps = pixel_steps(lambda z: z @ weights, curve)
    np.testing.assert_allclose(steps, steps.mean(), rtol=2e-2)


def test_in_polar_coordinates_it_is_straight_in_pixels_and_bent_in_z():
    a, b = [1.0, 0.0], [1.0, np.pi / 2]
    curve = bend(polar, a, b)
    pixels = polar(torch.from_numpy(curve)).numpy()
    np.testing.assert_allclose(pixels, lerp([1, 0], [0, 1], SHARE), atol=5e-3)
    assert curve[PATH_POINTS // 2, 0] == pytest.approx(np.sqrt(0.5), abs=5e-3)
    assert pixel_steps(polar, curve).sum() == pytest.approx(np.sqrt(2), rel=1e-3)


def test_it_begins_with_the_better_start():
    a, b = [1.0, 0.0], [1.0, 1.0]
    far = lerp(a, b, SHARE) + np.float32([5, 0]) * np.sin(np.pi * SHARE)[:, None].astype(np.float32)
    pieces = geodesic(polar, a, b, (far, lerp(a, b, SHARE)), iterations=0)
    np.testing.assert_allclose(finish(pieces, []), lerp(a, b, SHARE), atol=1e-6)


def test_ends_stay_and_each_step_tells_how_far_it_is():
    a, b = np.float32([0.5, 0.1]), np.float32([2, 2.5])
    fractions = []
    pieces = geodesic(polar, a, b, (lerp(a, b, SHARE),))
    curve = finish(pieces, fractions)
    assert (curve[0].tolist(), curve[-1].tolist()) == (a.tolist(), b.tolist())
    assert fractions == sorted(fractions)
    assert len(fractions) > 3


@pytest.mark.parametrize("run", ["vae_run", "cvae_run"])
def test_a_real_model_keeps_its_weights_and_gets_no_gradients(run, request):
    model, _ = load_model(request.getfixturevalue(run))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    labels = np.full(PATH_POINTS, 3)
    generate = image_function(model, labels)
    a, b = -np.ones(model.latent_dim), np.ones(model.latent_dim)
    curve = bend(generate, a, b, slerp(a, b + 0.1, SHARE))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())
    with torch.no_grad():
        bent = pixel_steps(generate, curve)
        straight = pixel_steps(generate, lerp(a, b, SHARE))
    assert (bent**2).sum() <= (straight**2).sum() * 1.001
