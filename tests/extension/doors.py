"""What may stand at an address that a person typed, other than their server: strangers, silence,
broken doors.
"""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import trustme

from tests.extension.browser import free_port

Door = Callable[[], AbstractContextManager[str]]


@contextmanager
def _serving(http: HTTPServer, scheme: str = "http") -> Iterator[str]:
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield f"{scheme}://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


def _server(status: int, text: bytes, **headers: str) -> HTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PUT = do_GET

        def log_message(self, *_: Any) -> None: ...

    return HTTPServer(("127.0.0.1", 0), Handler)


def answering(body: dict[str, Any]) -> AbstractContextManager[str]:
    """A server that answers everything with one JSON body, as no Papermargin of today would."""
    return _serving(_server(200, json.dumps(body).encode(), Content_Type="application/json"))


def stranger() -> AbstractContextManager[str]:
    return _serving(_server(200, b"<h1>A router</h1>", Content_Type="text/html"))


def sending_elsewhere() -> AbstractContextManager[str]:
    return _serving(_server(301, b"", Location="https://elsewhere.invalid/"))


def self_signed() -> AbstractContextManager[str]:
    """A server of TLS whose certificate nobody vouches for."""
    http = _server(200, b"{}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    return _serving(http, "https")


def plain_at_https() -> AbstractContextManager[str]:
    return _serving(_server(400, b""), "https")


@contextmanager
def closed() -> Iterator[str]:
    yield f"http://127.0.0.1:{free_port()}"


@contextmanager
def silent() -> Iterator[str]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def unheard_of() -> Iterator[str]:
    yield "http://no-such-host.invalid:8620"


@contextmanager
def no_address() -> Iterator[str]:
    yield "http://"


def of_version(api: int) -> Door:
    return lambda: answering({"name": "papermargin", "version": "9.9", "api": api, "status": "ok"})


# what a person reads in the options when each of them is tried
WORDS: dict[str, tuple[Door, str]] = {
    "name not found": (unheard_of, "The name is not found"),
    "refused": (closed, "The connection is refused"),
    "certificate": (self_signed, "No secure connection (TLS)"),
    "no TLS": (plain_at_https, "No secure connection (TLS)"),
    "time-out": (silent, "The server takes too long"),
    "a stranger": (stranger, "not a Papermargin server"),
    "another API": (lambda: answering({"hello": "world"}), "not a Papermargin server"),
    "elsewhere": (sending_elsewhere, "sends elsewhere"),
    "too old": (of_version(0), "too old (9.9)"),
    "too new": (of_version(2), "newer (9.9)"),
    "no address": (no_address, "This is no address"),
}
