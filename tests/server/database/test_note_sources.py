"""The migration that finds out which notes other programs brought in."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import pytest

from server.config import Config
from server.database.connection import create_older_store, fetch, open_store
from server.database.schema_check import known_migrations

pytestmark = pytest.mark.anyio
DERIVED, RANDOM, PROPOSED, NAMED = uuid5(NAMESPACE_URL, "x"), uuid4(), uuid4(), uuid4()


async def test_notes_of_imports_and_assistants_are_known_after_the_migration(
    tmp_path: Path,
) -> None:
    config = Config(db=tmp_path / "old.sqlite", keep_backups=(0, 0, 0))
    await create_older_store(config, {name for name in known_migrations() if name < "0018"})
    fill_older_store(config.db)
    async with open_store(config):
        rows = await fetch("SELECT uuid, source FROM note")
    assert {UUID(row["uuid"]): row["source"] for row in rows} == {
        DERIVED: "import",
        RANDOM: None,
        PROPOSED: "assistant",
        NAMED: "import",
    }


def fill_older_store(db: Path) -> None:
    at = "2026-06-03 10:00:00+00:00"
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("INSERT INTO reader (id, name, created) VALUES (1, 'me', ?)", [at])
        connection.execute(
            "INSERT INTO paper (id, key, title, normalized_title, title_digest, abstract, authors, "
            "categories, richness, observed, created, mentions, results) "
            "VALUES (1, 'k', 't', 't', 'd', '', '[]', '[]', 0, ?, ?, '[]', '[]')",
            [at, at],
        )
        for note in (DERIVED, RANDOM, PROPOSED, NAMED):
            connection.execute(
                "INSERT INTO note (uuid, user_id, paper_id, text, version, created, updated) "
                "VALUES (?, 1, 1, 'x', 1, ?, ?)",
                [str(note), at, at],
            )
        connection.execute(
            "INSERT INTO change (user_id, kind, ref, version, deleted, source, at) "
            "VALUES (1, 'note', ?, 1, 0, 'assistant', ?)",
            [str(PROPOSED), at],
        )
        connection.execute(
            "INSERT INTO \"import\" (id, user_id, at, files) VALUES (1, 1, ?, '[]')", [at]
        )
        connection.execute(
            "INSERT INTO import_steps (parent_id, steps) VALUES (1, ?)",
            [json.dumps([{"type": "note", "id": str(NAMED)}])],
        )
        connection.commit()
