"""Rules for the whole repository: style, types, imports, names, docstrings and documents."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / ".github").glob("*.md"))]

VAGUE = {"util", "utils", "common", "base", "helper", "helpers", "misc", "core", "shared", "tools"}


def parse_modules(package: str) -> dict[str, ast.Module]:
    """Parse every module of a package, except migrations, which a tool writes."""
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            file.read_text()
        )
        for file in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in file.parts
    }


SERVER = parse_modules("server")
MODULES = {**SERVER, **parse_modules("nlp")}


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--no-cache"],
        ["ruff", "format", "--check", "--no-cache"],
        ["mypy"],
        ["lint-imports", "--no-cache"],
        ["codespell"],
    ],
    ids=" ".join,
)
def test_the_tools_have_no_complaints(command: list[str]) -> None:
    tool, *options = command
    done = subprocess.run(
        [Path(sys.executable).with_name(tool), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


def test_a_server_starts_without_the_libraries_of_models() -> None:
    """They take half of its memory and of its start, and are imported where they are used."""
    script = "import sys, server.cli.serve; print({'numpy', 'spacy'} & {*sys.modules})"
    command = [sys.executable, "-c", script]
    assert subprocess.check_output(command, text=True, cwd=ROOT) == "set()\n"


def test_the_environment_is_read_in_one_place() -> None:
    readers = [
        name
        for name, tree in SERVER.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    ]
    assert readers == ["server.__main__"]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_telling_name_and_a_docstring(module: str) -> None:
    assert VAGUE.isdisjoint(module.split("."))
    assert ast.get_docstring(MODULES[module])


@pytest.mark.parametrize("module", MODULES)
def test_every_public_function_and_method_has_a_docstring(module: str) -> None:
    undocumented = [
        function.name
        for function in public_functions(MODULES[module])
        if not ast.get_docstring(function)
    ]
    assert undocumented == []


def public_functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the public functions of a module, and the public methods of its public classes."""
    # the methods of a subclass are documented by the framework that calls them
    classes = [c for c in tree.body if isinstance(c, ast.ClassDef) and not c.bases]
    bodies = [tree.body, *(c.body for c in classes if not c.name.startswith("_"))]
    for body in bodies:
        for node in body:
            if isinstance(node, FUNCTIONS) and not node.name.startswith("_"):
                yield node


def test_every_path_that_the_guides_name_exists() -> None:
    guides = (CONTRIBUTING, ROOT / "server" / "docs" / "decisions.md")
    named = [
        path for guide in guides for path in re.findall(r"`([\w./-]*/[\w./-]*)`", guide.read_text())
    ]
    paths = [path for path in named if not path.startswith("/")]
    assert len(paths) > 80
    invented = {"extension/sites/SITE.js"}  # a file that the reader is asked to write
    assert [path for path in paths if not (ROOT / path).exists()] == sorted(invented)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_of_the_documents_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", document.read_text())
    missing = [
        link for link in links if "://" not in link and not (document.parent / link).exists()
    ]
    assert missing == []


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_the_extension_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    manifest = json.loads((ROOT / "extension" / "manifest.json").read_text())
    assert manifest["version"] == project["version"]
