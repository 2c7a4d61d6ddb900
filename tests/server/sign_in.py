"""Sign clients in: by a link, as a browser does, or with a session that is there already."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx

from server.accounts.tokens import issue
from server.config import Config
from server.database.connection import open_store
from server.web.app import create_app
from server.web.middleware import cookie_name


def confirm_link(client: httpx.Client, link: str) -> httpx.Response:
    """Open a sign-in link and confirm it; return the answer, which sets the session's cookie."""
    client.get(link).raise_for_status()
    return client.send(_confirmation(client, link), follow_redirects=False)


async def confirm_link_async(client: httpx.AsyncClient, link: str) -> httpx.Response:
    """Open a sign-in link and confirm it, with an asynchronous client."""
    (await client.get(link)).raise_for_status()
    return await client.send(_confirmation(client, link), follow_redirects=False)


def _confirmation(client: httpx.Client | httpx.AsyncClient, link: str) -> httpx.Request:
    asked = client.build_request("GET", link).url
    form = asked.copy_with(query=None)
    origin = f"{asked.scheme}://{asked.netloc.decode()}"
    token = {"token": asked.params["token"]}
    return client.build_request("POST", form, data=token, headers={"Origin": origin})


@asynccontextmanager
async def signed_in_browser(config: Config) -> AsyncIterator[httpx.AsyncClient]:
    """Open a store, and yield a client with a session of `me` on its server."""
    app = create_app(config)
    async with open_store(config), app.lifespan():
        cookies = {cookie_name(config): await issue(1, "session", datetime.now(UTC))}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
        home = "http://127.0.0.1:8620"
        headers = {"accept": "text/html", "origin": home}
        async with httpx.AsyncClient(
            transport=transport, base_url=home, cookies=cookies, headers=headers
        ) as client:
            yield client
