"""The same margin in Firefox, driven over WebDriver BiDi."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.extension.browser import Server, until
from tests.extension.pages import Paper, list_page, paper_page

HERE = Path(__file__).parent
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or ""
HOST = "https://huggingface.co"


def test_the_core_of_the_margin_works_in_firefox(server: Server, extension: Path, some_papers: Callable[[int], list[Paper]]) -> None:
    if not (FIREFOX and (HERE / "node_modules").is_dir()):
        why = "no Firefox or no npm packages: apt-get install firefox-esr; npm ci --prefix tests/extension"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    listed = some_papers(7)
    own = f"{HOST}/papers/{listed[1].key}"
    job = {
        "firefox": FIREFOX, "extension": str(extension), "server": server.address, "code": server.code(), "count": len(listed),
        "list": f"{HOST}/papers", "paper": own, "pages": {f"{HOST}/papers": list_page(listed), own: paper_page(listed[1])},
    }  # fmt: skip
    said = subprocess.run(["node", "firefox.mjs"], cwd=HERE, input=json.dumps(job), capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode == 0, said.stderr[-3000:]
    seen = json.loads(said.stdout.splitlines()[-1])
    right = [[paper.title, f"Margin of {paper.title}"] for paper in listed]
    assert (seen["margins"], seen["again"]) == (right, right)
    assert (seen["height"], seen["styled"], seen["edits"]) == (66, "flex", 0)
    assert "papermargin-dataset" in seen["coloured"]
    card = until(lambda: server.card(listed[0].key))
    assert (card["entry"]["status"], [note["text"] for note in card["notes"]]) == ("inbox", ["from Firefox"])
