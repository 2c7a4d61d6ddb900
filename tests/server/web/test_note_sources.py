"""Where a note's text came from: from our pages and the extension, or from a program."""

from uuid import uuid4

import httpx
import pytest

from tests.server.material import MOSS

pytestmark = pytest.mark.anyio
EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"


@pytest.mark.parametrize(("origin", "source"), [(None, "program"), (EXTENSION, None)])
async def test_a_program_with_a_token_is_no_user_at_the_keyboard(
    client: httpx.AsyncClient, origin: str | None, source: str | None
) -> None:
    page = {"papers": [{"id": MOSS, "title": "Moss"}]}
    (await client.post("/api/v1/overlay", json=page)).raise_for_status()
    headers = {"Origin": origin} if origin else {}
    body = {"paper": MOSS, "text": "`$= x`"}
    reply = await client.put(f"/api/v1/notes/{uuid4()}", json=body, headers=headers)
    assert reply.json()["source"] == source
