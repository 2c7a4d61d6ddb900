"""Messages are sent over SMTP to real servers."""

from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest

from server.config import Config, explain_config
from server.digest.smtp import read_address, read_mail_settings, read_server, send
from server.errors import Invalid, MailError
from tests.server.process import free_port
from tests.server.smtp_servers import AUTHORITY, NOBODY, PASSWORD, USER, run_mail_server

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings(
        "ignore:Requiring AUTH while not requiring TLS:UserWarning"
    ),  # some tests run such a server on purpose
]

SIGNED = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own authority is one that this computer trusts."""
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


def make_message(to: str = "bea@moss.example") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ada@moss.example", to, "Möss"
    message.set_content("Größe: 7 µm\n.\nFrom here on\n" + "x" * 3_000)
    return message


async def test_a_message_arrives_unchanged() -> None:
    with run_mail_server() as mail_server:
        await send(make_message(), read_server(f"smtp://127.0.0.1:{mail_server.port}"))
    [arrived] = mail_server.messages
    assert (arrived["Subject"], mail_server.recipients) == ("Möss", ["bea@moss.example"])
    assert arrived.get_content().splitlines() == make_message().get_content().splitlines()


@pytest.mark.usefixtures("trusted")
async def test_a_connection_is_encrypted_where_the_server_offers_it() -> None:
    with run_mail_server(password=True, starttls=True) as mail_server:
        await send(make_message(), read_server(f"smtp://{SIGNED}127.0.0.1:{mail_server.port}"))
    assert mail_server.encrypted == [True]


@pytest.mark.usefixtures("trusted")
async def test_a_server_can_be_encrypted_from_the_start() -> None:
    with run_mail_server(tls=True) as mail_server:
        await send(make_message(), read_server(f"smtps://127.0.0.1:{mail_server.port}"))
    assert mail_server.encrypted == [True]


async def test_an_untrusted_server_gets_neither_password_nor_message() -> None:
    for options, scheme in (
        ({"starttls": True, "password": True}, "smtp"),
        ({"tls": True}, "smtps"),
    ):
        with (
            run_mail_server(**options) as mail_server,
            pytest.raises(MailError, match="certificate") as failure,
        ):
            await send(
                make_message(), read_server(f"{scheme}://{SIGNED}127.0.0.1:{mail_server.port}")
            )
        assert mail_server.messages == [] and PASSWORD not in str(failure.value)


async def test_a_wrong_password_is_reported_without_repeating_it() -> None:
    with run_mail_server(password=True) as mail_server:
        with pytest.raises(MailError, match="user name or the password") as failure:
            await send(
                make_message(),
                read_server(f"smtp://{quote(USER)}:sesame@127.0.0.1:{mail_server.port}"),
            )
        assert "sesame" not in str(failure.value)
        await send(make_message(), read_server(f"smtp://{SIGNED}127.0.0.1:{mail_server.port}"))
    assert len(mail_server.messages) == 1


async def test_a_password_is_not_sent_unencrypted_to_another_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.digest.smtp._is_local", lambda host: False)
    with (
        run_mail_server(password=True) as mail_server,
        pytest.raises(MailError, match="no encryption"),
    ):
        await send(make_message(), read_server(f"smtp://{SIGNED}127.0.0.1:{mail_server.port}"))
    assert mail_server.messages == []


async def test_a_refusal_is_reported_in_the_server_s_words() -> None:
    with run_mail_server() as mail_server:
        server = read_server(f"smtp://127.0.0.1:{mail_server.port}")
        with pytest.raises(MailError, match=f"refuses {NOBODY}: no such mailbox"):
            await send(make_message(NOBODY), server)
        mail_server.full = True
        with pytest.raises(MailError, match="no room for it"):
            await send(make_message(), server)
    with (
        run_mail_server(password=True) as mail_server,
        pytest.raises(MailError, match="does not take the e-mail"),
    ):
        await send(make_message(), read_server(f"smtp://127.0.0.1:{mail_server.port}"))
    assert mail_server.messages == []


async def test_an_unreachable_server_is_reported() -> None:
    port = free_port()
    with pytest.raises(MailError, match=f"127.0.0.1:{port} does not answer") as failure:
        await send(make_message(), read_server(f"smtp://127.0.0.1:{port}"))
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("smtp://ada:sesame@post.example:25", "smtp://post.example:25"),
        ("smtps://ada:ses@me@post.example", "smtps://post.example"),
        ("smtp://ada:sesame@[::1]:25", "smtp://[::1]:25"),
        ("smtp://ada:ses/ame@post.example", "smtp://post.example"),
        ("smtp://post.example/ada:sesame", "..."),
        ("smtp://ada:sesame", "..."),
        ("ada:sesame@x://post.example", "..."),
        ("ada:sesame@post.example", "..."),
        ("http://ada:sesame@post.example/x", "..."),
    ],
)
def test_the_settings_are_shown_without_the_password(url: str, shown: str) -> None:
    settings = {
        setting.name: setting.value for setting in explain_config(Config(smtp_url=url), {}, {})
    }
    assert settings["smtp_url"] == shown


@pytest.mark.parametrize(
    "url", [None, "", "post.example", "http://post.example", "smtp://", "smtp://h:x", "smtp://h/x"]
)
def test_an_invalid_server_url_is_refused_without_repeating_it(url: str | None) -> None:
    with pytest.raises(Invalid, match=r"^PAPERMARGIN_SMTP_URL is smtp://user:password@host:port"):
        read_server(url)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@moss.example",
        "ada@",
        "a b@moss.example",
        "ada@moss.example\nBcc: bea@moss.example",
        "a@b, c@d",
    ],
)
def test_an_invalid_e_mail_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="not an e-mail address"):
        read_address(text)


def test_the_sender_is_the_setting_or_the_server_s_user_or_the_first_recipient() -> None:
    def sender(url: str, given: str | None = None) -> str:
        return str(
            read_mail_settings(
                Config(smtp_url=url, digest_from=given, digest_to=("bea@moss.example",))
            ).sender
        )

    assert sender("smtp://ada%40moss.example@post.example") == "Papermargin <ada@moss.example>"
    assert sender("smtp://ada@post.example") == "Papermargin <bea@moss.example>"
    assert sender("smtp://post.example", "News <news@moss.example>") == "News <news@moss.example>"
