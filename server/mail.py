"""E-mail over SMTP: which server, which address, and a letter on its way."""

from contextlib import suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses
from ipaddress import ip_address
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from server.config import Config
from server.errors import Invalid, MailError
from server.source import fold

TIMEOUT_SECONDS = 30.0
MAX_ADDRESS = 254  # characters, https://www.rfc-editor.org/errata/eid1690
_PORTS = {"smtp": 587, "smtps": 465}
_FORM = "PAPERMARGIN_SMTP_URL is smtp://user:password@host:port, or smtps:// for one that is encrypted from the start"


class MailServer(Struct, frozen=True):
    """Where e-mail is handed in; `tls` from the first byte, or as soon as the server offers it."""

    host: str
    port: int
    tls: bool
    user: str | None = None
    password: str | None = None

    @property
    def name(self) -> str:
        """What a person may read: no password."""
        return f"{self.host}:{self.port}"


class Post(Struct, frozen=True):
    """Who sends digests to whom, and by which server."""

    server: MailServer
    sender: Address
    recipients: list[Address]


def read_post(config: Config) -> Post:
    """Read who sends to whom out of the settings. Raises `Invalid`.

    Digests come from the address of the settings, or else the mail server's user, or else the first recipient.
    """
    server, recipients = read_server(config.smtp_url), [read_address(text) for text in config.digest_to]
    user = server.user if server.user and "@" in server.user else None
    sender = read_address(config.digest_from or user or recipients[0].addr_spec)
    named = Address(display_name=sender.display_name or "Papermargin", addr_spec=sender.addr_spec)
    return Post(server, named, recipients)


def read_server(url: str | None) -> MailServer:
    """Read the address of a mail server. Raises `Invalid`, which never tells the address: it has the password."""
    parts = urlsplit(url or "")
    try:
        port = parts.port
    except ValueError:
        raise Invalid(_FORM) from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Invalid(_FORM)
    user, password = (unquote(part) if part is not None else None for part in (parts.username, parts.password))
    return MailServer(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "smtps", user, password)


def read_address(text: str) -> Address:
    """Read `ada@example.org` or `Ada <ada@example.org>`. Raises `Invalid`."""
    # what cannot be parsed, or is several, is an error of any of these kinds
    with suppress(MessageError, ValueError, IndexError):
        [(name, plain)] = getaddresses([text])
        found = Address(display_name=name, addr_spec=plain)
        if found.username and found.domain and text.isprintable() and len(plain) <= MAX_ADDRESS:
            return found
    raise Invalid(f"{text!r} is no e-mail address")


async def send(message: EmailMessage, server: MailServer) -> None:
    """Hand a letter in, encrypted where the server offers it. Raises `MailError`.

    A password goes over an encrypted connection alone, unless the server is this very computer.
    """
    import aiosmtplib  # noqa: PLC0415 - a server starts without it

    client = aiosmtplib.SMTP(hostname=server.host, port=server.port, use_tls=server.tls, timeout=TIMEOUT_SECONDS)
    try:
        async with client:
            if server.user is not None:
                if client.get_transport_info("sslcontext") is None and not _is_here(server.host):
                    raise MailError(f"{server.name} offers no encryption: the password was not sent")
                await client.login(server.user, server.password or "")
            await client.send_message(message)
    except aiosmtplib.SMTPAuthenticationError:
        raise MailError(f"{server.name} does not take the user name or the password") from None
    except aiosmtplib.SMTPRecipientsRefused as error:
        _refuse(f"{server.name} refuses {message['To']}", error.recipients[0].message)
    except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPTimeoutError, ConnectionError) as error:
        _refuse(f"{server.name} does not answer", str(error))
    except (aiosmtplib.SMTPException, OSError) as error:
        _refuse(f"{server.name} does not take the e-mail", str(error))


def _refuse(what: str, why: str) -> NoReturn:
    raise MailError(f"{what}: {fold(why)}") from None


def _is_here(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
