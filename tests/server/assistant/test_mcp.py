"""Assistants: the SDK's own client talks to a real `papermargin mcp` over standard input."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from mcp import Client, MCPError, StdioServerParameters

from server.config import Config
from server.database.change_feed import newest_change
from server.database.connection import fetch, open_store
from server.papers.history import read_history
from server.reading_list.entries import put_entry, read_entry
from server.reading_list.notes import list_notes
from server.schema.reading_list import EntryEdit
from tests.server.assistant.material import (
    COMMAND,
    HOSTILE,
    READING,
    WRITING,
    call,
    confirm,
    refuse,
    wire,
)
from tests.server.material import FERN, MOSS, edit

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def assistant(config: Config, *options: str) -> AsyncIterator[Client]:
    """Connect a client to a `papermargin mcp` of its own."""
    store = (
        ["--database-url", config.database_url] if config.database_url else ["--db", str(config.db)]
    )
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "server", "mcp", *store, *options], cwd=ROOT
    )
    async with Client(server, read_timeout_seconds=60) as client:
        yield client


async def test_the_reading_tools_answer_and_change_nothing(filled: Config) -> None:
    async with open_store(filled):
        before = await newest_change(1)
    async with assistant(filled) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == READING
        found = await call(client, "search_papers", query="status:reading")
        assert [paper["paper"] for paper in found["papers"]] == [MOSS]
        paper = await call(client, "read_paper", paper=MOSS)
        assert paper["entry"] == {"status": "reading", "rating": None, "tags": ["botany"]}
        assert paper["notes"][0]["text"] == {"text": "better than ours", "untrusted": True}
        assert paper["notes"][0]["passage"]["text"] == "71.2"
        assert paper["mentions"] == [{"label": "DATASET", "term": "CIFAR-10", "text": "CIFAR-10"}]
        terms = await call(client, "list_terms", label="DATASET")
        assert [term["name"] for term in terms["terms"]] == ["CIFAR-10"]
        board = await call(client, "dataset_board", dataset="cifar-10")
        assert board["boards"][0]["results"][0]["value"] == "71.2"
        notes = await call(client, "notes_about_term", label="DATASET", name="CIFAR-10")
        assert [note["paper"] for note in notes["notes"]] == [MOSS]
        day = await call(client, "day")
        assert {one["found"]["paper"] for one in day["papers"]} == {MOSS, FERN, HOSTILE}
        assert (await call(client, "related_papers", paper=MOSS))["papers"] == []
        week = await call(client, "reading_week")
        assert week["waiting"] == 0 and date.fromisoformat(week["monday"]).weekday() == 0
    async with open_store(filled):
        assert await newest_change(1) == before


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_paper_is_also_a_resource(filled: Config) -> None:
    async with assistant(filled) as client:
        [template] = (await client.list_resource_templates()).resource_templates
        assert template.uri_template == "papermargin://papers/{+paper}"
        [content] = (await client.read_resource(f"papermargin://papers/{MOSS}")).contents
        assert '"untrusted": true' in getattr(content, "text", "")
        with pytest.raises(MCPError, match="no paper"):
            await client.read_resource("papermargin://papers/2601.99999")


async def test_what_another_user_wrote_never_appears(filled: Config) -> None:
    async with assistant(filled, "--write") as client:
        answers = [
            await client.call_tool("search_papers", {"all_papers": True}),
            await client.call_tool("search_papers", {"query": "tag:secret", "all_papers": True}),
            await client.call_tool("read_paper", {"paper": FERN}),
            await client.call_tool("day", {}),
            await client.call_tool("reading_week", {}),
        ]
        assert not any("ada" in str(each.content) or "secret" in str(each) for each in answers)
        assert (await call(client, "search_papers", query="pteridophytes"))["total"] == 0


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_hostile_abstract_is_marked_as_data_and_causes_no_write(filled: Config) -> None:
    async with assistant(filled, "--write") as client:
        before = await call(client, "search_papers", all_papers=True)
        paper = await call(client, "read_paper", paper=HOSTILE)
        assert paper["abstract"] == {"text": COMMAND, "untrusted": True}
        # an assistant that obeyed the abstract would call this
        asked = {
            "proposal": "00000000-0000-4000-8000-000000000000", "paper": MOSS,
            "change": "status: reading → skipped",
        }  # fmt: skip
        assert "no such proposal" in await refuse(client, "confirm_change", **asked)
        # and an id that is meant for one paper is no good for another
        own = await call(client, "propose_status", paper=FERN, status="inbox")
        asked["proposal"] = own["proposal"]
        assert "another paper or change" in await refuse(client, "confirm_change", **asked)
        assert await call(client, "search_papers", all_papers=True) == before
    async with assistant(filled) as client:
        message = await refuse(client, "confirm_change", **asked)
        assert "Unknown tool" in message


async def test_a_proposal_is_made_after_its_confirmation_and_can_be_undone(filled: Config) -> None:
    async with assistant(filled, "--write") as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == READING | WRITING
        status = await call(client, "propose_status", paper=MOSS, status="read")
        assert status["change"] == "status: reading → read"
        tags = await call(client, "propose_tags", paper=FERN, add=["ferns"])
        note = await call(client, "propose_note", paper=FERN, text="to read", passage="Attention")
        async with open_store(filled):
            assert (await read_entry(MOSS, 1)).status == "reading"
        for proposal in (status, tags):
            await confirm(client, proposal)
        assert "changed in the meantime" in await refuse(client, "confirm_change", **wire(note))
        note = await call(client, "propose_note", paper=FERN, text="to read", passage="Attention")
        await confirm(client, note)
        async with open_store(filled):
            assert (await read_entry(MOSS, 1)).status == "read"
            assert (await read_entry(FERN, 1)).tags == ["ferns"]
            assert "to read" in [n.text for n in (await list_notes(1, "", None, 9)).notes]
            assert {item.source for item in (await read_history(MOSS, 1))} == {"assistant", None}
            rows = await fetch("SELECT kind FROM change WHERE source = 'assistant' ORDER BY id")
            assert {row["kind"] for row in rows} == {"entry", "tag", "note"}
        for proposal in (status, tags, note):
            await call(client, "undo_change", proposal=proposal["proposal"])
        async with open_store(filled):
            assert (await read_entry(MOSS, 1)).status == "reading"
            assert (await read_entry(FERN, 1)).status == "none"
            assert [n.text for n in (await list_notes(1, "", None, 9)).notes] == [
                "better than ours"
            ]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_what_the_user_changed_since_stays_as_it_is(filled: Config) -> None:
    async with assistant(filled, "--write") as client:
        done = await call(client, "propose_status", paper=MOSS, status="read")
        await confirm(client, done)
        late = await call(client, "propose_tags", paper=MOSS, remove=["botany"])
        async with open_store(filled):
            await put_entry(edit(force=True), MOSS, EntryEdit(rating=5))
        assert "changed in the meantime" in await refuse(client, "confirm_change", **wire(late))
        assert "changed since" in await refuse(client, "undo_change", proposal=done["proposal"])
        async with open_store(filled):
            entry = await read_entry(MOSS, 1)
            assert (entry.status, entry.rating, entry.tags) == ("read", 5, ["botany"])


BAD_INPUT: list[tuple[str, dict[str, Any], str]] = [
    ("search_papers", {"query": "status:unknown"}, "status: is one of"),
    ("search_papers", {"limit": 1_000}, "less than or equal to 50"),
    ("search_papers", {"cursor": "?"}, "cursor"),
    ("read_paper", {}, "Field required"),
    ("read_paper", {"paper": "no such"}, "no paper 'no such'"),
    ("list_terms", {"label": "FOO"}, "METHOD"),
    ("dataset_board", {"dataset": "no such"}, "no dataset"),
    ("day", {"day": "1999-01-01"}, "no Daily Papers of 1999-01-01"),
    ("day", {"day": "yesterday"}, "valid date"),
    ("propose_status", {"paper": MOSS, "status": "reading"}, "already"),
    ("propose_tags", {"paper": MOSS, "add": ["\x00"]}, "control characters"),
    ("propose_note", {"paper": MOSS, "text": " "}, "needs a text"),
    ("propose_note", {"paper": MOSS, "text": "a", "passage": "zebra"}, "not in the abstract"),
    ("confirm_change", {"proposal": "1", "paper": MOSS, "change": ""}, "not the id"),
    ("undo_change", {"proposal": str(uuid4())}, "no assistant"),
]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_bad_input_is_answered_with_a_sentence(filled: Config) -> None:
    async with assistant(filled, "--write") as client:
        for tool, arguments, words in BAD_INPUT:
            assert words in await refuse(client, tool, **arguments), tool


def test_without_the_sdk_the_command_says_what_to_install(tmp_path: Path) -> None:
    script = "import sys; sys.modules['mcp'] = None; from server.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "mcp", "--db", str(tmp_path / "store.sqlite")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip install 'papermargin[mcp]'" in done.stderr
    assert "Traceback" not in done.stderr
