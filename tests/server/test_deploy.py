"""The examples of a reverse proxy: a real nginx with TLS in front of a real server."""

import html
import os
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import trustme

from server.config import Config
from tests.server.process import Served, free_port, serve
from tests.server.sign_in import confirm_link

EXAMPLES = Path(__file__).parents[2] / "server" / "deploy"
HOST = "localhost"
ADDRESS = re.compile(r'(?:href|src|action|hx-get|hx-post|data-import|data-suggestions)="(/[^"]*)"')


@pytest.fixture(params=["", "/pm"], ids=["root", "path"])
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[httpx.Client]:
    """A signed-in client that reaches the server through nginx, by HTTPS and a host name."""
    base = request.param
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not nginx:
        why = "nginx is missing: apt-get install nginx-light"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    authority = trustme.CA()
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(tmp_path / "tls.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    port = free_port()
    origin = f"https://{HOST}:{port}"
    with serve(Config(db=tmp_path / "store.sqlite"), tmp_path / "log") as served:
        configuration = write_configuration(tmp_path, port, served.url, base)
        proxy = subprocess.Popen([nginx, "-c", str(configuration), "-p", str(tmp_path)])
        try:
            home = origin + base
            with httpx.Client(base_url=home, verify=context, follow_redirects=True) as client:
                answer = sign_in(client, served)
                assert answer.headers["location"] == f"{base}/"
                cookie = answer.headers["set-cookie"].lower()
                assert "secure" in cookie
                assert f"path={base or '/'};" in cookie
                client.headers["Origin"] = origin
                yield client
        finally:
            proxy.terminate()
            proxy.wait()


def write_configuration(folder: Path, port: int, server: str, base: str) -> Path:
    """Wrap an example into a whole configuration, with the three marked lines changed."""
    site = (EXAMPLES / ("nginx-path.conf" if base else "nginx.conf")).read_text()
    for old, new in {
        "/etc/nginx/tls/fullchain.pem": f"{folder}/tls.pem",
        "/etc/nginx/tls/privkey.pem": f"{folder}/tls.pem",
        "http://papermargin:8620": server,
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "listen 80": f"listen 127.0.0.1:{free_port()}",
    }.items():
        assert old in site, old
        site = site.replace(old, new, 1)
    file = folder / "nginx.conf"
    places = "".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; events {{}}\n"
        f"http {{ access_log off; {places}\n{site}}}\n"
    )
    return file


def sign_in(client: httpx.Client, served: Served) -> httpx.Response:
    """Open the sign-in link once both servers are up, and return the answer to it."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        link = re.search(r"/sign-in\?token=\S+", served.log.read_text())
        with suppress(httpx.ConnectError):
            if link:
                return confirm_link(client, link[0])
        time.sleep(0.05)
    raise AssertionError("nginx or the server is not up")


def test_pages_changes_and_events_work_behind_nginx(browser: httpx.Client) -> None:
    assert "Reading list" in browser.get("/").raise_for_status().text
    changed = browser.post("/settings/looks", data={"theme": "dark", "here": "/settings"})
    assert 'data-theme="dark"' in changed.raise_for_status().text
    feeds = browser.post("/api/v1/feed-address").raise_for_status().json()
    assert feeds["reading_list"].startswith(f"{str(browser.base_url).rstrip('/')}/feeds/")
    assert browser.get(feeds["reading_list"]).status_code == 200
    with browser.stream("GET", "/api/v1/events", timeout=30) as events:
        assert next(events.iter_lines()).startswith("event: hello")


def test_another_site_s_requests_are_refused_behind_nginx(browser: httpx.Client) -> None:
    answer = browser.post("/api/v1/pairing-codes", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_every_address_of_a_page_leads_to_an_answer_behind_nginx(browser: httpx.Client) -> None:
    batch = {"papers": [{"id": "2601.00001", "title": "Moss", "abstract": "Green."}]}
    browser.post("/api/v1/overlay", json=batch).raise_for_status()
    base = browser.base_url.path.rstrip("/")
    for page in ("/", "/?q=moss&all=true", "/today", "/terms", "/tags", "/settings", "/docs",
                 "/docs/queries", "/docs/api", "/papers/2601.00001", "/nowhere"):  # fmt: skip
        shown = browser.get(page, headers={"Accept": "text/html"})
        addresses = {html.unescape(address) for address in ADDRESS.findall(shown.text)}
        assert addresses, page
        for address in addresses:
            assert address.startswith(f"{base}/"), (page, address)
            sent = address.partition("#")[0].encode()
            answer = browser.get(browser.base_url.copy_with(raw_path=sent))
            # 405: what a form is posted to; 400: suggestions, which need a prefix
            expected = (404,) if address == f"{base}/nowhere" else (200, 400, 405)
            assert answer.status_code in expected, (page, address)


def test_an_extension_is_paired_and_reads_behind_nginx(browser: httpx.Client) -> None:
    code = browser.post("/api/v1/pairing-codes").raise_for_status().json()["code"]
    browser.cookies.clear()
    browser.headers["Origin"] = "moz-extension://0f"
    paired = browser.post("/api/v1/pair", json={"code": code, "name": "Firefox"})
    browser.headers["Authorization"] = f"Bearer {paired.raise_for_status().json()['token']}"
    assert browser.get("/api/v1/tags").raise_for_status().json() == []
