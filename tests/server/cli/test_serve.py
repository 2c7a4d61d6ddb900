"""`papermargin serve` and `papermargin ingest`, each as a process."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import anyio
import httpx
import pytest

from server.config import Config
from tests.server.imports.site import BadSite, as_json, bad_site
from tests.server.imports.sites.test_huggingface import item
from tests.server.process import free_port, make_token, serve

SITE_DAY = "2026-08-20"
MARK = "TEST_FOLDER"  # in the environment of a server, so that its processes are told from others


def command(*arguments: str, db: Path) -> list[str]:
    return [sys.executable, "-m", "server", *arguments, "--db", str(db)]


def test_serve_prints_its_addresses_and_stops_on_a_signal(tmp_path: Path) -> None:
    with serve(Config(db=tmp_path / "store.sqlite"), tmp_path / "log") as served:
        end = time.monotonic() + 60
        while "(5 minutes)" not in (greeting := served.log.read_text()):
            assert time.monotonic() < end, greeting
            time.sleep(0.05)
        os.kill(served.process.pid or 0, signal.SIGTERM)
        served.process.join(60)
        assert served.process.exitcode == 0
    assert f"{served.url}/sign-in?token=" in greeting and "/extension" in greeting
    assert re.search(r"pairs with it: +\d{6} \(5 minutes\)", greeting)


def test_serve_stops_within_seconds_whatever_runs(tmp_path: Path) -> None:
    config = Config(db=tmp_path / "store.sqlite")
    headers = {"authorization": f"Bearer {make_token(config)}"}
    pages = [item(n) | {"summary": "We prune moss. " * 60} for n in range(1, 60)]
    bomb = "@article{a," * 200_000
    mark = {MARK: str(tmp_path)}
    with (
        serve(config, tmp_path / "log", "--extract", environment=mark) as served,
        ThreadPoolExecutor() as beside,
    ):
        client = beside.submit  # each request runs until the server ends it

        def post(content: str) -> None:
            with suppress(httpx.HTTPError):
                address = f"{served.url}/api/v1/import?add=true"
                httpx.post(address, content=content, headers=headers, timeout=60)

        def listen() -> None:
            with suppress(httpx.HTTPError):
                httpx.get(f"{served.url}/api/v1/events", headers=headers, timeout=60)

        post(json.dumps(pages))  # starts the extraction and the learning of a ranking
        running = [client(post, bomb), client(post, bomb), client(listen), client(listen)]
        time.sleep(3)
        assert not any(task.done() for task in running)
        assert processes_of("anyio.to_process", tmp_path)
        start = time.monotonic()
        os.kill(served.process.pid or 0, signal.SIGTERM)
        served.process.join(20)
        assert not served.process.is_alive() and time.monotonic() - start < 5
    assert not processes_of("anyio.to_process", tmp_path), "a parse outlived the server"


def test_closing_the_connection_cancels_a_running_import(tmp_path: Path) -> None:
    config = Config(db=tmp_path / "store.sqlite")
    headers = {"authorization": f"Bearer {make_token(config)}"}
    with serve(config, tmp_path / "log", environment={MARK: str(tmp_path)}) as served:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"{served.url}/api/v1/import",
                content="@article{a," * 200_000, headers=headers, timeout=4,
            )  # fmt: skip
        time.sleep(1)
        assert not processes_of("anyio.to_process", tmp_path)
        assert httpx.get(f"{served.url}/health").status_code == 200


def test_serve_stops_on_ctrl_c(tmp_path: Path) -> None:
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


def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path) -> None:
    with serve(Config(db=tmp_path / "one.sqlite"), tmp_path / "log") as served:
        port = served.url.rpartition(":")[2]
        second = subprocess.run(
            command("serve", "--port", port, "--no-ingest", db=tmp_path / "two.sqlite"),
            check=False, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert second.returncode != 0
    assert "in use" in second.stderr and "Traceback" not in second.stderr


def test_commands_write_while_a_server_runs(tmp_path: Path) -> None:
    db, page = tmp_path / "store.sqlite", tmp_path / "day.json"
    page.write_text(json.dumps([item(1)]))
    with serve(Config(db=db), tmp_path / "log"):
        for arguments in (("import", str(page), "--offline"), ("tag", "2608.00001", "+moss")):
            subprocess.run(command(*arguments, db=db), check=True, capture_output=True, timeout=60)
        shown = subprocess.run(
            command("list", "tag:moss", "--json", db=db),
            check=True,
            capture_output=True,
            timeout=60,
        )
    assert json.loads(shown.stdout)[0]["key"] == "2608.00001"


def test_commands_print_the_address_of_the_running_server(tmp_path: Path) -> None:
    db = tmp_path / "store.sqlite"

    def run(*arguments: str) -> str:
        return subprocess.run(
            command(*arguments, db=db), check=True, capture_output=True, text=True, timeout=60
        ).stdout

    with serve(Config(db=db), tmp_path / "log") as served:
        assert run("sign-in").startswith(f"{served.url}/sign-in?token=")
        assert served.url in run("pair")
        assert run("feed-address").startswith(f"{served.url}/feeds/")
        os.kill(served.process.pid or 0, signal.SIGTERM)
        served.process.join(10)
    assert run("sign-in").startswith("http://127.0.0.1:8620/sign-in?token=")


@pytest.mark.anyio
async def test_ingest_fetches_a_whole_day(tmp_path: Path) -> None:
    async with bad_site() as site:
        site.answers = [as_json([item(2), item(1)])]
        done = await ingest(site, tmp_path / "store.sqlite", "--date", SITE_DAY)
        assert done == (0, "2 papers: 2 new, 0 updated\n", "")
        again = await ingest(site, tmp_path / "store.sqlite", "--date", SITE_DAY)
        assert again == (0, "2 papers: 0 new, 0 updated\n", "")


@pytest.mark.anyio
async def test_a_day_that_the_site_refuses_is_reported_in_one_line(tmp_path: Path) -> None:
    async with bad_site() as site:
        site.answers = [as_json({"error": "expected date to be in the past"}, status=400)]
        code, _, complaint = await ingest(site, tmp_path / "store.sqlite", "--date", SITE_DAY)
    assert code == 1
    assert complaint.startswith("Error: ") and complaint.count("\n") == 1


@pytest.mark.anyio
async def test_a_server_fetches_the_newest_days(tmp_path: Path) -> None:
    async with bad_site() as site:
        site.answers = [as_json([item(1)])]
        config = Config(db=tmp_path / "store.sqlite")
        with serve(
            config, tmp_path / "log", "--ingest", "--huggingface-url", site.address
        ) as served:
            await until(lambda: "daily papers fetched" in served.log.read_text())
    assert {asked[1].get("date") for asked in site.asked} >= {
        SITE_DAY,
        "2026-08-19",
        "2026-08-18",
        "2026-08-17",
    }


@pytest.mark.anyio
async def test_a_missing_network_is_logged_once(tmp_path: Path) -> None:
    async with bad_site() as site:
        site.answers = [as_json({}, status=404)]
        config = Config(db=tmp_path / "store.sqlite")
        with serve(
            config, tmp_path / "log", "--ingest", "--huggingface-url", site.address
        ) as served:
            await until(lambda: "no daily papers now" in served.log.read_text())
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"{served.url}/health")).status_code == 200
    assert served.log.read_text().count("no daily papers now") == 1


def processes_of(module: str, folder: Path) -> list[Path]:
    """Return the processes that run a module for a server that was marked with a folder."""
    if not Path("/proc").is_dir():
        pytest.skip("this system has no /proc")
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = line.read_bytes().split(b"\0")
            environment = (line.parent / "environ").read_bytes().split(b"\0")
            if module.encode() in words and f"{MARK}={folder}".encode() in environment:
                found.append(line)
    return found


async def ingest(site: BadSite, db: Path, *arguments: str) -> tuple[int | None, str, str]:
    line = command("ingest", *arguments, "--no-extract", "--huggingface-url", site.address, db=db)
    done = await anyio.run_process(line, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def until(claim: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "it never came true"
        await anyio.sleep(0.1)
