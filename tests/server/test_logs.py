"""The server's log: every request with an id, and no secret and no text of a user."""

import json
import os
import pty
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from server.config import Config
from tests.server.material import MOSS
from tests.server.process import free_port, make_token, serve
from tests.server.sign_in import confirm_link

SECRETS = {
    "text": "zebracorn in a note", "tag": "zebratag", "query": "zebraquery",
    "surface": "zebrasurface", "prefix": "zebraprefix", "code": "999999",
}  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The log at level debug of a server that received many secrets."""
    folder = tmp_path_factory.mktemp("log")
    config = Config(db=folder / "papermargin.sqlite")
    token = SECRETS["token"] = make_token(config)
    with (
        serve(config, folder / "log", "--log", "debug") as served,
        httpx.Client(base_url=served.url) as client,
    ):
        client.headers["Authorization"] = f"Bearer {token}"
        send_secrets(client)
        confirm_link(client, f"/sign-in?token={link(folder / 'log')}")
    return (folder / "log").read_text()


def send_secrets(client: httpx.Client) -> None:
    """Send everything that must not show up in the log, in valid and invalid requests."""
    client.post("/api/v1/overlay", json={"papers": [{"id": MOSS}]}).raise_for_status()
    note = f"/api/v1/notes/{uuid4()}"
    entry = f"/api/v1/papers/{MOSS}/entry"
    client.put(note, json={"paper": MOSS, "text": SECRETS["text"]}).raise_for_status()
    client.put(note, json={"paper": MOSS, "text": SECRETS["text"] + "!"})
    client.put(note, json={"paper": MOSS, "text": SECRETS["text"], "extra": SECRETS["text"]})
    client.put(note, content=SECRETS["text"])
    client.put(entry, json={"tags": [SECRETS["tag"]]}, headers={"If-Match": "*"}).raise_for_status()
    client.put(entry, json={"tags": [SECRETS["tag"] * 50]}, headers={"If-Match": "*"})
    client.put(f"/api/v1/papers/{MOSS}/corrections/{uuid4()}", json={"surface": SECRETS["surface"]})
    for query in (SECRETS["query"], f'"{SECRETS["query"]}', f"{SECRETS['query']}:x"):
        client.get("/api/v1/papers", params={"q": query})
    client.get("/api/v1/suggestions", params={"prefix": SECRETS["prefix"]})
    client.post("/api/v1/pair", json={"code": SECRETS["code"], "name": "x"})
    client.get("/api/v1/me", headers={"Authorization": f"Bearer {SECRETS['token']}x"})
    client.get("/api/v1/me", headers={"Host": "evil.example"})


def link(log: Path) -> str:
    """Return the secret of the sign-in link that the server printed at its start."""
    found = re.search(r"/sign-in\?token=(\S+)", log.read_text())
    assert found
    SECRETS["link"] = found[1]
    return found[1]


def lines(log: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def test_the_log_holds_no_secret(log: str) -> None:
    # the link is printed once, for the person; what is logged never names it
    logged = "\n".join(line for line in log.splitlines() if "sign in (once)" not in line)
    for name, secret in SECRETS.items():
        assert secret not in logged, name


def test_every_request_is_logged_with_its_own_id(log: str) -> None:
    requests = [line for line in lines(log) if line["event"] == "request"]
    assert len(requests) >= 15
    assert len({line["request"] for line in requests}) == len(requests)
    assert {200, 401, 403} <= {line["status"] for line in requests}
    assert all(
        str(line["path"]).startswith("/") and "?" not in str(line["path"]) for line in requests
    )


def test_no_error_is_logged(log: str) -> None:
    assert "Traceback" not in log
    assert not [line for line in lines(log) if line["level"] in ("error", "critical")]


@pytest.mark.parametrize(("options", "shown"), [((), False), (("--log", "info"), True)])
def test_a_terminal_shows_requests_only_if_asked(
    tmp_path: Path, options: tuple[str, ...], shown: bool
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "server", "serve", "--db", str(tmp_path / "store.sqlite")]
    command += ["--port", str(port), "--no-ingest", "--no-extract", *options]
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(command, stderr=its_end)
    try:
        while not is_up(port):
            assert process.poll() is None
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait()
    text = os.read(terminal, 100_000).decode()
    os.close(terminal)
    os.close(its_end)
    assert "/sign-in?token=" in text
    assert ("/health" in text) == shown


def is_up(port: int) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=30).is_success
    return False
