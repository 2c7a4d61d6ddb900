"""Tokens, sign-in, pairing, and the access rules of the middleware."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from server.accounts import tokens
from server.accounts.pairing_limit import IN_ALL, PER_ADDRESS, PairingLimit
from server.accounts.users import add_user
from server.config import Config
from server.database.connection import fetch
from server.database.models.accounts import Token
from server.errors import Invalid, NotFound, Refused, TooManyTries
from server.schema.scopes import SCOPES
from server.web.middleware import cookie_name
from tests.server.material import MOSS, NOW, second_user
from tests.server.sign_in import confirm_link_async

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


async def test_no_secret_is_in_the_bytes_of_the_file(store: Config, engine: str) -> None:
    secret = await tokens.issue(1, "device", NOW)
    if engine == "sqlite":
        raw = await asyncio.to_thread(
            lambda: b"".join(f.read_bytes() for f in store.db.parent.iterdir())
        )
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

    async def test_a_link_expires_after_ten_minutes(self) -> None:
        link = await tokens.issue(1, "signin", NOW)
        with pytest.raises(Refused):
            await tokens.redeem_sign_in(link, after(minutes=10), name="browser")

    async def test_only_one_of_several_simultaneous_sign_ins_succeeds(self) -> None:
        link = await tokens.issue(1, "signin", NOW)
        tries = [tokens.redeem_sign_in(link, NOW, name="browser") for _ in range(6)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, str) for result in results) == 1
        assert all(isinstance(result, str | Refused) for result in results)

    async def test_a_secret_is_accepted_only_for_its_kind(self) -> None:
        device = await tokens.issue(1, "device", NOW)
        session = await tokens.issue(1, "session", NOW)
        link = await tokens.issue(1, "signin", NOW)
        for secret, kinds in (
            (device, ("session",)),
            (session, ("device",)),
            (link, ("device", "session")),
        ):
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

    async def test_a_code_expires_after_five_minutes(self) -> None:
        code = await tokens.issue_code(1, NOW)
        with pytest.raises(Refused):
            await tokens.redeem_code(code, "tablet", None, after(minutes=5))

    async def test_a_long_code_pairs_once_and_voids_the_short_one(self) -> None:
        code, long_code = await tokens.issue_code(1, NOW), await tokens.issue_long_code(1, NOW)
        assert len(long_code) == 20
        assert (await tokens.redeem_code(long_code, "tablet", None, NOW))[1] == "me"
        for used in (code, long_code):
            with pytest.raises(Refused):
                await tokens.redeem_code(used, "tablet", None, NOW)

    async def test_of_many_at_once_one_pairs(self) -> None:
        code = await tokens.issue_code(1, NOW)
        tries = [tokens.redeem_code(code, "x", None, NOW) for _ in range(6)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, tuple) for result in results) == 1

    async def test_a_wrong_code_writes_nothing(self) -> None:
        await tokens.issue_code(1, NOW)
        before = await fetch("SELECT writes FROM clock")
        with pytest.raises(Refused):
            await tokens.redeem_code("x" * 20, "x", None, NOW)
        assert await fetch("SELECT writes FROM clock") == before

    async def test_a_new_code_replaces_the_old_one(self) -> None:
        first, second = await tokens.issue_code(1, NOW), await tokens.issue_code(1, NOW)
        if first != second:
            with pytest.raises(Refused):
                await tokens.redeem_code(first, "x", None, NOW)
        await tokens.redeem_code(second, "x", None, NOW)


@pytest.mark.usefixtures("store")
class TestUsers:
    async def test_a_name_is_unique(self) -> None:
        await add_user(" ada ", NOW)
        for name in ("ada", "", "  ", "x" * 101):
            with pytest.raises(Invalid):
                await add_user(name, NOW)

    async def test_a_user_cannot_revoke_another_s_device(self) -> None:
        ada = await second_user()
        secret = await tokens.issue(ada, "device", NOW)
        hers = (await tokens.identify(secret, ("device",), NOW)).token
        with pytest.raises(NotFound):
            await tokens.revoke(1, hers)
        await tokens.revoke(ada, hers)
        with pytest.raises(Refused):
            await tokens.identify(secret, ("device",), NOW)


async def test_a_revoked_token_is_refused(client: httpx.AsyncClient) -> None:
    [device] = (await client.get("/api/v1/devices")).json()
    assert device["current"]
    assert (await client.delete(f"/api/v1/devices/{device['id']}")).status_code == 204
    assert (await client.get("/api/v1/me")).status_code == 401


PUBLIC = {"/health", "/sign-in", "/api/v1/pair"}


def operations(app: Litestar) -> set[tuple[str, str]]:
    """Return path and method of every route."""
    return {
        (route.path_format, method)
        for route in app.routes
        for method in getattr(route, "methods", ())
    }


def fill_parameters(path: str) -> str:
    """Replace the parameters of a route's path by values of their type."""
    path = path.replace("{day}", "2026-03-05")
    path = re.sub(r"\{uuid[^}]*\}", "0199a0b0-0000-7000-8000-000000000000", path)
    return re.sub(r"\{[^}]*\}", "1", path)


