"""JSON files of a run, of its model and of the user; each reader gets each content."""

from fuzz.harness import target
from mutation_support import JSON
from mutation_targets import card

from latentlab.directories import IMPORT_FILE
from latentlab.explorer.bookmarks import read_bookmarks
from latentlab.explorer.files.direction_files import read_directions
from latentlab.learning.checkpoint import DESCRIPTION_FILE, read_checkpoint
from latentlab.runs import imported, measurements, provenance, run_data
from latentlab.runs.notes import notes_file, read_notes


@target(JSON)
def reads(content, folder):
    file = folder / "any.json"
    file.write_bytes(content)
    for name in (IMPORT_FILE, measurements.FILE, provenance.FILE, run_data.FILE):
        (folder / name).hardlink_to(file)
    for path in (folder / DESCRIPTION_FILE, notes_file(folder)):
        path.hardlink_to(file)
    return [
        lambda: read_checkpoint(folder),
        lambda: imported.read_import_record(folder),
        lambda: measurements.read_measurements(folder),
        lambda: provenance.read_provenance(folder),
        lambda: run_data.read_run_data(folder),
        lambda: read_notes(folder),
        lambda: read_bookmarks(file, card()),
        lambda: read_directions(file, 2),
    ]
