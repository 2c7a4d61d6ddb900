"""What keeps the house in order: floors, borders, names, docstrings, and a README that tells of everything."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from server.__main__ import MODULES
from server.config import HELP
from server.routes import api

ROOT = Path(__file__).parents[1]

# a module imports from lower floors alone; a folder's modules, which share a floor, also from each other
FLOORS = [
    "quote",
    "errors identity source logs docs rereading",
    "config models wire query sources",
    "store states edits search corrections passages export mail",
    "naming lexicon",
    "verdicts",
    "cards changes mentions merge tags searches terms tokens",
    "training bulk glossary ingest insights leaderboard library margin papers closeness history "
    "matches trash extraction auth",
    "overlay days digest daily signin feeds archive upkeep homing",
    "intake mailing syndication",
    "routes",
    "pages",
    "app",
    "commands",
    "__main__",
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names.split()}

# who may import what: the framework and the network stay behind these doors
DOORS = {
    "litestar": {"app", "auth", "routes", "pages", "signin", "syndication", "docs", "commands"},
    "httpx": {"sources", "daily"},
    "aiosmtplib": {"mail"},
    "uvicorn": {"commands"},
    "click": {"commands", "__main__"},
    "spacy": set[str](),
    "torch": set[str](),
}
VAGUE = {"util", "utils", "common", "base", "helper", "helpers", "misc", "core", "shared", "tools"}


def modules(package: str) -> dict[str, ast.Module]:
    """Every module of a package and what it says, migrations aside, which are written by a tool."""
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): ast.parse(file.read_text())
        for file in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in file.parts
    }


SERVER, NLP = modules("server"), modules("nlp")
KNOWN = {**SERVER, **NLP}


def imports(tree: ast.Module) -> Iterator[str]:
    """All that a module imports, wherever it does, as modules where they are ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in KNOWN else node.module


def room(module: str) -> str:
    """The part of the server that a module belongs to: `server.sources.web` to `sources`."""
    return module.split(".")[1]


@pytest.mark.parametrize("module", [name for name in SERVER if name != "server"])
def test_a_module_imports_from_lower_floors_alone(module: str) -> None:
    assert room(module) in FLOOR, f"give {module} a floor in FLOORS"
    for imported in imports(SERVER[module]):
        if imported.startswith("server.") and room(imported) != room(module):
            assert FLOOR[room(imported)] < FLOOR[room(module)], f"{module} reaches up to {imported}"


@pytest.mark.parametrize("module", SERVER)
def test_the_framework_and_the_network_stay_behind_their_doors(module: str) -> None:
    for imported in imports(SERVER[module]):
        doors = DOORS.get(imported.split(".")[0])
        assert doors is None or room(module) in doors, f"{module} imports {imported}"


@pytest.mark.parametrize("module", NLP)
def test_the_pipeline_knows_nothing_of_the_server(module: str) -> None:
    assert not [
        name for name in imports(NLP[module]) if name.split(".")[0] in ("server", "litestar", "tortoise", "httpx")
    ]


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {name: {i for i in imports(tree) if i in KNOWN and i != name} for name, tree in KNOWN.items()}
    assert len([*TopologicalSorter(graph).static_order()]) == len(KNOWN)


def test_the_environment_is_read_in_one_place() -> None:
    readers = [
        name
        for name, tree in SERVER.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    ]
    assert readers == ["server.__main__"]


@pytest.mark.parametrize("module", KNOWN)
def test_a_module_s_name_says_what_it_is_and_its_first_line_more(module: str) -> None:
    assert VAGUE.isdisjoint(module.split("."))
    assert ast.get_docstring(KNOWN[module])


@pytest.mark.parametrize("module", KNOWN)
def test_every_public_function_and_class_says_what_it_does(module: str) -> None:
    tree = KNOWN[module]
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    # a method that a framework calls by its name is told of by the framework
    own = [c for c in tree.body if isinstance(c, ast.ClassDef) and not c.bases and not c.name.startswith("_")]
    public = [node for part in (tree, *own) for node in part.body if isinstance(node, functions)]
    silent = [node.name for node in public if not node.name.startswith("_") and not ast.get_docstring(node)]
    assert silent == []


def readme() -> str:
    return (ROOT / "README.md").read_text()


def test_readme_tells_of_every_setting() -> None:
    text = readme()
    told = [name for name in HELP if f"PAPERMARGIN_{name.upper()}" in text or f"--{name.replace('_', '-')}" in text]
    assert [name for name in HELP if name not in told] == []


def test_readme_tells_of_every_command() -> None:
    text = readme()
    assert [name for name in MODULES if not re.search(rf"papermargin {name}\b", text)] == []


def test_readme_tells_of_every_path_of_the_api() -> None:
    # `/papers/{key}/entry` stands for both forms of a key
    routes = {route.path.replace("{archive:str}/", "") for route in api.routes}
    paths = {re.sub(r":\w+}", "}", path) for path in routes}
    text = readme()
    assert [path for path in sorted(paths) if not re.search(re.escape(path) + r"[`?\s,]", text)] == []
