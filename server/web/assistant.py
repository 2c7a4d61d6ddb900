"""The store for assistants over HTTP: `/mcp` speaks the Model Context Protocol.

The tools are those of `papermargin mcp`. The transport is that of the protocol's SDK, "streamable
HTTP" (https://modelcontextprotocol.io/specification/2025-11-25/basic/transports). Requests come
through the same checks of host, origin and token as those of the API.
"""

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

from litestar import asgi
from litestar.exceptions import MethodNotAllowedException
from litestar.types import Receive, Scope, Send

from server.accounts.tokens import AuthenticatedUser
from server.errors import NotFound, Refused

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer


class Assistants:
    """The servers that answer assistants, made when they are first asked.

    A server keeps a user's proposals until they are confirmed. There is one for all tokens of a
    user that may write, and one for those that may not, which has no tool that writes.
    """

    def __init__(self) -> None:
        self._servers: dict[tuple[int, bool], MCPServer] = {}

    async def answer(
        self, user: AuthenticatedUser, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a request of a user's token.

        Raises `NotFound` if the protocol's SDK is missing, which is an optional dependency.
        """
        try:
            # in a thread, as the first import of the SDK takes a second or more
            protocol = await asyncio.to_thread(import_module, "server.assistant.protocol")
        except ModuleNotFoundError as error:
            raise NotFound(
                f"assistants are not served here: {error.name} is missing; install it where the "
                "server runs, with: pip install 'papermargin[mcp]'"
            ) from error
        may_write = "write" in user.scopes
        key = (user.user, may_write)
        if key not in self._servers:
            self._servers[key] = protocol.make_server(user.user, write=may_write)
        transport = protocol.make_transport(self._servers[key])
        async with transport.run():
            await transport.handle_request(scope, receive, send)


@asgi("/mcp", opt={"scope": "read"}, copy_scope=True)
async def serve_assistant(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one message of an assistant.

    There are no sessions: each message has a token, so that a revoked one ends at once. Raises
    `Refused` for the session of a browser, whose cookie another page may be able to send.
    """
    user: AuthenticatedUser = scope["user"]
    if user.kind != "device":
        raise Refused("an assistant needs a token: make one by papermargin token or on Settings")
    if scope.get("method") != "POST":
        # the specification asks for this answer of a server that opens no stream by itself
        raise MethodNotAllowedException(headers={"Allow": "POST"})
    state = scope["litestar_app"].state
    await state.assistants.answer(user, scope, receive, send)
    state.feed.poke()
