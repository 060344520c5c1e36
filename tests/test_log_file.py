"""The log, unhandled errors and reports of problems; in processes, because hooks are global."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from latentlab.directories import home
from latentlab.log_file import KEPT_FILES, MAX_BYTES, log_file

ROOT = str(Path(__file__).parents[1])


def run(code, *words):
    """Run some code after the log was started; return exit status and standard error."""
    code = f"from latentlab.log_file import *\nstart_logging(is_window=True)\n{code}"
    environment = {**os.environ, "PYTHONPATH": ROOT}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stderr


def test_errors_that_nothing_handles_are_logged_and_printed_as_before():
    status, errors = run(
        "import threading\n"
        "threading.Thread(target=lambda: 1 / 0).start()\n"
        "raise RuntimeError('in the main thread')"
    )
    assert status == 1
    assert "ZeroDivisionError" in errors
    assert "RuntimeError: in the main thread" in errors
    text = log_file().read_text()
    assert "An error in a thread was not handled" in text
    assert "ZeroDivisionError" in text
    assert "RuntimeError: in the main thread" in text


def test_a_crash_leaves_the_stack_of_each_thread():
    status, _ = run("import ctypes\nctypes.string_at(0)")
    assert status != 0
    assert "Fatal Python error" in (home() / "logs" / "crashes.txt").read_text()


def test_the_log_does_not_grow_for_ever():
    assert run("for i in range(4000): LOG.info('x' * 1000)") == (0, "")
    files = sorted(path.name for path in log_file().parent.iterdir() if path.name != "crashes.txt")
    assert len(files) == 1 + KEPT_FILES
    assert all((log_file().parent / name).stat().st_size <= MAX_BYTES for name in files)


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_log(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LATENTLAB_HOME", str(tmp_path / "file" / "home"))
    code = "ACTIONS.info('did it')\nprint(last_actions()[0], repr(end_of_log(100)))"
    assert run(code) == (0, "")


def test_only_the_last_actions_are_remembered():
    code = (
        "for i in range(3 * MAX_ACTIONS): ACTIONS.info('action %d', i)\n"
        "assert len(last_actions()) == MAX_ACTIONS\n"
        "assert last_actions()[-1].endswith(f'action {3 * MAX_ACTIONS - 1}')"
    )
    assert run(code) == (0, "")


def test_a_command_that_fails_in_no_way_leaves_no_file():
    environment = {**os.environ, "PYTHONPATH": ROOT}
    subprocess.run(
        [sys.executable, "-m", "latentlab", "--version"], env=environment, check=True, cwd=ROOT
    )
    assert not home().exists()


PRIVATE = {
    "{home}/runs/a": "~latentlab/runs/a",
    "{user}/faces of friends/a.png": "~/faces of friends/a.png",
    "root = '/mnt/hospital/patients'": "root = '…/patients'",
    'File "/usr/lib/python3/site-packages/torch/x.py", line 3': 'File "…/x.py", line 3',
    r"C:\Users\me\a.npy": "…/a.npy",
    "nats/image, 1/2, and/or, https://a.org/b/c": "nats/image, 1/2, and/or, https://a.org/b/c",
}


@pytest.mark.parametrize("text", PRIVATE)
def test_a_report_has_no_private_paths(text):
    from latentlab.session.files.problem_report import without_private_paths

    filled = text.replace("{home}", str(home())).replace("{user}", str(Path.home()))
    assert without_private_paths(filled) == PRIVATE[text]
