"""The kept corpus, with an input of each finding, passes through every fuzz target."""

import pytest
from fuzz.harness import CORPUS, Judge, seeds, targets

TARGETS = {
    *("archive", "foreign_weights", "idx", "json_lines", "numpy_file", "onnx_manifest", "picture"),
    *("picture_metadata", "recipe", "run_json", "safetensors_file", "scene", "table"),
}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_only_errors_of_ours_leave_the_readers(name, tmp_path):
    folder = tmp_path / "inputs"
    folder.mkdir()
    judge = Judge(targets()[name], folder)
    for seed in seeds(name):
        judge(seed.read_bytes())
        assert not judge.outcome.escaped, (seed.name, judge.outcome.escaped)
    assert judge.outcome.tried > judge.outcome.refused, "no valid file is in the corpus"


def test_each_target_is_fuzzed_from_a_small_corpus():
    assert set(targets()) == TARGETS == {folder.name for folder in CORPUS.iterdir()}
    assert sum(file.stat().st_size for file in CORPUS.rglob("*")) < 300_000
