"""Several processes that train one model together: real ones, started by torchrun."""

import subprocess
import sys
from datetime import timedelta

import pytest
import torch
from training_support import lines_of, recipe_of

from latentlab.errors import TrainingError
from latentlab.learning.checkpoint import load_model
from latentlab.learning.fast import distributed
from latentlab.learning.fast.distributed import ProcessGroup, is_main, join_processes, local_device
from latentlab.learning.training_state import read_training_state
from latentlab.runs.recorder import record, resume

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="torchrun has no gloo there")


@pytest.mark.parametrize("count", [0, 1, 2, 7, 300])
@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_shares_are_all_of_a_batch_without_overlap(count, size):
    shares = [ProcessGroup(rank, size).share(count) for rank in range(size)]
    rows = [row for share in shares for row in range(count)[share]]
    assert rows == list(range(count))
    lengths = [len(range(count)[share]) for share in shares]
    assert max(lengths) - min(lengths) <= 1


def test_alone_one_leads_and_sums_are_what_they_are():
    team, sums = ProcessGroup(), torch.tensor([1.0, 2.0])
    team.add_up(sums)
    assert sums.tolist() == [1, 2]
    assert team.leads
    assert is_main()
    assert not ProcessGroup(1, 2).leads


def started_by_torchrun(monkeypatch, rank, size):
    """Set the variables that torchrun sets."""
    values = {"RANK": rank, "WORLD_SIZE": size, "MASTER_ADDR": "localhost", "MASTER_PORT": 29555}
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))


@pytest.mark.parametrize(
    "changes",
    [
        {"MASTER_ADDR": None},
        {"MASTER_PORT": None},
        {"WORLD_SIZE": None},
        {"RANK": None},
        {"RANK": ""},
        {"WORLD_SIZE": "two"},
        {"RANK": "2"},
        {"RANK": "-1"},
        {"MASTER_ADDR": ""},
    ],
)
def test_variables_that_another_program_has_left_are_no_torchrun(monkeypatch, changes):
    started_by_torchrun(monkeypatch, 1, 2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert not is_main()
    for name, value in changes.items():
        monkeypatch.setenv(name, value) if value is not None else monkeypatch.delenv(name)
    assert is_main()
    assert join_processes(torch.device("cpu")) == ProcessGroup()
    assert local_device(torch.device("cuda")) == torch.device("cuda")


def test_a_process_whose_others_do_not_come_says_so(monkeypatch):
    """Every variable is there, and nobody has started the other process."""
    started_by_torchrun(monkeypatch, 0, 2)
    monkeypatch.setattr(distributed, "JOIN_TIMEOUT", timedelta(seconds=0.1))
    with pytest.raises(TrainingError, match=r"process 0 of 2 of torchrun.* unset RANK"):
        join_processes(torch.device("cpu"))


def test_each_process_has_a_gpu_of_its_own(monkeypatch):
    cuda, cpu = torch.device("cuda"), torch.device("cpu")
    assert local_device(cuda) == cuda
    monkeypatch.setenv("LOCAL_RANK", "3")
    started_by_torchrun(monkeypatch, 7, 8)
    assert local_device(cuda) == torch.device("cuda", 3)
    assert local_device(cpu) == cpu
    assert not is_main()


# Two processes. Each test starts as few as it can: loading torch takes them seconds.

TOGETHER = """
import sys
from pathlib import Path
from latentlab import cli
for line in Path(sys.argv[1]).read_text().splitlines():
    sys.argv = ["latentlab", *line.split("|")]
    if status := cli.run():
        sys.exit(status)
"""


def together(tmp_path, *lines):
    """Run command lines one after another in two processes; return how that went."""
    script, file = tmp_path / "together.py", tmp_path / "lines.txt"
    script.write_text(TOGETHER)
    file.write_text("\n".join("|".join(map(str, words)) for words in lines))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", str(script), str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def write(recipe, file):
    file.write_text(recipe.to_toml())
    return file


def assert_alike(one, other, tolerance=1e-4):
    both = [lines_of(folder / "metrics.jsonl") for folder in (one, other)]
    for line, same in zip(*both, strict=True):
        assert (line["epoch"], line["split"]) == (same["epoch"], same["split"])
        for name in ("loss", "reconstruction", "kl"):
            assert line[name] == pytest.approx(same[name], abs=tolerance * same["loss"])


def test_two_processes_learn_as_one_does_and_either_goes_on_from_the_other(tmp_path):
    """Batches of 300 and a last one of 100, and one of 99 that cannot be shared out evenly."""
    # Terms of pairs of images look at the whole batch, not at each process's share.
    factor = {"kind": "elbo", "extra": {"kind": "factor", "units": 8}}
    plain = recipe_of(epochs=2, objective=factor, average=0.9, missing=0.1, seed=3)
    # So does a floor under the mean KL.
    pairs = {"kind": "total_correlation", "estimator": "stratified"}
    floor = {"kind": "elbo", "free_bits": 0.5, "extra": pairs}
    uneven = recipe_of("cvae", floor, epochs=2, batch_size=133, clip=100.0)
    one, two = tmp_path / "one", tmp_path / "two"
    for name, recipe in (("plain", plain), ("uneven", uneven)):
        for _ in record(recipe, one / name):
            pass
    half = tmp_path / "half"
    for event in record(plain, half):
        if getattr(event, "step", 0) == 17:
            break
    done = together(
        tmp_path,
        ("train", write(plain, tmp_path / "plain.toml"), "--out", two / "plain"),
        ("train", write(uneven, tmp_path / "uneven.toml"), "--out", two / "uneven"),
        ("train", "--resume", half),
        ("train", tmp_path / "plain.toml", "--out", two / "plain"),
    )
    # Where one process fails, the other does not wait for it for ever.
    assert done.returncode == 1
    assert f"latentlab: {two / 'plain'} already holds a run." in done.stderr
    assert "Warning" not in done.stderr
    for name in ("plain", "uneven"):
        assert_alike(one / name, two / name)
    assert_alike(one / "plain", half)
    # Only one of the processes tells and writes.
    assert done.stdout.count("Trained:") == 3
    assert done.stdout.count("epoch 2/2") == 3
    assert len(lines_of(two / "plain" / "metrics.jsonl")) == 4
    # And the other way round: one process goes on with what two began.
    for name in ("plain", "uneven"):
        for run in (one, two):
            for _ in resume(run / name, 3):
                pass
        assert_alike(one / name, two / name)
    weights = [load_model(run / "plain")[0].state_dict() for run in (one, two)]
    for name, value in weights[0].items():
        torch.testing.assert_close(value, weights[1][name], rtol=0, atol=2e-3)
    assert read_training_state(two / "plain").step == 3 * 14
