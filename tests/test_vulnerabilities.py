"""The check for known vulnerabilities, with a stand-in for pip-audit, which needs the network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[1] / "packaging"
KNOWN = {"name": "a", "version": "1", "vulns": []}
BROKEN = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (json.dumps({"dependencies": [KNOWN, SKIPPED]}), 0, "0 vulnerabilities"),
        (json.dumps({"dependencies": [KNOWN, BROKEN]}), 1, "b 2: PYSEC-1, fixed in 3"),
        (json.dumps({"dependencies": [SKIPPED]}), 0, "not checked"),
        ("no connection", 0, "not checked"),
    ],
)
def test_only_a_known_vulnerability_fails(tmp_path, answer, status, says):
    (tmp_path / "pip_audit.py").write_text(f"print({answer!r})")
    command = [sys.executable, PACKAGING / "vulnerabilities.py"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (status, "")
    assert says in done.stdout
