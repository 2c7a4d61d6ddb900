"""The same answers by hand: sqlite3, msgspec and nothing between them, in the same framework and server.

`python -m tests.bench.floor DB PORT` serves `POST /api/v1/overlay` for papers that are known, and `GET /health`.
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
from server.wire import Card, EntryState, NoteState, OverlayReply, OverlayRequest, TermChip

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
    """Give the cards of papers that are known by their ids."""
    fetch = connection.execute
    [change] = fetch("SELECT COALESCE(MAX(id), 0) FROM change").fetchone()
    keys = [paper.id for paper in request.papers]
    papers = fetch(
        f"SELECT p.id, p.key, p.title, p.results, s.id FROM paper p LEFT JOIN seen s ON s.paper_id = p.id "
        f"AND s.user_id = ? WHERE p.key IN ({_marks(keys)})",
        [user, *keys],
    ).fetchall()
    ids, key_of = [row[0] for row in papers], {row[0]: row[1] for row in papers}
    marks = _marks(ids)
    entries: dict[int, EntryState] = {}
    for paper, status, rating, version, added, updated, tag in fetch(
        "SELECT e.paper_id, e.status, e.rating, e.version, e.added, e.updated, t.name FROM entry e "
        "LEFT JOIN entry_tag et ON et.entry_id = e.id LEFT JOIN tag t ON t.id = et.tag_id AND t.deleted IS NULL "
        f"WHERE e.user_id = ? AND e.deleted IS NULL AND e.paper_id IN ({marks}) ORDER BY t.fold",
        [user, *ids],
    ):
        if paper not in entries:
            times = {"added": datetime.fromisoformat(added), "updated": datetime.fromisoformat(updated)}
            entries[paper] = EntryState(
                key=key_of[paper], status=status, rating=rating, version=version, tags=[], **times
            )
        if tag is not None:
            entries[paper].tags.append(tag)
    notes = defaultdict(list)
    for paper, uuid, text, version, created, updated in fetch(
        "SELECT paper_id, uuid, text, version, created, updated FROM note WHERE user_id = ? AND deleted IS NULL "
        f"AND paper_id IN ({marks}) ORDER BY created, id",
        [user, *ids],
    ):
        notes[paper].append(
            NoteState(
                id=UUID(uuid), key=key_of[paper], text=text, quote=None, version=version,
                created=datetime.fromisoformat(created), updated=datetime.fromisoformat(updated),
            )
        )  # fmt: skip
    terms = defaultdict(list)
    for paper, *chip in fetch(
        "SELECT pt.paper_id, t.label, t.name, t.papers, pt.position FROM paper_term pt JOIN term t "
        f"ON t.id = pt.term_id WHERE pt.paper_id IN ({marks}) ORDER BY pt.paper_id, pt.position",
        ids,
    ):
        terms[paper].append(TermChip(*chip))
    cards = {
        key: Card(
            key=key, title=title, extraction="done", seen=seen is not None,
            entry=entries.get(paper), notes=notes[paper], terms=terms[paper], results=_RESULTS.decode(results),
        )
        for paper, key, title, results, seen in papers
    }  # fmt: skip
    return OverlayReply(cards=[cards[str(key)] for key in keys], change=change)


def _marks(values: list[Any]) -> str:
    return ", ".join("?" * len(values))


def create_floor(db: str) -> Litestar:
    """Give the server that answers by hand."""
    connection = connect(db)

    @get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @post("/api/v1/overlay", status_code=200)
    async def post_overlay(request: Request[Any, Any, Any]) -> OverlayReply:
        secret = request.headers["authorization"].removeprefix("Bearer ")
        [user, _] = connection.execute(
            "SELECT t.user_id, r.name FROM token t JOIN reader r ON r.id = t.user_id WHERE t.digest = ?",
            [hashlib.sha256(secret.encode()).hexdigest()],
        ).fetchone()
        return overlay(connection, _REQUEST.decode(await request.body()), user)

    return Litestar([health, post_overlay], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    uvicorn.run(create_floor(sys.argv[1]), port=int(sys.argv[2]), log_level="warning")
