"""A random sample of images."""

import numpy as np

from latentlab.data.concatenated import ConcatenatedArray
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.sample import sample_of, sample_rows


def sorted_by_class(pixels=None):
    if pixels is None:
        pixels = np.arange(100, dtype=np.uint8).reshape(100, 1, 1, 1)
    return ImageSet(pixels, np.arange(100) // 50, ImageSpec((1, 1, 1), ("cat", "dog")))


def test_a_sample_of_sorted_images_has_all_classes_and_stays_aligned():
    few = sample_of(sorted_by_class(), 20)
    assert len(few) == 20
    assert set(few.labels) == {0, 1}
    pixels = few.images[:].ravel()
    np.testing.assert_array_equal(pixels // 50, few.labels)
    np.testing.assert_array_equal(few[5:9].images.ravel(), pixels[5:9])
    assert (np.diff(pixels.astype(int)) > 0).all()


def test_several_arrays_are_sampled_as_one():
    whole = sorted_by_class().images
    joined = sample_of(sorted_by_class(ConcatenatedArray(whole[:30], whole[30:])), 20)
    np.testing.assert_array_equal(joined.images[:], sample_of(sorted_by_class(), 20).images[:])


def test_all_images_are_no_sample():
    images = sorted_by_class()
    assert sample_of(images, None) is images
    assert sample_of(images, 100) is images
    np.testing.assert_array_equal(sample_rows(3, 10), [0, 1, 2])
    assert sample_rows(100, 20).tolist() != sample_rows(100, 20, seed=1).tolist()
