"""The rows of terms."""

from typing import Any

import pytest

from nlp.spans import Mention
from server.config import Config
from server.database.connection import fetch, is_postgres
from server.database.transactions import writing
from server.terms.rows import claim_terms, terms_of

pytestmark = pytest.mark.anyio


async def test_any_number_of_terms_is_looked_up(
    store: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.terms.rows.ASKED", 2)
    names = ["LoRA", "QLoRA", "DoRA", "GaLore", "ReLoRA"]
    readings = [terms_of([Mention(0, 4, "METHOD", name)]) for name in names]
    async with writing():
        made = await claim_terms(readings)
        assert await claim_terms([*readings, *readings]) == made
    assert len({*made.values()}) == len(names)


async def test_terms_are_looked_up_without_reading_all(
    store: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[str] = []

    async def explain(sql: str, *values: Any, using: Any) -> list[dict[str, Any]]:
        if not is_postgres():  # which reads a small table whole, whatever its indexes
            rows = await fetch(f"EXPLAIN QUERY PLAN {sql}", *values)
            plans.extend(row["detail"] for row in rows)
        return await fetch(sql, *values, using=using)

    monkeypatch.setattr("server.terms.rows.fetch", explain)
    async with writing():
        await claim_terms([terms_of([Mention(0, 4, "METHOD", "LoRA")])])
    assert not any(plan.startswith("SCAN") for plan in plans)
