"""What packaging/ says of latentlab agrees with the program, and its parts with each other."""

import plistlib
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from latentlab.session.files.scene import SCENES

ROOT = Path(__file__).parents[1]
PACKAGING = ROOT / "packaging"
MIME = "{http://www.freedesktop.org/standards/shared-mime-info}"
DESKTOP = PACKAGING / "latentlab.desktop"
WORKFLOW = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")


def desktop_entry():
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(DESKTOP, "utf-8")
    return parser["Desktop Entry"]


def build_job():
    return yaml.safe_load(WORKFLOW)["jobs"]["build"]


def test_the_desktop_entry_opens_scenes_and_run_folders():
    entry = desktop_entry()
    assert entry["Exec"] == "latentlab %f"
    assert (ROOT / "resources" / "icons" / f"{entry['Icon']}.svg").is_file()
    (scene,) = ElementTree.parse(PACKAGING / "latentlab.xml").getroot()
    assert entry["MimeType"].strip(";").split(";") == [scene.get("type"), "inode/directory"]
    assert [glob.get("pattern") for glob in scene.iter(f"{MIME}glob")] == [f"*.{SCENES[0]}"]


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="needs desktop-file-utils")
def test_the_desktop_entry_is_valid():
    assert not subprocess.run(["desktop-file-validate", DESKTOP], capture_output=True).stdout


@pytest.mark.skipif(not shutil.which("update-mime-database"), reason="needs shared-mime-info")
def test_the_file_type_is_valid(tmp_path):
    folder = tmp_path / "packages"
    folder.mkdir()
    shutil.copy(PACKAGING / "latentlab.xml", folder)
    subprocess.run(["update-mime-database", tmp_path], check=True)
    assert f":*.{SCENES[0]}" in (tmp_path / "globs").read_text()


def test_windows_and_macos_open_scenes_too():
    assert rf"Software\Classes\.{SCENES[0]}" in (PACKAGING / "latentlab.iss").read_text("utf-8")
    recipe = (PACKAGING / "latentlab.spec").read_text("utf-8")
    assert f'"public.filename-extension": ["{SCENES[0]}"]' in recipe
    plistlib.loads((PACKAGING / "entitlements.plist").read_bytes())


def test_the_workflow_names_scripts_and_formats_that_exist():
    job = build_job()
    runs = "\n".join(step.get("run", "") for step in job["steps"])
    named = set(re.findall(r"packaging/([\w.-]+)", runs))
    assert {"build", "check-build", "licences", "test"} <= named
    assert all((PACKAGING / name).is_file() for name in named)
    script = (PACKAGING / "build").read_text("utf-8")
    formats = " ".join(system["formats"] for system in job["strategy"]["matrix"]["include"]).split()
    assert sorted(formats) == ["appimage", "deb", "dmg", "setup"]
    assert all(f"\n{name}() {{" in script for name in [*formats, "folder"])


def test_the_workflow_pins_its_actions():
    actions = re.findall(r"uses: (\S+)", WORKFLOW)
    assert actions
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in actions)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("formats", [[], ["rpm"], ["deb", "rpm"]])
def test_a_build_of_an_unknown_format_begins_nothing(formats):
    ended = subprocess.run(
        ["sh", PACKAGING / "build", *formats], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "packaging/build names them" in ended.stderr
