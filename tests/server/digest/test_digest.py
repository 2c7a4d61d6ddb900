"""The digest chooses a day's papers, writes the message and sends it once."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

import html5lib
import pytest
from click.testing import CliRunner, Result
from tortoise.backends.base.executor import EXECUTOR_CACHE

from nlp.spans import Extraction, Mention
from server.__main__ import main
from server.accounts.users import get_user
from server.config import Config
from server.database.connection import open_store
from server.database.models.papers import Paper
from server.database.models.reading_list import SavedSearch, SentDigest
from server.digest.choose import choose_digest
from server.digest.message import Digest, DigestPaper, Section, build_message
from server.digest.schedule import deliver, is_due, keep_mailing, prepare
from server.digest.smtp import MailSettings, read_mail_settings, read_server
from server.errors import MailError
from server.extraction.save import PaperExtraction, store_readings, unread
from server.reading_list.entries import put_entry
from server.schema.papers import SharedTerm
from server.schema.reading_list import EntryEdit
from server.schema.searches import SearchEdit
from server.schema.sources import SourceListing
from server.search.saved import put_search
from tests.server.exports.pages import make_page
from tests.server.material import NOW, edit, second_user, source, take_in
from tests.server.process import serve
from tests.server.smtp_servers import NOBODY, MailServerDouble, run_mail_server

pytestmark = pytest.mark.anyio

DAY = NOW.date()
BEA = Address(addr_spec="bea@moss.example")
TEXTS = {
    1: "On ferns and moss.",
    2: "On ferns: moss masks prune moss.",
    4: "Moss masks prune moss on peat.",
}
TERMS = {1: ["Mossformer"], 2: ["Mossformer", "PeatQA"], 3: ["PeatQA"], 4: ["Mossformer"]}


def key(number: int) -> str:
    return f"2601.{number:05}"


async def fill() -> None:
    """Store twelve old papers, six of them listed today and one in the list, and a new one."""
    await take_in(
        *(
            source(key(n), f"Paper {n}", abstract=TEXTS.get(n, f"Harbour{n} lights{n}."), upvotes=n)
            for n in range(13)
        )
    )
    await Paper.all().update(created=NOW - timedelta(days=30))
    await Paper.filter(key=key(12)).update(created=NOW - timedelta(hours=1))
    listing = SourceListing(kind="daily", name=str(DAY), day=DAY)
    await take_in(*(source(key(n)) for n in range(1, 7)), listing=listing)
    await read_terms(TERMS)
    await put_entry(edit(0), key(4), EntryEdit(status="reading"))
    await put_search(edit(0), "Ferns", SearchEdit(query="ferns", digest=True))
    await put_search(
        edit(0), "Late", SearchEdit(query="key:2601.00012 or key:2601.00001", digest=True)
    )
    await put_search(edit(0), "Silent", SearchEdit(query="key:2601.00006"))


async def list_today(abstracts: dict[int, str]) -> None:
    """Add papers to the day's listing, by the numbers of their keys."""
    listing = SourceListing(kind="daily", name=str(DAY), day=DAY)
    papers = [source(key(n), f"Paper {n}", abstract=text) for n, text in abstracts.items()]
    await take_in(*(source(key(n)) for n in range(1, 7)), *papers, listing=listing)


async def read_terms(names: dict[int, list[str]]) -> None:
    """Store the terms of all papers whose terms are not known, by the numbers of their keys."""
    readings = [
        PaperExtraction(
            paper,
            Extraction(
                [Mention(0, 1, "METHOD", name) for name in names.get(int(paper.key[5:]), [])], []
            ),
        )
        for paper in await unread("1", limit=200)
    ]
    await store_readings(readings, "1", NOW)


def keys_by_section(digest: Digest) -> dict[str, list[str]]:
    return {
        section.title: [paper.page.key for paper in section.papers] for section in digest.sections
    }


