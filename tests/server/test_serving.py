"""`papermargin serve` and `papermargin ingest` as processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import httpx
import pytest

from server.config import Config
from tests.server.process import free_port, serve
from tests.server.sources.site import BadSite, as_json, bad_site
from tests.server.sources.test_huggingface import item

SITE_DAY = "2026-08-20"


def command(*arguments: str, db: Path) -> list[str]:
    return [sys.executable, "-m", "server", *arguments, "--db", str(db)]


def test_serve_says_where_it_is_and_ends_cleanly(tmp_path: Path) -> None:
    with serve(Config(db=tmp_path / "store.sqlite"), tmp_path / "log") as served:
        os.kill(served.process.pid or 0, signal.SIGTERM)
        served.process.join(10)
        assert served.process.exitcode == 0
    greeting = served.log.read_text()
    assert f"{served.url}/sign-in?token=" in greeting and "/extension" in greeting


def test_ctrl_c_ends_it_cleanly_too(tmp_path: Path) -> None:
    with serve(Config(db=tmp_path / "store.sqlite"), tmp_path / "log") as served:
        os.kill(served.process.pid or 0, signal.SIGINT)
        served.process.join(10)
        assert served.process.exitcode == 0
    assert "Traceback" not in served.log.read_text()


def test_a_second_server_of_the_same_file_is_refused(tmp_path: Path) -> None:
    db = tmp_path / "store.sqlite"
    with serve(Config(db=db), tmp_path / "log"):
        second = subprocess.run(
            command("serve", "--port", str(free_port()), "--no-ingest", db=db),
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert second.returncode != 0
    assert "another papermargin is serving" in second.stderr and "Traceback" not in second.stderr


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with serve(Config(db=tmp_path / "one.sqlite"), tmp_path / "log") as served:
        port = served.url.rpartition(":")[2]
        second = subprocess.run(
            command("serve", "--port", port, "--no-ingest", db=tmp_path / "two.sqlite"),
            check=False, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert second.returncode != 0
    assert "in use" in second.stderr and "Traceback" not in second.stderr


def test_the_command_line_writes_beside_a_server(tmp_path: Path) -> None:
    db, page = tmp_path / "store.sqlite", tmp_path / "day.json"
    page.write_text(json.dumps([item(1)]))
    with serve(Config(db=db), tmp_path / "log"):
        for arguments in (("import", str(page), "--offline"), ("tag", "2608.00001", "+moss")):
            subprocess.run(command(*arguments, db=db), check=True, capture_output=True, timeout=60)
        shown = subprocess.run(
            command("list", "tag:moss", "--json", db=db), check=True, capture_output=True, timeout=60
        )
    assert json.loads(shown.stdout)[0]["key"] == "2608.00001"


@pytest.mark.anyio
async def test_ingest_fetches_a_day_whole(tmp_path: Path) -> None:
    async with bad_site() as site:
        site.answers = [as_json([item(2), item(1)])]
        done = await ingest(site, tmp_path / "store.sqlite", "--date", SITE_DAY)
        assert done == (0, "2 papers: 2 new, 0 updated\n", "")
        again = await ingest(site, tmp_path / "store.sqlite", "--date", SITE_DAY)
        assert again == (0, "2 papers: 0 new, 0 updated\n", "")


@pytest.mark.anyio
async def test_a_refused_day_is_one_clear_line(tmp_path: Path) -> None:
    async with bad_site() as site:
        site.answers = [as_json({"error": "expected date to be in the past"}, status=400)]
        code, _, complaint = await ingest(site, tmp_path / "store.sqlite", "--date", SITE_DAY)
    assert code == 1
    assert complaint.startswith("Error: ") and complaint.count("\n") == 1


@pytest.mark.anyio
async def test_a_server_fetches_the_newest_days_by_itself(tmp_path: Path) -> None:
    async with bad_site() as site:
        site.answers = [as_json([item(1)])]
        config = Config(db=tmp_path / "store.sqlite")
        with serve(config, tmp_path / "log", "--ingest", "--huggingface-url", site.address) as served:
            await until(lambda: "daily papers fetched" in served.log.read_text())
    assert {asked[1].get("date") for asked in site.asked} >= {SITE_DAY, "2026-08-19", "2026-08-18", "2026-08-17"}


@pytest.mark.anyio
async def test_without_a_network_one_line_says_so(tmp_path: Path) -> None:
    async with bad_site() as site:
        site.answers = [as_json({}, status=404)]
        config = Config(db=tmp_path / "store.sqlite")
        with serve(config, tmp_path / "log", "--ingest", "--huggingface-url", site.address) as served:
            await until(lambda: "no daily papers now" in served.log.read_text())
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"{served.url}/health")).status_code == 200
    assert served.log.read_text().count("no daily papers now") == 1


async def ingest(site: BadSite, db: Path, *arguments: str) -> tuple[int | None, str, str]:
    line = command("ingest", *arguments, "--no-extract", "--huggingface-url", site.address, db=db)
    done = await anyio.run_process(line, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def until(claim: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "it never came true"
        await anyio.sleep(0.1)
