"""What a serving process writes to its log: enough to find a fault, and nothing that a person wrote."""

import json
import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from server.config import Config
from tests.server.material import MOSS
from tests.server.process import make_token, serve

SECRETS = {
    "text": "zebracorn in a note", "tag": "zebratag", "query": "zebraquery", "surface": "zebrasurface",
    "prefix": "zebraprefix", "code": "999999",
}  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The log, at its most talkative, of a server that was told many secrets."""
    folder = tmp_path_factory.mktemp("log")
    config = Config(db=folder / "papermargin.sqlite")
    token = SECRETS["token"] = make_token(config)
    with serve(config, folder / "log", "--log", "debug") as served, httpx.Client(base_url=served.url) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        tell(client)
        client.get("/sign-in", params={"token": link(folder / "log")})
    return (folder / "log").read_text()


def tell(client: httpx.Client) -> None:
    """Ask for all that may show up in a log, rightly and wrongly."""
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
    """The secret of the sign-in link, which the terminal shows to the person who started the server."""
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


def test_every_request_is_logged_with_an_id_of_its_own(log: str) -> None:
    requests = [line for line in lines(log) if line["event"] == "request"]
    assert len(requests) >= 15
    assert len({line["request"] for line in requests}) == len(requests)
    assert {200, 401, 403} <= {line["status"] for line in requests}
    assert all(str(line["path"]).startswith("/") and "?" not in str(line["path"]) for line in requests)


def test_nothing_went_wrong(log: str) -> None:
    assert "Traceback" not in log
    assert not [line for line in lines(log) if line["level"] in ("error", "critical")]