async def test_every_route_but_the_public_ones_needs_a_token(
    app: Litestar, anonymous: httpx.AsyncClient
) -> None:
    paths = operations(app)
    assert {path for path, _ in paths} >= PUBLIC
    private = (
        (path, method)
        for path, method in paths
        if path not in PUBLIC and not path.startswith("/static/") and method != "OPTIONS"
    )
    for path, method in private:
        filled = fill_parameters(path)
        for headers in (
            {},
            {"Authorization": "Bearer x"},
            {"Authorization": "Basic x"},
            {"Cookie": f"{cookie_name(app.state.config)}=x"},
        ):
            reply = await anonymous.request(
                method, filled, headers=headers | {"Origin": "http://127.0.0.1:8620"}
            )
            assert reply.status_code == 401, (method, path, headers)
            assert reply.headers["content-type"] == "application/problem+json"


READ_BY_POST = {"/sign-out", "/api/v1/lookup"}
EXPORTS = {"/export", "/api/v1/export"}
ADMINISTRATION = re.compile(
    r"/settings(/(code|tokens|feeds|backup|restore(/state)?|devices/.*))?"
    r"|/api/v1/(devices.*|tokens|pairing-codes|feed-address)"
)


def find_scope(path: str, method: str) -> str:
    """Return the scope that a route should need."""
    if path in EXPORTS:
        return "export"
    if ADMINISTRATION.fullmatch(path):
        return "admin"
    return "read" if method in ("GET", "HEAD") or path in READ_BY_POST else "write"


async def test_every_private_route_needs_one_scope_and_refuses_tokens_without_it(
    app: Litestar, anonymous: httpx.AsyncClient
) -> None:
    now = datetime.now(UTC)
    bearers: dict[str, str] = {}
    for scope in SCOPES:
        others = [other for other in SCOPES if other != scope]
        bearers[scope] = await tokens.issue(1, "device", now, name="x", scopes=others)
    seen: set[str] = set()
    for route in (route for route in app.routes if isinstance(route, HTTPRoute)):
        for method, (handler, _) in route.route_handler_map.items():
            if method == "OPTIONS" or handler.opt.get("public"):
                continue
            needed = find_scope(route.path_format, str(method))
            assert handler.opt.get("scope") == needed, (method, route.path_format)
            reply = await anonymous.request(
                str(method),
                fill_parameters(route.path_format),
                headers={"Authorization": f"Bearer {bearers[needed]}"},
            )
            assert reply.status_code == 403, (method, route.path_format)
            assert f"lacks the scope “{needed}”" in reply.json()["detail"]
            seen.add(needed)
    assert seen == set(SCOPES)


async def test_a_token_of_a_program_does_what_its_scopes_allow_until_it_expires(
    client: httpx.AsyncClient,
) -> None:
    asked = {"name": "script", "scopes": ["read"], "days": 30}
    made = await client.post("/api/v1/tokens", json=asked)
    assert made.status_code == 201
    [device] = [d for d in (await client.get("/api/v1/devices")).json() if d["name"] == "script"]
    assert device["scopes"] == ["read"] and device["expires"]
    token = made.json()["token"]
    client.headers["authorization"] = f"Bearer {token}"
    assert (await client.get("/api/v1/papers")).status_code == 200
    refused = await client.put("/api/v1/tags/moss", json={})
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    with pytest.raises(Refused):
        await tokens.identify(token, ("device",), datetime.now(UTC) + timedelta(days=31))


