"""Assistants over HTTP: the SDK's own client talks to a real server at `/mcp`."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from server.accounts.tokens import issue, issue_scoped, revoke
from server.accounts.users import get_user
from server.config import Config
from server.database.connection import open_store
from server.database.models.accounts import Token
from server.reading_list.entries import read_entry
from server.schema.scopes import Scope
from server.web.middleware import cookie_name
from tests.server.assistant.material import (
    COMMAND,
    HOSTILE,
    READING,
    WRITING,
    call,
    confirm,
    refuse,
)
from tests.server.material import FERN, MOSS, NOW
from tests.server.process import serve

pytestmark = pytest.mark.anyio


@pytest.fixture
def address(filled: Config, tmp_path: Path) -> Iterator[str]:
    """The address of a running server of the filled store."""
    with serve(filled, tmp_path / "log") as served:
        yield served.url


@pytest.fixture
async def tokens(filled: Config) -> dict[str, str]:
    """Tokens of the first user that may read, that may also write, and one that may only write."""
    scopes: dict[str, list[Scope]] = {
        "reads": ["read"], "writes": ["read", "write"], "only writes": ["write"],
    }  # fmt: skip
    async with open_store(filled):
        return {name: await issue_scoped(1, name, each, NOW, days=None)
                for name, each in scopes.items()}  # fmt: skip


@asynccontextmanager
async def assistant(address: str, token: str) -> AsyncIterator[Client]:
    """Connect a client with a token."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(f"{address}/mcp", http_client=http)
        async with Client(transport, read_timeout_seconds=60) as client:
            yield client


async def test_a_token_that_may_read_gets_the_tools_that_read(
    address: str, tokens: dict[str, str]
) -> None:
    async with assistant(address, tokens["reads"]) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == READING
        paper = await call(client, "read_paper", paper=MOSS)
        assert paper["notes"][0]["text"] == {"text": "better than ours", "untrusted": True}
        [content] = (await client.read_resource(f"papermargin://papers/{MOSS}")).contents
        assert "better than ours" in getattr(content, "text", "")
        assert "Unknown tool" in await refuse(
            client, "propose_status", paper=MOSS, status="skipped"
        )


async def test_a_token_that_may_write_gets_proposals_that_outlive_a_connection(
    filled: Config, address: str, tokens: dict[str, str]
) -> None:
    async with assistant(address, tokens["writes"]) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == READING | WRITING
        proposal = await call(client, "propose_status", paper=MOSS, status="read")
    async with open_store(filled):
        assert (await read_entry(MOSS, 1)).status == "reading"
    async with assistant(address, tokens["writes"]) as client:
        await confirm(client, proposal)
    async with open_store(filled):
        assert (await read_entry(MOSS, 1)).status == "read"
    async with assistant(address, tokens["writes"]) as client:
        await call(client, "undo_change", proposal=proposal["proposal"])
    async with open_store(filled):
        assert (await read_entry(MOSS, 1)).status == "reading"


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_users_at_once_see_only_what_is_theirs(
    filled: Config, address: str, tokens: dict[str, str]
) -> None:
    async with open_store(filled):
        ada = (await get_user("ada", NOW, create=False)).id
        hers = await issue_scoped(ada, "hers", ["read", "write"], NOW, days=None)

    async def read(token: str) -> str:
        async with assistant(address, token) as client:
            answers = [
                await client.call_tool("search_papers", {"all_papers": True}),
                await client.call_tool("read_paper", {"paper": FERN}),
                await client.call_tool("read_paper", {"paper": MOSS}),
                await client.call_tool("reading_week", {}),
            ]
            return str(answers)

    for _ in range(3):
        own, other = await asyncio.gather(read(tokens["writes"]), read(hers))
        assert "better than ours" in own and "only for ada" not in own and "secret" not in own
        assert "only for ada" in other and "better than ours" not in other
    async with assistant(address, tokens["writes"]) as client:
        proposal = await call(client, "propose_status", paper=MOSS, status="read")
    async with assistant(address, hers) as client:
        answer = await client.call_tool(
            "confirm_change", {name: proposal[name] for name in ("proposal", "paper", "change")}
        )
        assert answer.is_error and "no such proposal" in str(answer.content)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_hostile_abstract_is_marked_as_data(address: str, tokens: dict[str, str]) -> None:
    async with assistant(address, tokens["writes"]) as client:
        paper = await call(client, "read_paper", paper=HOSTILE)
        assert paper["abstract"] == {"text": COMMAND, "untrusted": True}


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_revoked_token_ends_what_is_open(
    filled: Config, address: str, tokens: dict[str, str]
) -> None:
    async with httpx.AsyncClient(timeout=60, base_url=address) as http:
        with pytest.raises(BaseException) as caught:
            async with assistant(address, tokens["reads"]) as client:
                await call(client, "read_paper", paper=MOSS)
                async with open_store(filled):
                    await revoke_by_name("reads")
                await call(client, "read_paper", paper=MOSS)
        assert "better than ours" not in str(caught.value)
        token = f"Bearer {tokens['reads']}"
        assert (await post(http, Authorization=token)).status_code == 401


