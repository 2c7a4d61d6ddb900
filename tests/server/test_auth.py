"""Ways in, and what is kept of them."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from litestar import Litestar

from server import tokens
from server.config import Config
from server.errors import Invalid, NotFound, PapermarginError, Refused, TooManyTries
from server.models import Token
from server.store import fetch
from tests.server.material import MOSS, NOW, second_user

pytestmark = pytest.mark.anyio

EXTENSION = "chrome-extension://abcdefghijklmnop"


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


async def test_only_hashes_are_in_the_database(store: Config) -> None:
    secrets = [await tokens.issue(1, kind, NOW) for kind in ("device", "session", "signin")]
    code = await tokens.issue_code(1, NOW)
    secrets.append((await tokens.redeem_code(code, "tablet", EXTENSION, NOW))[0])
    secrets.append(await tokens.redeem_sign_in(secrets[2], NOW, name="browser"))
    code = await tokens.issue_code(1, NOW)
    kept = str(await fetch("SELECT * FROM token"))
    assert not any(secret in kept for secret in secrets)
    assert not re.search(rf"\b{code}\b", kept)
    assert all(re.fullmatch("[0-9a-f]{64}", token.digest) for token in await Token.all())
    assert all(len(secret) >= 43 for secret in secrets), "256 bits"


async def test_not_even_in_the_bytes_of_the_file(store: Config, engine: str) -> None:
    secret = await tokens.issue(1, "device", NOW)
    if engine == "sqlite":
        raw = await asyncio.to_thread(lambda: b"".join(f.read_bytes() for f in store.db.parent.iterdir()))
        assert tokens._digest(secret).encode() in raw
        assert secret.encode() not in raw


@pytest.mark.usefixtures("store")
class TestSignIn:
    async def test_a_link_signs_in_once(self) -> None:
        link = await tokens.issue(1, "signin", NOW)
        session = await tokens.redeem_sign_in(link, after(minutes=9.9), name="browser")
        assert (await tokens.identify(session, ("session",), NOW)).name == "me"
        with pytest.raises(Refused):
            await tokens.redeem_sign_in(link, NOW, name="browser")

    async def test_a_link_is_good_for_ten_minutes(self) -> None:
        link = await tokens.issue(1, "signin", NOW)
        with pytest.raises(Refused):
            await tokens.redeem_sign_in(link, after(minutes=10), name="browser")

    async def test_of_many_at_once_one_gets_in(self) -> None:
        link = await tokens.issue(1, "signin", NOW)
        tries = [tokens.redeem_sign_in(link, NOW, name="browser") for _ in range(6)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, str) for result in results) == 1
        assert all(isinstance(result, str | Refused) for result in results)

    async def test_a_secret_of_one_kind_is_no_other(self) -> None:
        device = await tokens.issue(1, "device", NOW)
        session = await tokens.issue(1, "session", NOW)
        link = await tokens.issue(1, "signin", NOW)
        for secret, kinds in ((device, ("session",)), (session, ("device",)), (link, ("device", "session"))):
            with pytest.raises(Refused):
                await tokens.identify(secret, kinds, NOW)
        with pytest.raises(Refused):
            await tokens.redeem_sign_in(device, NOW, name="x")

    async def test_a_session_ends_after_half_a_year(self) -> None:
        session = await tokens.issue(1, "session", NOW)
        await tokens.identify(session, ("session",), after(days=179))
        with pytest.raises(Refused):
            await tokens.identify(session, ("session",), after(days=180))


@pytest.mark.usefixtures("store")
class TestPairing:
    async def test_a_code_pairs_once(self) -> None:
        code = await tokens.issue_code(1, NOW)
        assert re.fullmatch(r"\d{6}", code)
        token, user = await tokens.redeem_code(code, "tablet", EXTENSION, after(minutes=4.9))
        assert user == "me"
        assert (await tokens.identify(token, ("device",), NOW)).origin == EXTENSION
        with pytest.raises(Refused):
            await tokens.redeem_code(code, "tablet", EXTENSION, NOW)

    async def test_a_code_is_good_for_five_minutes(self) -> None:
        code = await tokens.issue_code(1, NOW)
        with pytest.raises(Refused):
            await tokens.redeem_code(code, "tablet", None, after(minutes=5))

    async def test_five_wrong_tries_void_every_code(self) -> None:
        ada = await second_user()
        codes = [await tokens.issue_code(user, NOW) for user in (1, ada)]
        wrong = next(f"{n:06}" for n in range(9) if f"{n:06}" not in codes)
        for _ in range(4):
            with pytest.raises(Refused):
                await tokens.redeem_code(wrong, "x", None, NOW)
        with pytest.raises(TooManyTries):
            await tokens.redeem_code(wrong, "x", None, NOW)
        for code in codes:
            with pytest.raises(Refused):
                await tokens.redeem_code(code, "x", None, NOW)

    async def test_tries_at_once_are_counted_too(self) -> None:
        code = await tokens.issue_code(1, NOW)
        wrong = "000000" if code != "000000" else "000001"
        tries = [tokens.redeem_code(wrong, "x", None, NOW) for _ in range(12)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert all(isinstance(result, PapermarginError) for result in results)
        with pytest.raises(Refused):
            await tokens.redeem_code(code, "x", None, NOW)

    async def test_a_new_code_replaces_the_old_one(self) -> None:
        first, second = await tokens.issue_code(1, NOW), await tokens.issue_code(1, NOW)
        if first != second:
            with pytest.raises(Refused):
                await tokens.redeem_code(first, "x", None, NOW)
        await tokens.redeem_code(second, "x", None, NOW)


@pytest.mark.usefixtures("store")
class TestUsers:
    async def test_a_name_is_taken_once(self) -> None:
        await tokens.add_user(" ada ", NOW)
        for name in ("ada", "", "  ", "x" * 101):
            with pytest.raises(Invalid):
                await tokens.add_user(name, NOW)

    async def test_nobody_revokes_another_s_device(self) -> None:
        ada = await second_user()
        secret = await tokens.issue(ada, "device", NOW)
        hers = (await tokens.identify(secret, ("device",), NOW)).token
        with pytest.raises(NotFound):
            await tokens.revoke(1, hers)
        await tokens.revoke(ada, hers)
        with pytest.raises(Refused):
            await tokens.identify(secret, ("device",), NOW)


async def test_a_revoked_token_gets_nothing(client: httpx.AsyncClient) -> None:
    [device] = (await client.get("/api/v1/devices")).json()
    assert device["current"]
    assert (await client.delete(f"/api/v1/devices/{device['id']}")).status_code == 204
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_nothing_but_health_and_the_ways_in_answers_without_a_token(
    app: Litestar, anonymous: httpx.AsyncClient
) -> None:
    public = {"/health", "/sign-in", "/api/v1/pair"}
    paths = {(route.path_format, method) for route in app.routes for method in getattr(route, "methods", ())}
    assert {path for path, _ in paths} >= public
    for path, method in paths:
        if path in public or path.startswith("/static/") or method == "OPTIONS":
            continue
        known = path.replace("{day}", "2026-03-05")
        filled = re.sub(r"\{[^}]*\}", "1", re.sub(r"\{uuid[^}]*\}", "0199a0b0-0000-7000-8000-000000000000", known))
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}, {"Cookie": "papermargin=x"}):
            reply = await anonymous.request(method, filled, headers=headers | {"Origin": "http://127.0.0.1:8620"})
            assert reply.status_code == 401, (method, path, headers)
            assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8620", "127.0.0.1.evil.example", "127.0.0.1.nip.io:8620", "localhost.evil.example",
     "localhost.:8620", "", "xn--localhost", "127.1.evil", "[::1", "[", "user@127.0.0.1", "127.0.0.1:x",
     "0x7f000001.evil.example"],
)  # fmt: skip
async def test_a_page_that_points_its_own_name_here_gets_nothing(anonymous: httpx.AsyncClient, host: str) -> None:
    for path in ("/health", "/api/v1/me", "/sign-in?token=x"):
        reply = await anonymous.get(path, headers={"Host": host})
        assert reply.status_code == 403
        assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["127.0.0.1:8620", "localhost:9999", "LOCALHOST", "[::1]:8620", "192.168.1.7:8620"])
async def test_an_address_or_our_own_name_is_answered(anonymous: httpx.AsyncClient, host: str) -> None:
    assert (await anonymous.get("/health", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://127.0.0.1:9999", "http://localhost:8620", "null", "", "https://huggingface.co",
     "chrome-extension://x.evil.example", "chrome-extension://", "file://", "http://127.0.0.1:8620.evil.example",
     "http://[", "http://127.0.0.1:8620/x"],
)  # fmt: skip
async def test_another_site_s_requests_are_not_taken(client: httpx.AsyncClient, origin: str) -> None:
    for method, path in (("GET", "/api/v1/me"), ("POST", "/api/v1/pairing-codes"), ("OPTIONS", "/api/v1/overlay")):
        reply = await client.request(method, path, headers={"Origin": origin})
        assert reply.status_code == 403, (method, path)
        assert "access-control-allow-origin" not in reply.headers


async def test_a_paired_extension_is_served_and_another_one_is_not(anonymous: httpx.AsyncClient) -> None:
    code = await tokens.issue_code(1, datetime.now(UTC))
    headers = {"Origin": EXTENSION}
    paired = await anonymous.post("/api/v1/pair", json={"code": code, "name": "tablet"}, headers=headers)
    bearer = {"Authorization": f"Bearer {paired.json()['token']}"}
    assert (await anonymous.get("/api/v1/me", headers=headers | bearer)).json()["device"] == "tablet"
    other = {"Origin": "chrome-extension://pppppppppppppppp"}
    assert (await anonymous.get("/api/v1/me", headers=other | bearer)).status_code == 403


async def sign_in(anonymous: httpx.AsyncClient) -> httpx.Response:
    link = await tokens.issue(1, "signin", datetime.now(UTC))
    return await anonymous.get("/sign-in", params={"token": link})


async def test_a_session_s_cookie_is_out_of_reach_of_scripts_and_other_sites(anonymous: httpx.AsyncClient) -> None:
    reply = await sign_in(anonymous)
    assert reply.status_code == 303
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie and "domain" not in cookie
    assert (await anonymous.get("/api/v1/me")).json()["user"] == "me"


async def test_a_change_by_cookie_needs_our_own_origin(anonymous: httpx.AsyncClient) -> None:
    await sign_in(anonymous)
    overlay = {"papers": [{"id": MOSS}]}
    assert (await anonymous.post("/api/v1/overlay", json=overlay)).status_code == 403
    own = {"Origin": "http://127.0.0.1:8620"}
    assert (await anonymous.post("/api/v1/overlay", json=overlay, headers=own)).status_code == 200
    extension = {"Origin": EXTENSION}
    assert (await anonymous.post("/api/v1/overlay", json=overlay, headers=extension)).status_code == 403


async def test_a_cookie_s_secret_is_no_bearer_token(anonymous: httpx.AsyncClient) -> None:
    await sign_in(anonymous)
    secret = anonymous.cookies["papermargin"]
    anonymous.cookies.clear()
    assert (await anonymous.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})).status_code == 401


async def test_signing_out_ends_the_session(anonymous: httpx.AsyncClient) -> None:
    await sign_in(anonymous)
    secret = anonymous.cookies["papermargin"]
    reply = await anonymous.post("/sign-out", headers={"Origin": "http://127.0.0.1:8620"})
    assert reply.status_code == 204
    anonymous.cookies.set("papermargin", secret)
    assert (await anonymous.get("/api/v1/me")).status_code == 401
