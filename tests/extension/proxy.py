"""A proxy in front of the real server that injects the faults of real networks."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Literal

Fault = Literal["none", "silent", "2 s", "25 s", "401", "half an answer", "reset", "portal"]

REVOKED = (
    b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json\r\n"
    b"Content-Length: 29\r\nConnection: close\r\n\r\n"
    b'{"title":"no","status": 401 }'
)
PORTAL = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 23\r\n"
    b"Connection: close\r\n\r\n<h1>Hotel sign-in</h1>\n"
)
DELAYS: dict[Fault, float] = {"2 s": 2, "25 s": 25}


@dataclass
class Proxy:
    """Forwards to `port`, with the current `fault`; connections that are open keep theirs."""

    port: int
    fault: Fault = "none"
    address: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def set(self, fault: Fault) -> Iterator[None]:
        self.fault = fault
        yield
        self.fault = "none"


@contextmanager
def proxying(port: int) -> Iterator[Proxy]:
    """Run a proxy on a free port of its own."""
    proxy = Proxy(port)

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                answer(proxy, self.request)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield proxy
        proxy.closing.set()
        server.shutdown()


def answer(proxy: Proxy, client: socket.socket) -> None:
    """Answer one request with the proxy's fault, and close the connection."""
    request = read_request(client)
    fault = proxy.fault
    if fault == "reset":
        # closing a socket that lingers for 0 s sends RST
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif fault == "silent":
        proxy.closing.wait()
    elif fault in ("401", "portal"):
        client.sendall(REVOKED if fault == "401" else PORTAL)
    else:
        time.sleep(DELAYS.get(fault, 0))
        forward(proxy, client, request, halve=fault == "half an answer")


def read_request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += client.recv(65536) or b"\r\n\r\n"
    head, _, body = data.partition(b"\r\n\r\n")
    while len(body) < content_length(head):
        body += client.recv(65536)
    lines = head.split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith((b"host:", b"connection:"))]
    return b"\r\n".join([*kept, b"Connection: close"]) + b"\r\n\r\n" + body


def content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def forward(proxy: Proxy, client: socket.socket, request: bytes, *, halve: bool) -> None:
    """Send the server's answer, or with `halve` its head and half of its body."""
    line, _, rest = request.partition(b"\r\n")
    host = f"Host: 127.0.0.1:{proxy.port}".encode()
    with socket.create_connection(("127.0.0.1", proxy.port)) as server:
        server.sendall(b"\r\n".join([line, host, rest]))
        if halve:
            reply = b"".join(iter(lambda: server.recv(65536), b""))
            head, _, body = reply.partition(b"\r\n\r\n")
            client.sendall(head + b"\r\n\r\n" + body[: len(body) // 2])
            return
        while piece := server.recv(65536):
            client.sendall(piece)
