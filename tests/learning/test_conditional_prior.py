"""A prior given the label learns, and previews are drawn from it."""

import numpy as np
import torch
from training_support import recipe_of

from latentlab.data.data_set import load
from latentlab.learning.checkpoint import empty_model, load_weights
from latentlab.learning.events import EpochEnd, EpochPreview
from latentlab.learning.fit import fit
from latentlab.models.thread_rng import SeededRng


def test_it_learns_where_the_codes_of_each_label_lie_and_previews_show_it():
    recipe = recipe_of(
        "cvae", {}, model={"prior": "conditional"}, epochs=20, seed=7, learning_rate=1e-2
    )
    kept = []
    events = list(fit(recipe, keep=kept.append))
    spec = load(recipe.data).spec
    model = empty_model(recipe, spec)
    load_weights(model, kept[-1].snapshot.weights, "The run")
    labels = torch.arange(spec.classes)
    with torch.no_grad():
        mean = model.prior(labels).mean
    assert torch.pdist(mean).min() > 0.03
    assert torch.pdist(mean).max() > 0.5
    # The losses of both parts are those of the same prior, also in validation.
    last = [event for event in events if isinstance(event, EpochEnd)][-1]
    assert np.isfinite(last.validation["kl"])
    assert last.latents is None
    preview = [event for event in events if isinstance(event, EpochPreview)][-1]
    y = torch.from_numpy(spec.labels_in_turn(len(preview.samples)))
    with torch.no_grad(), SeededRng(recipe.training.seed):
        pixels = model.decode(model.draw_prior(len(y), y), y).mean[:, 0]
    np.testing.assert_allclose(preview.samples, 255 * pixels, atol=1.01)
