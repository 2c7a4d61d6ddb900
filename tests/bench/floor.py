"""The floor of the server's benchmark: the same answers from plain sqlite3 and msgspec.

`python -m tests.bench.floor DB PORT` serves `POST /api/v1/overlay` for known papers, and
`GET /health`, in the same framework and server.
"""

import hashlib
import sqlite3
import sys
from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import uvicorn
from litestar import Litestar, Request, get, post

from nlp.spans import Result
from server.schema.papers import Card, OverlayReply, OverlayRequest
from server.schema.reading_list import EntryState, NoteState
from server.schema.terms import TermChip

_REQUEST = msgspec.json.Decoder(OverlayRequest)
_RESULTS = msgspec.json.Decoder(list[Result])


def connect(db: str) -> sqlite3.Connection:
    """Open a store with the server's own settings of SQLite."""
    connection = sqlite3.connect(db, isolation_level=None, check_same_thread=False)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-64000",
        "mmap_size=268435456",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def overlay(connection: sqlite3.Connection, request: OverlayRequest, user: int) -> OverlayReply:
    """Return the cards of papers that are known by their ids."""
    [change] = connection.execute("SELECT COALESCE(MAX(id), 0) FROM change").fetchone()
    keys = [paper.id for paper in request.papers]
    papers = connection.execute(
        "SELECT p.id, p.key, p.title, p.results, s.id FROM paper p "
        "LEFT JOIN seen s ON s.paper_id = p.id AND s.user_id = ? "
        f"WHERE p.key IN ({_marks(keys)})",
        [user, *keys],
    ).fetchall()
    key_of = {row[0]: row[1] for row in papers}
    entries = _entries(connection, key_of, user)
    notes = _notes(connection, key_of, user)
    terms = _terms(connection, key_of)
    cards = {
        key: Card(
            key=key, title=title, extraction="done", seen=seen is not None,
            entry=entries.get(paper), notes=notes[paper], terms=terms[paper],
            results=_RESULTS.decode(results),
        )
        for paper, key, title, results, seen in papers
    }  # fmt: skip
    return OverlayReply(cards=[cards[str(key)] for key in keys], change=change)


def _entries(
    connection: sqlite3.Connection, key_of: dict[int, str], user: int
) -> dict[int, EntryState]:
    entries: dict[int, EntryState] = {}
    for paper, status, rating, version, added, updated, tag in connection.execute(
        "SELECT e.paper_id, e.status, e.rating, e.version, e.added, e.updated, t.name FROM entry e "
        "LEFT JOIN entry_tag et ON et.entry_id = e.id "
        "LEFT JOIN tag t ON t.id = et.tag_id AND t.deleted IS NULL "
        "WHERE e.user_id = ? AND e.deleted IS NULL "
        f"AND e.paper_id IN ({_marks(key_of)}) ORDER BY t.fold",
        [user, *key_of],
    ):
        if paper not in entries:
            entries[paper] = EntryState(
                key=key_of[paper], status=status, rating=rating, version=version, tags=[],
                added=datetime.fromisoformat(added), updated=datetime.fromisoformat(updated),
            )  # fmt: skip
        if tag is not None:
            entries[paper].tags.append(tag)
    return entries


def _notes(
    connection: sqlite3.Connection, key_of: dict[int, str], user: int
) -> dict[int, list[NoteState]]:
    notes = defaultdict(list)
    for paper, uuid, text, version, created, updated in connection.execute(
        "SELECT paper_id, uuid, text, version, created, updated FROM note "
        f"WHERE user_id = ? AND deleted IS NULL AND paper_id IN ({_marks(key_of)}) "
        "ORDER BY created, id",
        [user, *key_of],
    ):
        notes[paper].append(
            NoteState(
                id=UUID(uuid), key=key_of[paper], text=text, quote=None, version=version,
                created=datetime.fromisoformat(created), updated=datetime.fromisoformat(updated),
            )
        )  # fmt: skip
    return notes


def _terms(connection: sqlite3.Connection, key_of: dict[int, str]) -> dict[int, list[TermChip]]:
    terms = defaultdict(list)
    for paper, *chip in connection.execute(
        "SELECT pt.paper_id, t.label, t.name, t.papers, pt.position FROM paper_term pt "
        f"JOIN term t ON t.id = pt.term_id WHERE pt.paper_id IN ({_marks(key_of)}) "
        "ORDER BY pt.paper_id, pt.position",
        [*key_of],
    ):
        terms[paper].append(TermChip(*chip))
    return terms


def _marks(values: Any) -> str:
    return ", ".join("?" * len(values))


def create_floor(db: str) -> Litestar:
    """Create the application."""
    connection = connect(db)

    @get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @post("/api/v1/overlay", status_code=200)
    async def post_overlay(request: Request[Any, Any, Any]) -> OverlayReply:
        secret = request.headers["authorization"].removeprefix("Bearer ")
        [user, _] = connection.execute(
            "SELECT t.user_id, r.name FROM token t JOIN reader r ON r.id = t.user_id "
            "WHERE t.digest = ?",
            [hashlib.sha256(secret.encode()).hexdigest()],
        ).fetchone()
        return overlay(connection, _REQUEST.decode(await request.body()), user)

    return Litestar([health, post_overlay], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    uvicorn.run(create_floor(sys.argv[1]), port=int(sys.argv[2]), log_level="warning")
