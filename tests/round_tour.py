"""Length of a round tour through points."""

import numpy as np


def tour_length(points, tour):
    steps = points[tour] - points[np.roll(tour, -1)]
    return float(np.linalg.norm(steps, axis=1).sum())
