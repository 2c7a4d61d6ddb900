"""The wheel, installed into a fresh environment outside the clone, and a short tour of it there."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from server.browser_extension import extension_folder
from tests.server.process import free_port
from tests.server.sign_in import confirm_link

ROOT = Path(__file__).parents[1]
BIBLIOGRAPHY = """@article{kettle, title={Kettles that Sing}, author={Lind, Ada}, year={2026},
eprint={2601.00001}, archiveprefix={arXiv}, keywords={tea},
abstract={We tune kettles with LoRA and reach 91.2% accuracy on MoonQA.}}"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the build tools of this environment: there may be no network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([sys.executable, *build, "-w", str(folder), str(ROOT)], check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


class Environment:
    """A virtual environment with the wheel, which borrows the dependencies of this one."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        self.python = folder / "venv" / "bin" / "python"
        subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True
        )
        install = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
        subprocess.run(
            [sys.executable, "-m", "pip", "--python", str(self.python), *install], check=True
        )
        # a path of a .pth file is not searched for further ones, so an editable install is not seen
        [site] = (folder / "venv" / "lib").glob("python*/site-packages")
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of a user who has a store of their own."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return kept | {"PAPERMARGIN_DB": str(self.folder / "store.sqlite")}

    def papermargin(self, *arguments: str, text: str | None = None) -> str:
        """Run the command and return what it prints."""
        done = subprocess.run(
            [self.python.with_name("papermargin"), *arguments],
            cwd=self.folder, env=self.variables, input=text,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    return Environment(tmp_path_factory.mktemp("home"), wheel)


def test_the_code_of_the_wheel_is_used(installed: Environment) -> None:
    done = subprocess.run(
        [installed.python, "-c", "import server, nlp; print(server.__file__, nlp.__file__)"],
        cwd=installed.folder, env=installed.variables, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert all(file.startswith(str(installed.folder)) for file in done.stdout.split())
    assert "0.1.0" in installed.papermargin("--version")


def test_the_wheel_has_the_whole_extension_and_the_documentation(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    folder = extension_folder()
    expected = {
        f"server/extension/{file.relative_to(folder).as_posix()}"
        for file in folder.rglob("*")
        if file.is_file() and "pictures" not in file.parts and file.suffix != ".md"
    }
    assert expected - names == set()
    assert "server/docs/queries.md" in names
    assert not [name for name in names if "pictures/" in name or "/tests/" in name]


def test_the_extension_is_unpacked(installed: Environment) -> None:
    assert "Load unpacked" in installed.papermargin("extension", "margin")
    assert (installed.folder / "margin" / "manifest.json").is_file()


def test_a_bibliography_is_imported_extracted_and_exported(installed: Environment) -> None:
    (installed.folder / "refs.bib").write_text(BIBLIOGRAPHY)
    [report] = json.loads(installed.papermargin("import", "refs.bib", "--offline", "--json"))
    assert (report["kind"], report["new"]) == ("BibTeX", 1)
    assert installed.papermargin("list", "method:LoRA").startswith("2601.00001")
    assert "Kettles that Sing" in installed.papermargin("export", "ris")
    installed.papermargin("export", "markdown", "--out", "vault")
    assert (installed.folder / "vault" / "Kettles that Sing.md").is_file()
    found = json.loads(installed.papermargin("extract", text="We use LoRA on CIFAR-10."))
    assert [7, 11, "METHOD"] in found["spans"]


@pytest.fixture
def served(installed: Environment) -> Iterator[str]:
    """Serve the store; the fixture's value is what the server printed."""
    log = installed.folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [installed.python.with_name("papermargin"), "serve", "--no-ingest", "--no-extract",
             "--port", str(free_port())],
            cwd=installed.folder, env=installed.variables, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        end = time.monotonic() + 120
        while "the extension:" not in log.read_text():
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield log.read_text()
    finally:
        process.terminate()
        process.wait()


def test_a_browser_signs_in_and_sees_pages(served: str) -> None:
    link = re.search(r"http://\S+/sign-in\?token=\S+", served)
    folder = re.search(r"the extension:\s+(.+)", served)
    assert link and folder
    assert (Path(folder[1]) / "manifest.json").is_file()
    with httpx.Client(follow_redirects=True, timeout=60) as browser:
        confirm_link(browser, link[0])
        home = link[0].partition("/sign-in")[0]
        assert "Reading list" in browser.get(home).raise_for_status().text
        for page in ("/today", "/terms", "/settings", "/docs", "/docs/queries", "/docs/api"):
            browser.get(home + page).raise_for_status()
