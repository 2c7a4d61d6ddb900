"""The extension's sources: types, words, manifest, and the unit tests of the pure parts under
node's own runner.
"""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.extension.openapi import read_schemas

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXTENSION = ROOT / "extension"
MODULES = HERE / "node_modules"


@pytest.fixture(autouse=True)
def npm_is_here() -> None:
    if not (shutil.which("node") and MODULES.is_dir()):
        why = (
            "node and its packages are missing: "
            "apt-get install nodejs npm; npm ci --prefix tests/extension"
        )
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)


def test_the_unit_tests_pass() -> None:
    said = run("node", "--test", *(str(path) for path in sorted(HERE.glob("unit/*/*.test.js"))))
    assert said.returncode == 0, said.stdout[-4000:]


def test_the_types_check() -> None:
    said = run("node_modules/.bin/tsc", "-p", "tsconfig.json")
    assert said.returncode == 0, said.stdout


def test_mozillas_linter_reports_nothing() -> None:
    said = run(
        "node_modules/.bin/web-ext",
        "lint",
        "--source-dir",
        str(EXTENSION),
        "--output",
        "json",
        "--no-config-discovery",
    )
    found = json.loads(said.stdout[said.stdout.index("{") :])
    complaints = {(each["code"], each["file"]) for each in found["errors"] + found["warnings"]}
    # the manifest names Chromium's service worker, which Firefox ignores; the address that
    # content.js imports is made by the browser from a file name of ours
    assert complaints <= {
        ("MANIFEST_FIELD_UNSUPPORTED", "manifest.json"),
        ("UNSAFE_VAR_ASSIGNMENT", "page/content.js"),
    }


def words(language: str) -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads(
        (EXTENSION / "_locales" / language / "messages.json").read_text()
    )
    return loaded


def test_both_languages_have_the_same_texts_and_placeholders() -> None:
    english, german = words("en"), words("de")
    assert english.keys() == german.keys()
    for name in english:
        places = [
            sorted(set(re.findall(r"\$\d", each[name]["message"]))) for each in (english, german)
        ]
        assert places[0] == places[1], name


def test_every_text_in_use_exists_and_no_other() -> None:
    text = "".join(
        path.read_text()
        for path in [
            *EXTENSION.glob("*/*.js"),
            *EXTENSION.glob("*/*.html"),
            EXTENSION / "manifest.json",
        ]
    )
    asked = set(re.findall(r'\bt\(\s*"(\w+)"|data-t(?:-[a-z-]+)?="(\w+)"|__MSG_(\w+)__', text))
    plain = {name for names in asked for name in names if name}
    counted = {
        f"{name}_{form}"
        for name in re.findall(r'\bcount\(\s*"(\w+)"', text)
        for form in ("one", "other")
    }
    families = tuple(f"{family}_" for family in re.findall(r"\bt\(`(\w+?)_\$", text))
    known = set(words("en"))
    assert plain | counted <= known
    assert not {name for name in known - plain - counted if not name.startswith(families)}


def test_the_types_of_the_api_are_those_of_the_server(tmp_path: Path) -> None:
    committed = (EXTENSION / "shared" / "api.d.ts").read_text()
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(read_schemas()))
    flags = ("--root-types", "--root-types-no-schema-prefix", "--default-non-nullable=false")
    fresh = tmp_path / "api.d.ts"
    said = run(
        "node_modules/.bin/openapi-typescript", str(document), "--output", str(fresh), *flags
    )
    assert said.returncode == 0, said.stderr
    assert fresh.read_text() == committed, "npm run api-types --prefix tests/extension"


def test_the_sources_are_formatted() -> None:
    said = run(
        "node_modules/.bin/prettier",
        "--print-width",
        "100",
        "--list-different",
        str(EXTENSION / "*" / "*.js"),
        "*.mjs",
        "unit",
    )
    assert said.returncode == 0, said.stdout


def test_no_line_is_longer_than_100_characters_and_no_module_much_longer_than_300() -> None:
    sources = [*EXTENSION.glob("*/*.js"), *HERE.glob("*.mjs"), *HERE.glob("unit/*/*.js")]
    assert not [path.name for path in sources if max(map(len, path.read_text().splitlines())) > 100]
    assert not [path.name for path in sources if path.read_text().count("\n") > 310]


IMPORT = re.compile(r'^(?:import|export|\})[^"]*"(\.[./\w]+\.js)";$', re.MULTILINE)


def imports() -> dict[str, set[str]]:
    """Map each module to the modules it imports, as paths from the extension's folder."""
    modules = {}
    for path in EXTENSION.glob("*/*.js"):
        needs = [(path.parent / name).resolve() for name in IMPORT.findall(path.read_text())]
        modules[path.relative_to(EXTENSION).as_posix()] = {
            needed.relative_to(EXTENSION).as_posix() for needed in needs
        }
    return modules


# what runs in a page of the sites, in the background, and in the extension's own pages may reach
REACH = {
    "shared": {"shared"},
    "sites": {"sites", "shared"},
    "ui": {"ui", "shared"},
    "page": {"page", "sites", "ui", "shared"},
    "background": {"background", "sites", "shared"},
    "options": {"options", "ui", "shared"},
    "popup": {"popup", "ui", "shared"},
}


def test_folders_import_only_what_they_may() -> None:
    for module, needs in imports().items():
        folder = module.partition("/")[0]
        assert {needed.partition("/")[0] for needed in needs} <= REACH[folder], module


def test_pages_may_load_the_folders_of_the_margin_and_no_other() -> None:
    manifest = json.loads((EXTENSION / "manifest.json").read_text())
    resources = {
        name for each in manifest["web_accessible_resources"] for name in each["resources"]
    }
    assert resources == {f"{folder}/*.js" for folder in REACH["page"]} | {"styles/margin.css"}


def test_the_documentation_says_what_each_permission_is_for() -> None:
    manifest = json.loads((EXTENSION / "manifest.json").read_text())
    hosts = [pattern.split("/")[2] for pattern in manifest["host_permissions"]]
    said = (ROOT / "server" / "docs" / "extension.md").read_text()
    assert not [name for name in [*manifest["permissions"], *hosts] if f"`{name}`" not in said]


def test_the_extension_has_the_version_of_the_server() -> None:
    manifest = json.loads((EXTENSION / "manifest.json").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert manifest["version"] == project["version"]


def test_no_modules_import_each_other_in_a_circle() -> None:
    rest = imports()
    while rest:
        floor = {name for name, needs in rest.items() if not needs & rest.keys()}
        assert floor, f"a circle among {sorted(rest)}"
        rest = {name: needs for name, needs in rest.items() if name not in floor}


def test_only_the_background_sends_anything_and_only_in_one_module() -> None:
    senders = {
        path.relative_to(EXTENSION).as_posix()
        for path in EXTENSION.glob("*/*.js")
        if re.search(
            r"\b(?:fetch|sendBeacon|XMLHttpRequest|WebSocket|EventSource)\(", path.read_text()
        )
    }
    # the options knock at the person's own address once more, to name why it does not answer
    assert senders == {"background/http.js", "options/probe.js"}
