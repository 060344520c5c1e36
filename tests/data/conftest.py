"""Data sets are tested away from what this machine happens to have installed."""

import pytest

from latentlab.data import idx


@pytest.fixture(autouse=True)
def nothing_installed(own_place, tmp_path, monkeypatch):
    """Hide data sets that the system may have."""
    monkeypatch.setattr(idx, "SYSTEM", tmp_path / "no-system-data")
