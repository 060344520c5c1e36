"""The kept corpus, with an input of each finding, passes through every fuzz target."""

import pytest
from fuzz.harness import CORPUS, Judge, load, names, seeds


@pytest.mark.parametrize("name", names())
def test_only_errors_of_ours_leave_the_readers(name, tmp_path):
    folder = tmp_path / "inputs"
    folder.mkdir()
    judge = Judge(load(name), folder)
    for seed in seeds(name):
        judge(seed.read_bytes())
        assert not judge.outcome.escaped, (seed.name, judge.outcome.escaped)
    assert judge.outcome.tried > judge.outcome.refused, "no valid file is in the corpus"


def test_each_target_is_fuzzed_from_a_small_corpus():
    assert names() == sorted(folder.name for folder in CORPUS.iterdir())
    assert sum(file.stat().st_size for file in CORPUS.rglob("*")) < 300_000
