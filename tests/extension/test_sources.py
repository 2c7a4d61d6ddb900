"""The extension's sources: types, words, manifest, and the unit tests of the pure parts under node's own runner."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXTENSION = HERE.parents[1] / "extension"
MODULES = HERE / "node_modules"


@pytest.fixture(autouse=True)
def npm_is_here() -> None:
    if not (shutil.which("node") and MODULES.is_dir()):
        why = "node and its packages are missing: apt-get install nodejs npm; npm ci --prefix tests/extension"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)


def test_the_pure_parts_hold_their_unit_tests() -> None:
    said = run("node", "--test", "unit/")
    assert said.returncode == 0, said.stdout[-4000:]


def test_the_types_are_sound() -> None:
    said = run("node_modules/.bin/tsc", "-p", "tsconfig.json")
    assert said.returncode == 0, said.stdout


def test_mozillas_linter_has_no_complaint() -> None:
    said = run(
        "node_modules/.bin/web-ext", "lint", "--source-dir", str(EXTENSION), "--output", "json", "--no-config-discovery"
    )
    found = json.loads(said.stdout[said.stdout.index("{") :])
    complaints = {(each["code"], each["file"]) for each in found["errors"] + found["warnings"]}
    # one manifest for two browsers names Chromium's worker, which Firefox passes over; the address that is imported is
    # made by the browser from a file name of ours
    assert complaints <= {("MANIFEST_FIELD_UNSUPPORTED", "manifest.json"), ("UNSAFE_VAR_ASSIGNMENT", "content.js")}


def words(language: str) -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads((EXTENSION / "_locales" / language / "messages.json").read_text())
    return loaded


def test_both_languages_have_the_same_words_and_places() -> None:
    english, german = words("en"), words("de")
    assert english.keys() == german.keys()
    for name in english:
        places = [sorted(set(re.findall(r"\$\d", each[name]["message"]))) for each in (english, german)]
        assert places[0] == places[1], name


def test_every_word_that_is_asked_for_exists_and_no_other() -> None:
    text = "".join(
        path.read_text() for path in [*EXTENSION.glob("*.js"), *EXTENSION.glob("*.html"), EXTENSION / "manifest.json"]
    )
    asked = set(re.findall(r'\bt\(\s*"(\w+)"|data-t(?:-[a-z-]+)?="(\w+)"|__MSG_(\w+)__', text))
    plain = {name for names in asked for name in names if name}
    counted = {f"{name}_{form}" for name in re.findall(r'\bcount\(\s*"(\w+)"', text) for form in ("one", "other")}
    families = tuple(f"{family}_" for family in re.findall(r"\bt\(`(\w+?)_\$", text))
    known = set(words("en"))
    assert plain | counted <= known
    assert not {name for name in known - plain - counted if not name.startswith(families)}


def test_no_line_is_longer_than_120_characters_and_no_module_much_longer_than_300() -> None:
    sources = [*EXTENSION.glob("*.js"), *HERE.glob("*.mjs"), *HERE.glob("unit/*.js")]
    assert not [path.name for path in sources if max(map(len, path.read_text().splitlines())) > 120]
    assert not [path.name for path in sources if path.read_text().count("\n") > 310]


def test_every_module_of_the_margin_is_accessible_and_none_else() -> None:
    manifest = json.loads((EXTENSION / "manifest.json").read_text())
    reached = {"overlay.js"}
    while (
        more := {
            name for each in reached for name in re.findall(r'from "\./(\w+\.js)"', (EXTENSION / each).read_text())
        }
        - reached
    ):
        reached |= more
    assert set(manifest["web_accessible_resources"][0]["resources"]) == reached | {"styles/margin.css"}


def test_data_flows_down_from_content_and_background() -> None:
    imports = {path.name: set(re.findall(r'from "\./(\w+\.js)"', path.read_text())) for path in EXTENSION.glob("*.js")}
    network = {name for name, needs in imports.items() if "server.js" in needs}
    assert network == {"background.js", "connection.js", "live.js", "options.js", "outbox.js", "views.js"}
    floors: list[set[str]] = []
    rest = dict(imports)
    while rest:
        floor = {name for name, needs in rest.items() if not needs & rest.keys()}
        assert floor, f"a circle among {sorted(rest)}"
        floors.append(floor)
        rest = {name: needs for name, needs in rest.items() if name not in floor}
