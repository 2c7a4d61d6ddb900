"""Plugins, tried with an example package: found by entry points, and harmless when they fail."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "plugins" / "papermargin_example"

Papermargin = Callable[..., "subprocess.CompletedProcess[str]"]


def install(entry_points: dict[str, dict[str, str]], folder: Path) -> None:
    """Write the metadata that pip would write for a package with these entry points."""
    metadata = folder / "papermargin_example-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: papermargin-example\nVersion: 1.0\n"
    )
    lines = [
        line
        for group, points in entry_points.items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines))


@pytest.fixture
def papermargin(tmp_path: Path, migrated_file: Path) -> Papermargin:
    """Runs the command with what is installed in `tmp_path`, on a store of the test's own."""
    db = tmp_path / "store.sqlite"
    db.write_bytes(migrated_file.read_bytes())
    path = os.pathsep.join(map(str, (ROOT, EXAMPLE, tmp_path)))

    def run(*arguments: str, text: str | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "server", *arguments],
            env=os.environ | {"PYTHONPATH": path, "PAPERMARGIN_DB": str(db)},
            input=text, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    return run


@pytest.fixture
def example(tmp_path: Path) -> None:
    """Install the example package."""
    facts = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())
    install(facts["project"]["entry-points"], tmp_path)


@pytest.mark.usefixtures("example")
def test_a_plugin_adds_an_import_and_an_export_format(
    papermargin: Papermargin, tmp_path: Path
) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("%titles\nMossy Kettles\nFern Attention\n")
    imported = papermargin("import", str(file), "--add", "--no-extract", "--offline", "--json")
    [report] = json.loads(imported.stdout)
    assert (report["kind"], report["new"], report["error"]) == ("titles", 2, None)
    lines = papermargin("export", "titles").stdout.splitlines()
    assert sorted(line.split(maxsplit=1)[1] for line in lines) == [
        "Fern Attention",
        "Mossy Kettles",
    ]


@pytest.mark.usefixtures("example")
def test_a_plugin_adds_a_component_to_the_pipeline(papermargin: Papermargin) -> None:
    done = papermargin("extract", text="We boil water.\nA Kettle is warm.")
    assert [15 + 2, 15 + 8, "METHOD"] in json.loads(done.stdout)["spans"]


def test_a_broken_plugin_is_reported_in_one_line_and_stops_nothing(
    papermargin: Papermargin, tmp_path: Path
) -> None:
    broken = {
        "papermargin.imports": {"gone": "no_such_module:FORMAT"},
        "papermargin.exports": {"gone": "no_such_module:FORMAT", "wrong": "json:dumps"},
        "papermargin.components": {"gone": "no_such_module:make"},
    }
    install(broken, tmp_path)
    exported = papermargin("export", "bibtex")
    assert exported.returncode == 0
    assert "plugin no_such_module:FORMAT is left out: ModuleNotFoundError" in exported.stderr
    assert "plugin json:dumps is left out: not of type Format" in exported.stderr
    (tmp_path / "what.txt").write_text("nothing that anyone knows")
    imported = papermargin("import", str(tmp_path / "what.txt"))
    assert "expected a kind of file that holds papers" in imported.stdout
    extracted = papermargin("extract", text="We use LoRA on CIFAR-10.")
    assert extracted.returncode == 0
    assert "component gone is left out" in extracted.stderr


def test_a_plugin_that_fails_on_a_file_is_named(papermargin: Papermargin, tmp_path: Path) -> None:
    (tmp_path / "faulty.py").write_text(
        "from server.imports.plugins import ImportFormat\n"
        "def parse(text, observed): return 1 / 0\n"
        "FORMAT = ImportFormat('faults', matches=bool, parse=parse)\n"
    )
    install({"papermargin.imports": {"faults": "faulty:FORMAT"}}, tmp_path)
    (tmp_path / "what.txt").write_text("nothing that anyone knows")
    imported = papermargin("import", str(tmp_path / "what.txt"))
    assert imported.returncode == 1
    assert "the plugin for faults failed: ZeroDivisionError" in imported.stdout
