"""Send e-mail over SMTP, and read its settings: the server and the addresses."""

from contextlib import suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from server.config import Config
from server.errors import Invalid, MailError
from server.schema.sources import fold

TIMEOUT_SECONDS = 30.0
MAX_ADDRESS = 254  # characters, https://www.rfc-editor.org/errata/eid1690
_PORTS = {"smtp": 587, "smtps": 465}
_FORM = (
    "PAPERMARGIN_SMTP_URL is smtp://user:password@host:port, "
    "or smtps:// for one that is encrypted from the start"
)


class MailServer(Struct, frozen=True):
    """An SMTP server; `tls` means encrypted from the first byte, else as soon as it is offered."""

    host: str
    port: int
    tls: bool
    user: str | None = None
    password: str | None = None

    @property
    def name(self) -> str:
        """Host and port, without the password."""
        return f"{self.host}:{self.port}"


class MailSettings(Struct, frozen=True):
    """The sender and recipients of digests, and the server that takes them."""

    server: MailServer
    sender: Address
    recipients: list[Address]


def read_mail_settings(config: Config) -> MailSettings:
    """Read the sender, recipients and server from the settings.

    The sender is the address in the settings, else the mail server's user if that is an address,
    else the first recipient. Raises `Invalid` if the server or an address cannot be read.
    """
    server = read_server(config.smtp_url)
    recipients = [read_address(text) for text in config.digest_to]
    user = server.user if server.user and "@" in server.user else None
    sender = read_address(config.digest_from or user or recipients[0].addr_spec)
    named = Address(display_name=sender.display_name or "Papermargin", addr_spec=sender.addr_spec)
    return MailSettings(server, named, recipients)


def read_server(url: str | None) -> MailServer:
    """Read a mail server's URL.

    Raises `Invalid`, whose message leaves the URL out because it may hold a password.
    """
    parts = urlsplit(url or "")
    try:
        port = parts.port
    except ValueError:
        raise Invalid(_FORM) from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Invalid(_FORM)
    return MailServer(
        parts.hostname,
        port or _PORTS[parts.scheme],
        parts.scheme == "smtps",
        _unquote(parts.username),
        _unquote(parts.password),
    )


def _unquote(part: str | None) -> str | None:
    return None if part is None else unquote(part)


def read_address(text: str) -> Address:
    """Read `ada@example.org` or `Ada <ada@example.org>`. Raises `Invalid` for anything else."""
    # the parser raises any of these for text that is not exactly one address
    with suppress(MessageError, ValueError, IndexError):
        [(name, plain)] = getaddresses([text])
        found = Address(display_name=name, addr_spec=plain)
        if found.username and found.domain and text.isprintable() and len(plain) <= MAX_ADDRESS:
            return found
    raise Invalid(f"{text!r} is not an e-mail address")


async def send(message: EmailMessage, server: MailServer) -> None:
    """Send a message, encrypted if the server offers it. Raises `MailError` if it is not accepted.

    A password is sent over an encrypted connection only, unless the server is on this machine.
    """
    import aiosmtplib  # noqa: PLC0415 - keeps it out of the server's start

    client = aiosmtplib.SMTP(
        hostname=server.host, port=server.port, use_tls=server.tls, timeout=TIMEOUT_SECONDS
    )
    try:
        async with client:
            if server.user is not None:
                if client.get_transport_info("sslcontext") is None and not _is_local(server.host):
                    raise MailError(
                        f"{server.name} offers no encryption: the password was not sent"
                    )
                await client.login(server.user, server.password or "")
            await client.send_message(message)
    except aiosmtplib.SMTPAuthenticationError:
        raise MailError(f"{server.name} does not take the user name or the password") from None
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _mail_error(
            f"{server.name} refuses {message['To']}", error.recipients[0].message
        ) from None
    except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPTimeoutError, ConnectionError) as error:
        raise _mail_error(f"{server.name} does not answer", str(error)) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _mail_error(f"{server.name} does not take the e-mail", str(error)) from None


def _mail_error(what: str, reason: str) -> MailError:
    return MailError(f"{what}: {fold(reason)}")


def _is_local(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
