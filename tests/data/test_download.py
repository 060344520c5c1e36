"""Downloading, from a real server on this machine."""

import functools
import gzip
import hashlib
import http.server
import threading

import numpy as np
import pytest
from torchvision import datasets

from latentlab.data.data_set import load
from latentlab.data.sources.idx_set import CHUNK, FILES, download
from latentlab.data.sources.mnist import MNISTConfig
from latentlab.directories import downloads
from latentlab.errors import DataError

TARGET = FILES[0] + ".gz"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, says nothing, and can break off or hide how long they are."""

    def log_message(self, *args):
        self.server.asked.append(self.path)

    def copyfile(self, source, outputfile):
        content = source.read()
        outputfile.write(content[: len(content) // 2] if self.server.breaks_off else content)

    def send_header(self, keyword, value):
        if keyword != "Content-Length" or not self.server.hides_length:
            super().send_header(keyword, value)


class Site:
    """A web server over one folder."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        handler = functools.partial(Quiet, directory=folder)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.asked = []
        self.server.breaks_off = self.server.hides_length = False
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def asked(self):
        return self.server.asked

    def close(self):
        if self._thread.is_alive():
            self.server.shutdown()
            self._thread.join()
            self.server.server_close()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site that torchvision takes for the home of MNIST, without files so far."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    site = Site(tmp_path / "site")
    monkeypatch.setattr(datasets.MNIST, "mirrors", [site.url])
    yield site
    site.close()


@pytest.fixture
def served(site, write_idx_folder, monkeypatch):
    """The small MNIST that the site serves, by file name."""
    arrays = write_idx_folder(site.folder, shape=(60, 50))
    files = [f"{name}.gz" for name in FILES]
    sums = [hashlib.md5((site.folder / file).read_bytes()).hexdigest() for file in files]
    monkeypatch.setattr(datasets.MNIST, "resources", list(zip(files, sums, strict=True)))
    return arrays


def left():
    return sorted(path.name for path in downloads().rglob("*") if path.is_file())


def refused():
    with pytest.raises(DataError) as caught:
        load(MNISTConfig())
    return caught.value


def test_what_is_not_there_is_fetched_once(site, served):
    assert not MNISTConfig().available()
    splits = load(MNISTConfig())
    np.testing.assert_array_equal(splits.train.images[:, 0], served[FILES[0]])
    np.testing.assert_array_equal(splits.validation.labels, served[FILES[3]])
    assert left() == sorted(f"{name}.gz" for name in FILES)
    assert len(site.asked) == len(FILES)
    assert MNISTConfig().available()
    site.close()
    again = load(MNISTConfig())
    np.testing.assert_array_equal(again.train.images, splits.train.images)


def test_progress_of_the_download_is_told(site, served):
    steps = [step for step in MNISTConfig().load() if step.message == "Downloading mnist"]
    fractions = [step.fraction for step in steps]
    size = (site.folder / TARGET).stat().st_size
    assert size > CHUNK, "the file should come in several parts"
    assert len([fraction for fraction in fractions if fraction <= 0.25]) >= 2
    assert fractions == sorted(fractions)
    assert fractions[0] == pytest.approx(0.25 * CHUNK / size)
    assert fractions[-1] == 1


def test_a_server_that_does_not_tell_lengths_will_do(site, served):
    site.server.hides_length = True
    fractions = [step.fraction for step in MNISTConfig().load()]
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert MNISTConfig().available()


def test_a_file_with_another_checksum_is_refused_and_thrown_away(site, served):
    file = site.folder / TARGET
    file.write_bytes(gzip.compress(b"something else", mtime=0))
    problem = refused()
    assert TARGET in problem.message
    assert "damaged" in problem.message
    assert left() == []


def test_a_file_that_breaks_off_is_refused_and_thrown_away(site, served):
    site.server.breaks_off = True
    assert TARGET in refused().message
    assert left() == []


def test_files_that_came_whole_are_kept_for_the_next_attempt(site, served):
    broken = site.folder / f"{FILES[2]}.gz"
    content = broken.read_bytes()
    broken.write_bytes(b"?")
    assert broken.name in refused().message
    assert left() == sorted([f"{FILES[0]}.gz", f"{FILES[1]}.gz"])
    site.asked.clear()
    broken.write_bytes(content)
    assert len(load(MNISTConfig()).validation) == 10
    assert len(site.asked) == 2


def test_the_next_mirror_is_asked_where_one_fails(site, served, monkeypatch):
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"{site.url}nothing/", site.url])
    assert len(load(MNISTConfig()).train) == 30


def test_a_download_that_is_given_up_leaves_nothing(site, served):
    steps = MNISTConfig().load()
    assert next(steps).fraction < 0.25
    steps.close()
    assert left() == []


def test_without_network_and_files_it_says_which_file_where_and_what_to_do(site, served):
    site.close()
    problem = refused()
    assert TARGET in problem.message
    assert str(downloads() / "mnist") in problem.message
    assert "urlopen" not in problem.message
    assert site.url in problem.advice
    assert "data.root" in problem.advice
    assert "LATENTLAB_DATA" in problem.advice


def test_a_missing_page_is_an_os_error_with_its_status(site, tmp_path):
    with pytest.raises(OSError, match="404"):
        list(download(f"{site.url}nothing.gz", tmp_path / "file.gz", "0"))
    assert not list(tmp_path.glob("file*"))
