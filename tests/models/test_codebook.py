"""The codebook: nearest codes, moving averages, and codes that are restarted."""

import subprocess
import sys

import pytest
import torch

from latentlab.models.codebook import FRESH_RELATIVE_USE, Codebook, perplexity


def codebook(vectors, decay=0.9, use=1.0):
    """Return a codebook of given vectors, each used equally so far."""
    book = Codebook(len(vectors), len(vectors[0]), decay)
    book.vectors.copy_(torch.tensor(vectors))
    book.use.fill_(use)
    book.sums.copy_(use * book.vectors)
    book.generator = torch.Generator().manual_seed(3)
    return book


def test_the_nearest_code_is_that_of_the_smallest_distance_also_in_bf16():
    book = codebook(torch.randn(50, 4).tolist())
    outputs = torch.randn(3, 5, 6, 4)
    wanted = torch.cdist(outputs.reshape(-1, 4), book.vectors).argmin(1).reshape(3, 5, 6)
    assert torch.equal(book.nearest(outputs), wanted)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(book.nearest(outputs), wanted)
    assert torch.equal(book(wanted)[0, 1, 2], book.vectors[wanted[0, 1, 2]])


def test_the_averages_are_those_of_the_paper():
    """van den Oord et al., 2017, appendix A.1: N, m and e = m / N, by hand."""
    book = codebook([[0.0, 0.0], [10.0, 0.0]], decay=0.9, use=2.0)
    outputs = torch.tensor([[1.0, 1.0], [3.0, -1.0], [9.0, 4.0]])
    book.learn(outputs, book.nearest(outputs))
    n = [0.9 * 2 + 0.1 * 2, 0.9 * 2 + 0.1 * 1]
    m = [[0.1 * 4, 0.0], [0.9 * 20 + 0.1 * 9, 0.1 * 4]]
    torch.testing.assert_close(book.use, torch.tensor(n))
    torch.testing.assert_close(book.sums, torch.tensor(m))
    torch.testing.assert_close(book.vectors, torch.tensor(m) / torch.tensor(n)[:, None])
    torch.testing.assert_close(book.shares.sum(), torch.tensor(1.0))


def test_the_averages_are_in_fp32_under_autocast():
    plain, under = (codebook([[0.0, 0.0], [10.0, 0.0]]) for _ in range(2))
    outputs = torch.randn(30, 2)
    plain.learn(outputs, plain.nearest(outputs))
    with torch.autocast("cpu", torch.bfloat16):
        under.learn(outputs, under.nearest(outputs))
    assert torch.equal(plain.vectors, under.vectors)


def test_the_first_batch_replaces_the_initial_codes_by_different_outputs():
    book = Codebook(8, 3, 0.99)
    book.generator = torch.Generator().manual_seed(0)
    outputs = 100 + torch.randn(40, 3)
    # All are nearest to few codes, so the others are dead.
    book.learn(outputs, book.nearest(outputs))
    rows = [(outputs == vector).all(1).nonzero().flatten().tolist() for vector in book.vectors]
    fresh = [row[0] for row in rows if row]
    assert len(fresh) >= 7
    assert len({*fresh}) == len(fresh)


def test_a_dead_code_restarts_where_the_codes_are_far_and_others_stay():
    book = codebook([[0.0, 0.0], [50.0, 50.0]], decay=0.5, use=4.0)
    near, far = torch.zeros(20, 2), torch.tensor([[80.0, 0.0]])
    outputs, indices = torch.cat([near, far]), torch.zeros(21, dtype=torch.long)
    for _ in range(2):
        book.learn(outputs, indices)
        assert book.vectors[1].tolist() == [50.0, 50.0], "not yet dead"
    book.learn(outputs, indices)
    assert book.vectors[1].tolist() == [80.0, 0.0]
    assert book.use[1] == pytest.approx(FRESH_RELATIVE_USE * 21 / 2)
    assert book.nearest(far).item() == 1


def test_equal_generators_restart_equally_and_fewer_outputs_than_codes_suffice():
    first, second, other = (Codebook(9, 2, 0.99) for _ in range(3))
    outputs = torch.randn(100, 2)
    for seed, book in ((1, first), (1, second), (2, other)):
        book.vectors.zero_()
        book.generator = torch.Generator().manual_seed(seed)
        book.learn(outputs, book.nearest(outputs))
    assert torch.equal(first.vectors, second.vectors)
    assert not torch.equal(first.vectors, other.vectors)
    first.learn(outputs[:2], first.nearest(outputs[:2]))
    assert first.vectors.isfinite().all()


def test_perplexity_is_the_number_of_codes_that_are_used_equally():
    assert perplexity(torch.tensor([4, 4, 4]), 6).item() == pytest.approx(1)
    assert perplexity(torch.tensor([0, 3, 5, 0, 3, 5]), 6).item() == pytest.approx(3)
    # exp of the entropy of 3/4 and 1/4
    assert perplexity(torch.tensor([1, 1, 1, 2]), 6).item() == pytest.approx(1.7548, abs=1e-4)


ARGUMENTS = """
import sys
from pathlib import Path
folder, rank = Path(sys.argv[1]), int(sys.argv[2])
"""
SHARED = """
import torch
from torch import distributed
from latentlab.models.codebook import Codebook

store = distributed.FileStore(str(folder / "store"), 2)
distributed.init_process_group("gloo", store=store, rank=rank, world_size=2)
torch.manual_seed(0)
book, outputs = Codebook(6, 2, 0.5), torch.randn(31, 2)
book.generator = torch.Generator().manual_seed(rank)
book.use.fill_(1)
book.sums.copy_(book.vectors)
book.vectors[5] = book.sums[5] = 100
for share in (outputs[:15], outputs[15:]), (outputs, outputs[:0]), (outputs, outputs[:0]):
    book.learn(share[rank], book.nearest(share[rank]))
torch.save(book.state_dict(), folder / f"{rank}.pt")
distributed.destroy_process_group()
"""


def test_processes_learn_one_codebook_from_all_their_images(tmp_path):
    """The first restarts the dead code, which the others take over, even without images."""
    command = [sys.executable, "-c", ARGUMENTS + SHARED, str(tmp_path), "1"]
    other = subprocess.Popen(command)
    exec(SHARED, {"folder": tmp_path, "rank": 0})  # another process would load torch for seconds
    assert other.wait(60) == 0
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    torch.manual_seed(0)
    alone, outputs = Codebook(6, 2, 0.5), torch.randn(31, 2)
    alone.use.fill_(1)
    alone.sums.copy_(alone.vectors)
    alone.vectors[5] = alone.sums[5] = 100
    for _ in range(3):
        alone.learn(outputs, alone.nearest(outputs))
    assert first["vectors"][5].abs().max() < 10, "the dead code was restarted"
    for name, value in first.items():
        assert torch.equal(value, second[name])
    torch.testing.assert_close(first["use"].sum(), alone.use.sum())
