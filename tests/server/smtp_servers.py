"""Real mail servers on this machine, each as strict as a test needs."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from tests.server.process import free_port

USER, PASSWORD = "ada@moss.example", "p@ss/word:1"
NOBODY = "nobody@moss.example"


class MailServerDouble:
    """Record the messages a mail server accepts, in order; it refuses the mailbox `NOBODY`."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.encrypted: list[bool] = []
        self.full = False
        self.port = free_port()

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        """Accept or refuse a recipient."""
        if address == NOBODY:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        """Accept or refuse a message."""
        if self.full:
            return "452 no room for it"
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(server.transport.get_extra_info("cipher") is not None)
        return "250 OK"


@contextmanager
def run_mail_server(
    *, password: bool = False, starttls: bool = False, tls: bool = False
) -> Iterator[MailServerDouble]:
    """Run a mail server until the block ends, optionally with a password or encryption."""
    mail_server = MailServerDouble()
    context = _context() if starttls or tls else None
    options: dict[str, Any] = (
        {"authenticator": _authenticate, "auth_required": True} if password else {}
    )
    options |= {"auth_require_tls": starttls}
    options |= {"tls_context": context, "require_starttls": True} if starttls else {}
    options |= {"ssl_context": context} if tls else {}
    controller = Controller(mail_server, hostname="127.0.0.1", port=mail_server.port, **options)
    controller.start()
    try:
        yield mail_server
    finally:
        controller.stop()


AUTHORITY = trustme.CA()


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    return context


def _authenticate(
    server: Any, session: Any, envelope: Any, mechanism: str, data: Any
) -> AuthResult:
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right)