class TestChoosing:
    @pytest.fixture(autouse=True)
    async def a_day(self, store: object) -> None:
        await fill()

    async def test_a_paper_appears_under_the_first_search_that_matches_it(self) -> None:
        assert keys_by_section(await choose_digest(1, DAY, None)) == {"Ferns": [key(2), key(1)]}
        assert keys_by_section(await choose_digest(1, DAY, NOW - timedelta(hours=2)))["Late"] == [
            key(12)
        ]

    async def test_papers_that_no_search_matches_may_be_close_to_the_list(self) -> None:
        await SavedSearch.all().update(digest=False)
        digest = await choose_digest(1, DAY, None)
        assert keys_by_section(digest) == {"Close to your list": [key(2), key(1)]}, (
            "not what is in the list"
        )
        assert [term.name for term in digest.sections[0].papers[0].terms] == ["Mossformer"]

    async def test_a_day_without_a_listing_has_an_empty_digest(self) -> None:
        assert (await choose_digest(1, DAY - timedelta(days=1), None)).papers == 0

    async def test_a_search_that_cannot_be_parsed_matches_nothing(self) -> None:
        await SavedSearch.filter(name="Ferns").update(query="colour:green")
        assert keys_by_section(await choose_digest(1, DAY, None)) == {
            "Late": [key(1)],
            "Close to your list": [key(2)],
        }

    async def test_users_have_separate_digests(self) -> None:
        ada = await second_user()
        assert (await choose_digest(ada, DAY, None)).papers == 0
        await put_search(edit(0, user=ada), "Six", SearchEdit(query="key:2601.00006", digest=True))
        assert keys_by_section(await choose_digest(ada, DAY, None)) == {"Six": [key(6)]}

    async def test_a_long_section_shows_its_most_upvoted_papers(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("server.digest.choose.MAX_MATCHES", 1)
        [section] = (await choose_digest(1, DAY, None)).sections
        assert ([paper.page.key for paper in section.papers], section.more) == ([key(2)], 1)

    async def test_a_search_shows_thirty_papers_and_counts_the_others(self) -> None:
        await list_today({n: "On ferns." for n in range(100, 129)})
        [section] = (await choose_digest(1, DAY, None)).sections
        assert (len(section.papers), section.more) == (30, 1)

    async def test_a_search_that_shows_all_its_papers_counts_no_others(self) -> None:
        [section] = (await choose_digest(1, DAY, None)).sections
        assert (len(section.papers), section.more) == (2, 0)

    async def test_at_most_ten_papers_are_close_each_with_three_terms(self) -> None:
        await SavedSearch.all().update(digest=False)
        close = {n: f"Moss masks prune moss on peat {n}." for n in range(100, 112)}
        await list_today(close | {n: f"Harbour{n} lights{n}." for n in range(200, 290)})
        names = ["Alder", "Birch", "Cedar", "Dogwood"]
        await read_terms({100: names, 101: names})
        await put_entry(edit(0), key(101), EntryEdit(status="reading"))
        digest = await choose_digest(1, DAY, None)
        [section] = digest.sections
        assert len(section.papers) == 10
        assert {paper.page.key for paper in section.papers} < {key(n) for n in [1, 2, *close]}
        terms = {paper.page.key: paper.terms for paper in section.papers}
        assert [term.name for term in terms[key(100)]] == ["Alder", "Birch", "Cedar"]

    async def test_today_s_digest_includes_papers_added_since_the_last_one(self) -> None:
        assert "Late" in keys_by_section(await prepare(1, BEA, DAY, NOW)), (
            "within a day, where there was none before"
        )
        await SentDigest.create(
            user_id=1,
            recipient=BEA.addr_spec,
            day=DAY - timedelta(days=1),
            began=NOW - timedelta(minutes=5),
            sent=NOW,
        )
        assert "Late" not in keys_by_section(await prepare(1, BEA, DAY, NOW))
        assert "Late" in keys_by_section(
            await prepare(1, Address(addr_spec="cy@moss.example"), DAY, NOW)
        )


class TestDelivering:
    @pytest.fixture(autouse=True)
    async def a_day(self, store: object) -> None:
        await fill()

    @pytest.fixture
    async def mail_server(self) -> AsyncIterator[MailServerDouble]:
        with run_mail_server() as mail_server:
            yield mail_server

    @pytest.fixture
    def mail(self, mail_server: MailServerDouble) -> MailSettings:
        return read_mail_settings(
            Config(smtp_url=f"smtp://127.0.0.1:{mail_server.port}", digest_to=(BEA.addr_spec,))
        )

    async def test_a_day_s_digest_is_sent_once_to_each_address(
        self, mail_server: MailServerDouble, mail: MailSettings
    ) -> None:
        assert await deliver(1, BEA, DAY, NOW, mail=mail) == ("sent", 3)
        assert await deliver(1, BEA, DAY, NOW, mail=mail) == ("sent before", 0)
        assert await deliver(1, Address(addr_spec="cy@moss.example"), DAY, NOW, mail=mail) == (
            "sent",
            3,
        )
        assert mail_server.recipients == ["bea@moss.example", "cy@moss.example"]

    async def test_only_one_of_several_concurrent_senders_sends(
        self, mail_server: MailServerDouble, mail: MailSettings
    ) -> None:
        outcomes = await asyncio.gather(*(deliver(1, BEA, DAY, NOW, mail=mail) for _ in range(5)))
        assert sorted(outcome for outcome, _ in outcomes).count("sent") == 1
        assert {outcome for outcome, _ in outcomes} <= {"sent", "sent before", "under way"}
        assert len(mail_server.messages) == 1

    async def test_a_failed_digest_can_be_sent_again(
        self, mail_server: MailServerDouble, mail: MailSettings
    ) -> None:
        mail_server.full = True
        with pytest.raises(MailError):
            await deliver(1, BEA, DAY, NOW, mail=mail)
        assert await SentDigest.all().count() == 0
        mail_server.full = False
        assert (await deliver(1, BEA, DAY, NOW, mail=mail))[0] == "sent"

    async def test_a_claim_left_by_a_crash_expires(
        self, mail_server: MailServerDouble, mail: MailSettings
    ) -> None:
        await SentDigest.create(user_id=1, recipient=BEA.addr_spec, day=DAY, began=NOW)
        assert await deliver(1, BEA, DAY, NOW + timedelta(minutes=9), mail=mail) == ("under way", 0)
        assert (await deliver(1, BEA, DAY, NOW + timedelta(minutes=10), mail=mail))[0] == "sent"

    async def test_a_repeated_message_has_the_same_id(
        self, mail_server: MailServerDouble, mail: MailSettings
    ) -> None:
        for _ in range(2):
            await deliver(1, BEA, DAY, NOW, mail=mail)
            await SentDigest.all().delete()
        first, second = mail_server.messages
        assert first["Message-ID"] == second["Message-ID"]

    async def test_a_message_has_its_date(
        self, mail_server: MailServerDouble, mail: MailSettings
    ) -> None:
        await deliver(1, BEA, DAY, NOW, mail=mail)
        assert mail_server.messages[0]["Date"].datetime == NOW

    async def test_an_empty_digest_is_not_sent(
        self, mail_server: MailServerDouble, mail: MailSettings
    ) -> None:
        assert await deliver(1, BEA, DAY - timedelta(days=9), NOW, mail=mail) == ("empty", 0)
        assert mail_server.messages == [] and await SentDigest.all().count() == 0

    async def test_a_cancelled_sender_gives_its_claim_back(self, mail: MailSettings) -> None:
        writers: list[asyncio.StreamWriter] = []
        silent = await asyncio.start_server(
            lambda user, writer: writers.append(writer), "127.0.0.1", 0
        )
        port = silent.sockets[0].getsockname()[1]
        task = asyncio.create_task(
            deliver(
                1,
                BEA,
                DAY,
                NOW,
                mail=MailSettings(read_server(f"smtp://127.0.0.1:{port}"), BEA, [BEA]),
            )
        )
        await asyncio.sleep(0.2)
        assert await SentDigest.all().count() == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        silent.close()
        for writer in writers:
            writer.close()
            await writer.wait_closed()
        assert await SentDigest.all().count() == 0

    async def test_the_server_sends_at_the_hour_and_retries(
        self, mail_server: MailServerDouble, store: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in (
            ("TICK_SECONDS", 0.01),
            ("FIRST_PAUSE_SECONDS", 0.0),
            ("RETRY", timedelta(seconds=0.2)),
        ):
            monkeypatch.setattr(f"server.digest.schedule.{name}", value)
        await Paper.filter(key=key(12)).update(created=datetime.now(UTC))
        mail_server.full = True
        settings = {
            "smtp_url": f"smtp://127.0.0.1:{mail_server.port}",
            "digest_to": (BEA.addr_spec,),
            "digest_at": "00:00",
        }
        task = asyncio.create_task(keep_mailing(Config(ingest=False, **settings)))  # type: ignore[arg-type]
        await asyncio.sleep(0.3)
        mail_server.full = False
        await asyncio.sleep(1)
        task.cancel()
        assert isinstance(
            *await asyncio.gather(task, return_exceptions=True), asyncio.CancelledError
        )
        assert mail_server.recipients == ["bea@moss.example"]


def test_a_digest_is_due_from_its_hour_until_the_day_is_settled() -> None:
    here = timezone(timedelta(hours=-7))
    morning, noon = datetime(2026, 3, 5, 7, 59, tzinfo=here), datetime(2026, 3, 5, 12, tzinfo=here)
    assert not is_due("08:00", morning, None)
    assert is_due("08:00", noon, None) and is_due("08:00", noon, date(2026, 3, 4))
    assert not is_due("08:00", noon, date(2026, 3, 5))


def make_message() -> EmailMessage:
    nasty = make_page(
        title="</h3><script>alert(1)</script> & " + "long " * 40,
        abstract="x" * 10_000 + " <img src=https://evil.example/x.png> \u202e" + "word " * 300,
        authors=["A\r\nBcc: eve@evil.example", *["Ada"] * 9],
        url="javascript:alert(1)",
    )
    terms = [SharedTerm("METHOD", "Mossformer", 3, 2), SharedTerm("DATASET", "<b>PeatQA</b>", 2, 1)]
    sections = [
        Section("Ferns <3", "fern* -moss", [DigestPaper(make_page())], 4),
        Section(
            "Close to your list",
            "They share rare terms with papers of your own.",
            [DigestPaper(nasty, terms)],
        ),
    ]
    return build_message(
        Digest(DAY, "me", sections), Address("Papermargin", addr_spec="ada@moss.example"), BEA
    )


def part(kind: str) -> str:
    body = make_message().get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text


def test_the_plain_part_reads_well_in_72_columns() -> None:
    lines = part("plain").splitlines()
    assert [line for line in lines if len(line) > 72 and "://" not in line] == []
    assert lines[:2] == ["Papermargin, Thursday, 5 March 2026", "2 papers for me"]
    assert "FERNS <3" in lines and "… and 4 papers more" in lines
    assert any("Shares Mossformer (2 papers of yours)" in line for line in lines)


def test_the_html_part_has_no_scripts_and_loads_nothing() -> None:
    page = part("html")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    names = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert names.isdisjoint({"script", "img", "link", "iframe", "object", "form"})
    addresses = [element.get("href") for element in tree.iter("a")]
    assert addresses and all(address.startswith("https://") for address in addresses)
    assert not re.search(r"url\(|@import| on\w+=", page)
    assert "prefers-color-scheme: dark" in page and "&lt;b&gt;PeatQA" in page


def test_a_paper_cannot_inject_message_headers() -> None:
    message = make_message()
    assert message["Subject"] == "Papermargin: 2 papers, 5 March 2026"
    assert message["Bcc"] is None and message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert max(map(len, message.as_bytes().split(b"\r\n"))) <= 998


class TestCommand:
    @pytest.fixture
    def filled(self, migrated_file: Path, tmp_path: Path) -> Path:
        db = tmp_path / "papermargin.sqlite"
        db.write_bytes(migrated_file.read_bytes())
        EXECUTOR_CACHE.clear()

        async def begin() -> None:
            async with open_store(Config(db=db)):
                await get_user("me", NOW, create=True)
                await fill()

        asyncio.run(begin())
        return db

    @pytest.fixture
    def mail_server(self) -> Iterator[MailServerDouble]:
        with run_mail_server() as mail_server:
            yield mail_server

    def run(self, db: Path, mail_server: MailServerDouble, *options: str, code: int = 0) -> Result:
        EXECUTOR_CACHE.clear()
        environment = {
            "PAPERMARGIN_SMTP_URL": f"smtp://127.0.0.1:{mail_server.port}",
            "PAPERMARGIN_DB": str(db),
        }
        result = CliRunner().invoke(main, ["digest", "--day", str(DAY), *options], env=environment)
        assert result.exit_code == code, result.output + repr(result.exception)
        return result

    def test_a_day_s_digest_is_sent_once(self, filled: Path, mail_server: MailServerDouble) -> None:
        to = ("--to", BEA.addr_spec)
        assert (
            self.run(filled, mail_server, *to).stdout
            == "sent to bea@moss.example: 2 papers of 2026-03-05\n"
        )
        assert (
            self.run(filled, mail_server, *to).stdout
            == "bea@moss.example has the digest of 2026-03-05 already\n"
        )
        [arrived] = mail_server.messages
        assert (str(arrived["To"]), str(arrived["From"])) == (
            BEA.addr_spec,
            "Papermargin <bea@moss.example>",
        )

    def test_a_dry_run_prints_it_and_sends_nothing(
        self, filled: Path, mail_server: MailServerDouble
    ) -> None:
        shown = self.run(filled, mail_server, "--to", BEA.addr_spec, "--dry-run").stdout
        assert shown.startswith("Papermargin, Thursday") and "* Paper 2" in shown
        assert mail_server.messages == []

    def test_a_failing_address_does_not_stop_the_others(
        self, filled: Path, mail_server: MailServerDouble
    ) -> None:
        done = self.run(filled, mail_server, "--to", NOBODY, "--to", BEA.addr_spec, code=1)
        assert (
            done.stderr
            == f"Error: 127.0.0.1:{mail_server.port} refuses {NOBODY}: no such mailbox\n"
        )
        assert mail_server.recipients == [BEA.addr_spec]

    def test_each_missing_setting_is_reported_in_one_line(
        self, filled: Path, mail_server: MailServerDouble
    ) -> None:
        assert (
            "--to ADDRESS or PAPERMARGIN_DIGEST_TO" in self.run(filled, mail_server, code=1).stderr
        )
        assert "not an e-mail" in self.run(filled, mail_server, "--to", "bea", code=1).stderr
        assert (
            "smtp://user:password"
            in self.run(filled, mail_server, "--to", "a@b.c", "--smtp-url", "x", code=1).stderr
        )
        empty = self.run(filled, mail_server, "--to", BEA.addr_spec, "--day", "2020-01-01").stdout
        assert empty.startswith("nothing to send to bea@moss.example")

    def test_the_server_never_logs_the_password(
        self, filled: Path, mail_server: MailServerDouble, tmp_path: Path
    ) -> None:
        url = f"smtp://ada:sesame@127.0.0.1:{mail_server.port}"
        options = ("--digest-to", BEA.addr_spec, "--digest-at", "00:00", "--smtp-url", url)
        with serve(Config(db=filled), tmp_path / "log", *options) as served:
            deadline = datetime.now() + timedelta(seconds=30)
            while "digest" not in served.log.read_text() and datetime.now() < deadline:
                served.process.join(0.05)
        log = served.log.read_text()
        assert "no digest now" in log or '"outcome"' in log
        assert "sesame" not in log
