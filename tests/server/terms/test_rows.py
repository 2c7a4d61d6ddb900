"""The rows of terms."""

import pytest

from nlp.spans import Mention
from server.config import Config
from server.database.connection import writing
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
