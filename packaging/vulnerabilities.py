"""Known vulnerabilities of pinned versions, by pip-audit; run by `packaging/vulnerabilities`."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

CONSTRAINTS = Path(__file__).parent / "constraints.txt"
TIMEOUT_S = 300


def audit(pins):
    """Return what pip-audit reports of each pinned version; nothing if it has no answer."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("\n".join(pins))
        words = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
        command = [sys.executable, "-m", "pip_audit", "--requirement", file, *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
            return json.loads(done.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            return []


def main():
    """Print the findings; return 1 if there are any."""
    pins = [line for line in CONSTRAINTS.read_text().splitlines() if "==" in line]
    # One alone first: without a database, asking for each takes long.
    known = any("vulns" in each for each in audit(pins[:1]))
    checked = [each for each in audit(pins) if "vulns" in each] if known else []
    if not checked:
        print("not checked: the package index has no database of vulnerabilities")
        return 0
    found = [(each, vulnerability) for each in checked for vulnerability in each["vulns"]]
    for each, vulnerability in found:
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version"
        print(f"{each['name']} {each['version']}: {vulnerability['id']}, fixed in {fixed}")
    print(f"{len(checked)} of {len(pins)} pinned versions checked, {len(found)} vulnerabilities")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