async def test_a_paired_device_gets_the_scopes_that_it_asks_for(
    anonymous: httpx.AsyncClient,
) -> None:
    code = await tokens.issue_code(1, datetime.now(UTC))
    asked = {"code": code, "name": "tablet", "scopes": ["read", "write"]}
    token = (await anonymous.post("/api/v1/pair", json=asked)).json()["token"]
    anonymous.headers["authorization"] = f"Bearer {token}"
    assert (await anonymous.get("/api/v1/me")).status_code == 200
    assert (await anonymous.get("/api/v1/export?format=json")).status_code == 403
    assert (await anonymous.post("/api/v1/tokens", json=asked)).status_code == 403


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8620",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io:8620",
        "localhost.evil.example",
        "localhost.:8620",
        "",
        "xn--localhost",
        "127.1.evil",
        "[::1",
        "[",
        "user@127.0.0.1",
        "127.0.0.1:x",
        "0x7f000001.evil.example",
    ],
)
async def test_a_foreign_host_name_is_refused(anonymous: httpx.AsyncClient, host: str) -> None:
    for path in ("/health", "/api/v1/me", "/sign-in?token=x"):
        reply = await anonymous.get(path, headers={"Host": host})
        assert reply.status_code == 403
        assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8620", "localhost:9999", "LOCALHOST", "[::1]:8620", "192.168.1.7:8620"]
)
async def test_addresses_and_our_own_names_are_accepted(
    anonymous: httpx.AsyncClient, host: str
) -> None:
    assert (await anonymous.get("/health", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:9999",
        "http://localhost:8620",
        "null",
        "",
        "https://huggingface.co",
        "chrome-extension://x.evil.example",
        "chrome-extension://",
        "file://",
        "http://127.0.0.1:8620.evil.example",
        "http://[",
        "http://127.0.0.1:8620/x",
    ],
)
async def test_requests_of_another_site_are_refused(client: httpx.AsyncClient, origin: str) -> None:
    for method, path in (
        ("GET", "/api/v1/me"),
        ("POST", "/api/v1/pairing-codes"),
        ("OPTIONS", "/api/v1/overlay"),
    ):
        reply = await client.request(method, path, headers={"Origin": origin})
        assert reply.status_code == 403, (method, path)
        assert "access-control-allow-origin" not in reply.headers


async def test_a_token_works_only_for_the_extension_that_paired(
    anonymous: httpx.AsyncClient,
) -> None:
    code = await tokens.issue_code(1, datetime.now(UTC))
    headers = {"Origin": EXTENSION}
    paired = await anonymous.post(
        "/api/v1/pair", json={"code": code, "name": "tablet"}, headers=headers
    )
    bearer = {"Authorization": f"Bearer {paired.json()['token']}"}
    assert (await anonymous.get("/api/v1/me", headers=headers | bearer)).json()[
        "device"
    ] == "tablet"
    other = {"Origin": "chrome-extension://pppppppppppppppp"}
    assert (await anonymous.get("/api/v1/me", headers=other | bearer)).status_code == 403


class TestPairingLimit:
    def test_tries_are_limited_for_an_address_and_in_all(self) -> None:
        limit = PairingLimit()
        for _ in range(PER_ADDRESS):
            limit.take("10.0.0.1", NOW)
        with pytest.raises(TooManyTries):
            limit.take("10.0.0.1", NOW)
        for n in range(IN_ALL - PER_ADDRESS):
            limit.take(f"10.0.1.{n}", NOW)
        with pytest.raises(TooManyTries):
            limit.take("10.0.2.1", NOW)
        limit.take("10.0.0.1", after(minutes=5))

    def test_a_right_code_does_not_count(self) -> None:
        limit = PairingLimit()
        for _ in range(3 * PER_ADDRESS):
            limit.take("10.0.0.1", NOW)
            limit.give_back("10.0.0.1", NOW)


