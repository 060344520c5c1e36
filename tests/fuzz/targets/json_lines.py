"""Logs of a run, in JSON lines; each reader gets each content."""

from fuzz.harness import target
from mutation_support import LINES

from latentlab.runs.run_log import CHANGES, read_changes_strict, read_run_log
from latentlab.session.curves import curves, latent_curves

NAMES = (curves.METRICS, curves.FILE, latent_curves.FILE, CHANGES)


@target(LINES)
def reads(content, folder):
    for name in NAMES:
        (folder / name).write_bytes(content)
    return [lambda: read_run_log(folder, {}), lambda: read_changes_strict(folder)]
