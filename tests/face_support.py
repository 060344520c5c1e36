"""Regression of the factors of a drawn face from the pixels of a decoded image."""

import numpy as np

from latentlab.data.drawing.faces import draw_faces
from latentlab.data.drawing.factors import FACTORS, random_factors

SIZE = 64
WHOLE, EYES, MOUTH = np.s_[:, :, ::2, ::2], np.s_[:, :, 18:42, 8:56], np.s_[:, :, 36:55, 13:51]
WINDOWS = {  # image region of each factor; the others use the full image
    "eye_size": EYES,
    "eye_open": EYES,
    "brow_raise": EYES,
    "brow_tilt": EYES,
    "glasses": EYES,
    "smile": MOUTH,
    "mouth_open": MOUTH,
}
QUADRATIC, RIDGE = 0.1, 0.01  # share of products of two pixels; weight decay
NOISE = 3.0  # grey values
SEED = 2**30  # of faces that no test generates


class FactorReader:
    """Kernel ridge regression from smoothed pixels to factors, learned from generated faces.

    One third each of the training faces is sharp, smoothed once and smoothed twice, with a little
    noise, because decoded images are blurred. Held-out R² is in test_face_support.py.

    Parameters
    ----------
    count : int
        Number of training faces; 3,000 take about five seconds.
    """

    def __init__(self, count=3000):
        factors = random_factors(0, count, SEED)
        images = draw_faces(dict(zip(FACTORS, factors.T, strict=True)), SIZE).astype(np.float32)
        for times in (1, 2):
            images[times::3] = smoothed(images[times::3], times)
        images += np.random.default_rng(0).normal(0, NOISE, images.shape).astype(np.float32)
        images, self._readers = smoothed(images), []
        windows = {name: WINDOWS.get(name, WHOLE) for name in FACTORS}
        for window in (WHOLE, EYES, MOUTH):
            names = [name for name in FACTORS if windows[name] == window]
            columns = factors[:, [list(FACTORS).index(name) for name in names]]
            self._readers.append((names, window, _Ridge(_pixels(images, window), columns)))

    def __call__(self, images):
        """Predict the factors of images of shape (N, 3, 64, 64), range [0, 255], by name."""
        images, found = smoothed(np.asarray(images, np.float32)), {}
        for names, window, ridge in self._readers:
            found |= dict(zip(names, ridge(_pixels(images, window)).T, strict=True))
        return {name: found[name] for name in FACTORS}


class _Ridge:
    def __init__(self, pixels, factors):
        self._mean, self._offset = pixels.mean(0), factors.mean(0)
        centred = pixels - self._mean
        self._scale = np.sqrt((centred**2).sum(1).mean())
        self._inputs = centred / self._scale
        kernel = _kernel(self._inputs, self._inputs)
        kernel[np.diag_indices_from(kernel)] += np.float32(RIDGE)
        self._weights = np.linalg.solve(kernel, factors - self._offset)

    def __call__(self, pixels):
        kernel = _kernel((pixels - self._mean) / self._scale, self._inputs)
        return kernel @ self._weights + self._offset


def _kernel(a, b):
    product = a @ b.T
    return product + np.float32(QUADRATIC) * product**2


def _pixels(images, window):
    return images[window].reshape(len(images), -1)


def smoothed(images, times=1):
    """Smooth images with the kernel 1 2 1 along both axes."""
    for _ in range(times):
        for axis in (2, 3):
            wide = np.pad(images, [(0, 0)] * axis + [(1, 1)] + [(0, 0)] * (3 - axis), mode="edge")
            images = sum(
                weight * np.take(wide, range(first, first + images.shape[axis]), axis)
                for first, weight in enumerate(np.float32([0.25, 0.5, 0.25]))
            )
    return images
