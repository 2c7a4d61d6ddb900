"""The same margin in Firefox, driven over WebDriver BiDi."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.extension.browser import Server, until
from tests.extension.pages import Paper, list_page, paper_page

HERE = Path(__file__).parent
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or ""
UUID = "5e1f2d3c-0000-4000-8000-6d617267696e"
HOST = "https://huggingface.co"


def paired_copy(extension: Path, folder: Path, server: Server) -> Path:
    """Give a copy that is paired from its start: no driver can reach an extension's own page in Firefox."""
    shutil.copytree(extension, folder)
    origin = {"Origin": f"moz-extension://{UUID}"}
    paired = httpx.post(
        f"{server.address}/api/v1/pair", json={"code": server.code(), "name": "Firefox"}, headers=origin
    )
    account = {"address": server.address, "token": paired.raise_for_status().json()["token"], "user": "me"}
    with (folder / "background.js").open("a") as background:
        background.write(f"\nawait store.writeAccount({json.dumps(account)});\n")
    return folder


def test_the_core_of_the_margin_works_in_firefox(
    tmp_path: Path, server: Server, extension: Path, some_papers: Callable[[int], list[Paper]]
) -> None:
    if not (FIREFOX and (HERE / "node_modules").is_dir()):
        why = "no Firefox or no npm packages: apt-get install firefox-esr; npm ci --prefix tests/extension"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    listed = some_papers(7)
    own = f"{HOST}/papers/{listed[1].key}"
    job = {
        "firefox": FIREFOX,
        "extension": str(paired_copy(extension, tmp_path / "copy", server)),
        "uuid": UUID,
        "count": len(listed),
        "list": f"{HOST}/papers",
        "paper": own,
        "pages": {f"{HOST}/papers": list_page(listed), own: paper_page(listed[1])},
    }
    said = subprocess.run(
        ["node", "firefox.mjs"],
        cwd=HERE,
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert said.returncode == 0, said.stderr[-3000:]
    seen = json.loads(said.stdout.splitlines()[-1])
    right = [[paper.title, f"Margin of {paper.title}"] for paper in listed]
    assert (seen["margins"], seen["again"]) == (right, right)
    assert (seen["height"], seen["styled"]) == (66, "flex")
    assert "papermargin-method" in seen["coloured"]
    notes = until(lambda: server.card(listed[0].key)["notes"])
    assert ([note["text"] for note in notes], server.card(listed[0].key)["entry"]["status"]) == (
        ["from Firefox"],
        "inbox",
    )
