"""Real processes that start within milliseconds: forks of one that has imported torch."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

FORKING = """
import json, os, signal, sys
from pathlib import Path
from latentlab import __main__, cli
from latentlab.learning.recipe import make_recipe
from latentlab.runs.recorder import record
training = {"epochs": 1, "batch_size": 1000, "device": "cpu"}
# Load everything that is imported on first use before the forks.
for _ in record(make_recipe({"training": training}), Path(sys.argv[1]) / "first"):
    pass
for line in sys.stdin:
    code, words, environ, streams = json.loads(line)
    child = os.fork()
    if not child:
        for number, file in enumerate(streams, 1):
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
        os.environ.update(environ)
        sys.argv = ["latentlab", *words]
        # A shell's background jobs ignore it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        status = 0
        try:
            exec(code, {"__name__": "__main__"})
        except SystemExit as end:
            status = end.code
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(status)  # an orderly exit would unload torch for two seconds
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
os._exit(0)
"""
COMMAND_LINE = """
import sys
from latentlab.__main__ import main
sys.exit(main())
"""


class ForkServer:
    """Process that forks others, one after another."""

    def __init__(self, folder):
        self.folder = folder
        code = [sys.executable, "-c", FORKING, str(folder)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(code, stdin=pipe, stdout=pipe, text=True)

    def start(self, code, *words, out=None):
        """Start a process that runs some code; `words` are its arguments, `out` its output."""
        self._streams = [out or self.folder / "out", self.folder / "errors"]
        for file in self._streams[out is not None :]:
            file.write_text("")
        streams = list(map(str, self._streams))
        job = code, [str(word) for word in words], dict(os.environ), streams
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        self._child = int(self._process.stdout.readline())

    def run(self, code, *words):
        """Run some code in a process; return exit status, standard output and error."""
        self.start(code, *words)
        return self.wait()

    def until(self, condition):
        """Wait until a condition holds, while the process runs."""
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, "timed out"
            with suppress(ProcessLookupError):
                os.kill(self._child, 0)
                time.sleep(0.005)
                continue
            raise AssertionError(self.wait())

    def kill(self, number=signal.SIGKILL):
        """Send a signal to the process, and wait as `wait` does."""
        os.kill(self._child, number)
        return self.wait()

    def wait(self):
        """Wait for the end of the process; return exit status, standard output and error."""
        status = int(self._process.stdout.readline())
        texts = (file.read_text("utf-8") if file.is_file() else "" for file in self._streams)
        return status, *texts

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(30) == 0
        self._process.stdout.close()
