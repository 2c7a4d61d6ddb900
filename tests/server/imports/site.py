"""A local HTTP server that sends prepared answers, broken ones included."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct, field


class Answer(Struct):
    """One answer of the server.

    It comes after `delay` seconds, and lacks the last `cut` bytes of its `Content-Length`; with
    `reset`, the connection is reset instead.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int = 0
    reset: bool = False


def as_json(value: Any, **options: Any) -> Answer:
    return Answer(json.dumps(value).encode(), **options)


class BadSite:
    """A server that records its requests.

    A path in `by_path` has its own answer; else the `answers` are sent in turn, the last again and
    again.
    """

    def __init__(self) -> None:
        self.address = ""
        self.answers: list[Answer] = []
        self.by_path: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.agents: set[str] = set()
        self.times: list[float] = []
        self.most_at_once = 0
        self.open: set[asyncio.Task[Any]] = set()

    async def serve(self, user: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.open.add(task)
        self.most_at_once = max(self.most_at_once, len(self.open))
        try:
            await self._answer((await user.readuntil(b"\r\n\r\n")).decode(), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever asked has gone: a timeout may end a request before it is read
        finally:
            self.open.discard(task)
            writer.close()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        self.times.append(asyncio.get_running_loop().time())
        target = urlsplit(head.split(" ", 2)[1])
        self.asked.append((target.path, dict(parse_qsl(target.query))))
        self.agents |= {
            line for line in head.split("\r\n") if line.lower().startswith("user-agent:")
        }
        answer = self.by_path.get(target.path) or self._next()
        await asyncio.sleep(answer.delay)
        if answer.reset:
            writer.transport.abort()
            return
        headers = {
            "Content-Length": str(len(answer.body) + answer.cut),
            "Connection": "close",
            **answer.headers,
        }
        lines = [
            f"HTTP/1.1 {answer.status} So",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        writer.write("\r\n".join([*lines, "\r\n"]).encode() + answer.body)
        await writer.drain()

    def _next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def bad_site() -> AsyncIterator[BadSite]:
    site = BadSite()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield site
    finally:
        server.close()
        left = list(site.open)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0)  # one more turn of the loop closes the transports