async def test_a_device_pairs_by_the_long_code_while_another_guesses(
    anonymous: httpx.AsyncClient,
) -> None:
    now = datetime.now(UTC)
    code, long_code = await tokens.issue_code(1, now), await tokens.issue_long_code(1, now)
    wrong = "000000" if code != "000000" else "000001"
    guesses = [anonymous.post("/api/v1/pair", json={"code": wrong, "name": "x"}) for _ in range(12)]
    statuses = sorted([reply.status_code for reply in await asyncio.gather(*guesses)])
    assert statuses == [401] * PER_ADDRESS + [429] * (12 - PER_ADDRESS)
    late = await anonymous.post("/api/v1/pair", json={"code": code, "name": "x"})
    assert late.status_code == 429 and "use the long code" in late.json()["detail"]
    reply = await anonymous.post("/api/v1/pair", json={"code": long_code, "name": "tablet"})
    assert reply.json()["user"] == "me"


async def sign_in(anonymous: httpx.AsyncClient) -> httpx.Response:
    link = await tokens.issue(1, "signin", datetime.now(UTC))
    return await confirm_link_async(anonymous, f"/sign-in?token={link}")


def session_of(client: httpx.AsyncClient) -> tuple[str, str]:
    """Return name and secret of a client's session cookie."""
    [cookie] = client.cookies.items()
    return cookie


async def test_opening_a_sign_in_link_uses_nothing_up_and_signs_nobody_in(
    anonymous: httpx.AsyncClient,
) -> None:
    link = await tokens.issue(1, "signin", datetime.now(UTC))
    for _ in range(2):
        shown = await anonymous.get("/sign-in", params={"token": link})
        assert shown.status_code == 200 and "as me?" in shown.text
    assert not anonymous.cookies
    form = {"token": link}
    for headers in ({}, {"Origin": EXTENSION}, {"Origin": "https://evil.example"}):
        assert (await anonymous.post("/sign-in", data=form, headers=headers)).status_code == 403
    own = {"Origin": "http://127.0.0.1:8620"}
    assert (await anonymous.post("/sign-in", data=form, headers=own)).status_code == 303
    assert (await anonymous.post("/sign-in", data=form, headers=own)).status_code == 401
    assert (await anonymous.get("/sign-in", params=form)).status_code == 401


def test_the_cookies_of_two_stores_have_different_names() -> None:
    one, other = Config(db=Path("one.sqlite")), Config(db=Path("two.sqlite"))
    assert cookie_name(one) == cookie_name(one) != cookie_name(other)


async def test_the_session_cookie_is_hidden_from_scripts_and_other_sites(
    anonymous: httpx.AsyncClient,
) -> None:
    reply = await sign_in(anonymous)
    assert reply.status_code == 303
    cookie = reply.headers["set-cookie"].lower()
    assert (
        "httponly" in cookie
        and "samesite=strict" in cookie
        and "path=/" in cookie
        and "domain" not in cookie
    )
    assert (await anonymous.get("/api/v1/me")).json()["user"] == "me"


async def test_a_write_by_cookie_needs_our_own_origin(anonymous: httpx.AsyncClient) -> None:
    await sign_in(anonymous)
    overlay = {"papers": [{"id": MOSS}]}
    assert (await anonymous.post("/api/v1/overlay", json=overlay)).status_code == 403
    own = {"Origin": "http://127.0.0.1:8620"}
    assert (await anonymous.post("/api/v1/overlay", json=overlay, headers=own)).status_code == 200
    extension = {"Origin": EXTENSION}
    assert (
        await anonymous.post("/api/v1/overlay", json=overlay, headers=extension)
    ).status_code == 403


async def test_a_session_secret_is_not_a_bearer_token(anonymous: httpx.AsyncClient) -> None:
    await sign_in(anonymous)
    _, secret = session_of(anonymous)
    anonymous.cookies.clear()
    assert (
        await anonymous.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    ).status_code == 401


async def test_signing_out_ends_the_session(anonymous: httpx.AsyncClient) -> None:
    await sign_in(anonymous)
    name, secret = session_of(anonymous)
    reply = await anonymous.post("/sign-out", headers={"Origin": "http://127.0.0.1:8620"})
    assert reply.status_code == 204
    anonymous.cookies.set(name, secret)
    assert (await anonymous.get("/api/v1/me")).status_code == 401