async def revoke_by_name(name: str) -> None:
    """Revoke a token of the first user."""
    token = await Token.get(user_id=1, name=name)
    await revoke(1, token.id)


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


async def post(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    """Send the first message of an assistant."""
    accept = {"Accept": "application/json, text/event-stream"}
    return await client.post("/mcp", json=INITIALIZE, headers=accept | headers)


@pytest.mark.parametrize("engine", ["sqlite"])
class TestAccess:
    """Who is let in."""

    async def test_a_token_is_needed_that_may_read(
        self, filled: Config, address: str, tokens: dict[str, str]
    ) -> None:
        async with httpx.AsyncClient(timeout=60, base_url=address) as client:
            assert (await post(client)).status_code == 401
            assert (await post(client, Authorization="Bearer nonsense")).status_code == 401
            refused = await post(client, Authorization=f"Bearer {tokens['only writes']}")
            assert refused.status_code == 403 and "lacks the scope" in refused.json()["detail"]
            let_in = await post(client, Authorization=f"Bearer {tokens['reads']}")
            assert let_in.json()["result"]["serverInfo"]["name"] == "papermargin"

    async def test_other_sites_and_names_are_refused(
        self, address: str, tokens: dict[str, str]
    ) -> None:
        token = {"Authorization": f"Bearer {tokens['writes']}"}
        async with httpx.AsyncClient(timeout=60, base_url=address, headers=token) as client:
            assert (await post(client, Origin="https://evil.example")).status_code == 403
            assert (await post(client, Host="evil.example")).status_code == 403
            assert (await post(client, Origin=address)).status_code == 200

    async def test_only_messages_are_taken(self, address: str, tokens: dict[str, str]) -> None:
        token = {"Authorization": f"Bearer {tokens['reads']}"}
        async with httpx.AsyncClient(timeout=60, base_url=address, headers=token) as client:
            for method in ("GET", "DELETE", "PUT"):
                answer = await client.request(method, "/mcp")
                assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
            huge = await client.post("/mcp", content=b" " * 5_000_000)
            assert huge.status_code == 413
            assert (await client.post("/mcp", content=b"{")).status_code == 400


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_the_cookie_of_a_browser_is_no_token(
    config: Config, anonymous: httpx.AsyncClient
) -> None:
    secret = await issue(1, "session", datetime.now(UTC), name="a browser")
    anonymous.cookies.set(cookie_name(config), secret)
    answer = await post(anonymous, Origin="http://127.0.0.1:8620")
    assert answer.status_code == 401 and "needs a token" in answer.json()["detail"]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_without_the_sdk_the_answer_says_what_to_install(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "server.assistant.protocol", None)
    answer = await post(client)
    assert answer.status_code == 404 and "papermargin[mcp]" in answer.json()["detail"]
