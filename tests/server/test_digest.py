"""The digest: which papers of a day, in what letter, and once."""

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
from server import mailing
from server.__main__ import main
from server.config import Config
from server.digest import choose_digest
from server.errors import MailError
from server.export.letter import Digest, DigestPaper, Section, write_letter
from server.library import put_entry
from server.mail import Post, read_post, read_server
from server.mailing import deliver, is_due, keep_mailing, prepare
from server.mentions import Reading, store_readings, unread
from server.models import Paper, SavedSearch, SentDigest
from server.searches import put_search
from server.source import SourceListing
from server.store import open_store
from server.tokens import get_user
from server.wire import EntryEdit, SearchEdit, SharedTerm
from tests.server.export.pages import make_page
from tests.server.material import NOW, edit, second_user, source, take_in
from tests.server.postoffice import NOBODY, Office, open_office
from tests.server.process import serve

pytestmark = pytest.mark.anyio

DAY = NOW.date()
BEA = Address(addr_spec="bea@moss.example")
TERMS = {1: ["Mossformer"], 2: ["Mossformer", "PeatQA"], 3: ["PeatQA"], 4: ["Mossformer"]}


def key(number: int) -> str:
    return f"2601.{number:05}"


async def fill() -> None:
    """Twelve papers of long ago, one of them in the list, of which six are listed today, and one that came today."""
    await take_in(*(source(key(n), f"Paper {n}", abstract="On ferns." if n < 3 else "", upvotes=n) for n in range(13)))
    await Paper.all().update(created=NOW - timedelta(days=30))
    await Paper.filter(key=key(12)).update(created=NOW - timedelta(hours=1))
    listing = SourceListing(kind="daily", name=str(DAY), day=DAY)
    await take_in(*(source(key(n)) for n in range(1, 7)), listing=listing)
    readings = [
        Reading(paper, Extraction([Mention(0, 1, "METHOD", name) for name in TERMS.get(int(paper.key[5:]), [])], []))
        for paper in await unread("1", limit=20)
    ]
    await store_readings(readings, "1", NOW)
    await put_entry(edit(0), key(4), EntryEdit(status="reading"))
    await put_search(edit(0), "Ferns", SearchEdit(query="ferns", digest=True))
    await put_search(edit(0), "Late", SearchEdit(query="key:2601.00012 or key:2601.00001", digest=True))
    await put_search(edit(0), "Silent", SearchEdit(query="key:2601.00006"))


def told(digest: Digest) -> dict[str, list[str]]:
    return {section.title: [paper.page.key for paper in section.papers] for section in digest.sections}


class TestChoosing:
    @pytest.fixture(autouse=True)
    async def a_day(self, store: object) -> None:
        await fill()

    async def test_a_paper_of_the_day_stands_under_the_first_search_that_finds_it(self) -> None:
        assert told(await choose_digest(1, DAY, None)) == {"Ferns": [key(2), key(1)]}
        assert told(await choose_digest(1, DAY, NOW - timedelta(hours=2)))["Late"] == [key(12)]

    async def test_what_no_search_finds_may_be_close_to_the_list(self) -> None:
        await SavedSearch.all().update(digest=False)
        digest = await choose_digest(1, DAY, None)
        assert told(digest) == {"Close to your list": [key(2), key(1)]}, "not what is in the list"
        assert [term.name for term in digest.sections[0].papers[0].terms] == ["Mossformer"]

    async def test_a_day_without_a_listing_has_nothing_to_tell(self) -> None:
        assert (await choose_digest(1, DAY - timedelta(days=1), None)).papers == 0

    async def test_a_search_that_cannot_be_read_any_more_finds_nothing(self) -> None:
        await SavedSearch.filter(name="Ferns").update(query="colour:green")
        assert told(await choose_digest(1, DAY, None)) == {"Late": [key(1)], "Close to your list": [key(2)]}

    async def test_another_reader_has_another_digest(self) -> None:
        ada = await second_user()
        assert (await choose_digest(ada, DAY, None)).papers == 0
        await put_search(edit(0, user=ada), "Six", SearchEdit(query="key:2601.00006", digest=True))
        assert told(await choose_digest(ada, DAY, None)) == {"Six": [key(6)]}

    async def test_of_many_papers_the_most_upvoted_are_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("server.digest.MAX_MATCHES", 1)
        [section] = (await choose_digest(1, DAY, None)).sections
        assert ([paper.page.key for paper in section.papers], section.more) == ([key(2)], 1)

    async def test_today_s_digest_has_what_came_since_the_last_one(self) -> None:
        assert "Late" in told(await prepare(1, BEA, DAY, NOW)), "within a day, where there was none before"
        await SentDigest.create(
            user_id=1, recipient=BEA.addr_spec, day=DAY - timedelta(days=1), began=NOW - timedelta(minutes=5), sent=NOW
        )
        assert "Late" not in told(await prepare(1, BEA, DAY, NOW))
        assert "Late" in told(await prepare(1, Address(addr_spec="cy@moss.example"), DAY, NOW))


class TestDelivering:
    @pytest.fixture(autouse=True)
    async def a_day(self, store: object) -> None:
        await fill()

    @pytest.fixture
    async def office(self) -> AsyncIterator[Office]:
        with open_office() as office:
            yield office

    @pytest.fixture
    def post(self, office: Office) -> Post:
        return read_post(Config(smtp_url=f"smtp://127.0.0.1:{office.port}", digest_to=(BEA.addr_spec,)))

    async def test_a_day_s_digest_is_sent_once_to_each_address(self, office: Office, post: Post) -> None:
        assert await deliver(1, BEA, DAY, NOW, post=post) == ("sent", 3)
        assert await deliver(1, BEA, DAY, NOW, post=post) == ("sent before", 0)
        assert await deliver(1, Address(addr_spec="cy@moss.example"), DAY, NOW, post=post) == ("sent", 3)
        assert office.recipients == ["bea@moss.example", "cy@moss.example"]

    async def test_of_many_senders_one_sends(self, office: Office, post: Post) -> None:
        outcomes = await asyncio.gather(*(deliver(1, BEA, DAY, NOW, post=post) for _ in range(5)))
        assert sorted(outcome for outcome, _ in outcomes).count("sent") == 1
        assert {outcome for outcome, _ in outcomes} <= {"sent", "sent before", "under way"}
        assert len(office.letters) == 1

    async def test_what_could_not_be_sent_is_sent_the_next_time(self, office: Office, post: Post) -> None:
        office.full = True
        with pytest.raises(MailError):
            await deliver(1, BEA, DAY, NOW, post=post)
        assert await SentDigest.all().count() == 0
        office.full = False
        assert (await deliver(1, BEA, DAY, NOW, post=post))[0] == "sent"

    async def test_who_crashed_while_sending_is_waited_for_and_then_not(self, office: Office, post: Post) -> None:
        await SentDigest.create(user_id=1, recipient=BEA.addr_spec, day=DAY, began=NOW)
        assert await deliver(1, BEA, DAY, NOW + timedelta(minutes=9), post=post) == ("under way", 0)
        assert (await deliver(1, BEA, DAY, NOW + timedelta(minutes=10), post=post))[0] == "sent"

    async def test_a_repeat_has_the_same_id(self, office: Office, post: Post) -> None:
        for _ in range(2):
            await deliver(1, BEA, DAY, NOW, post=post)
            await SentDigest.all().delete()
        first, second = office.letters
        assert first["Message-ID"] == second["Message-ID"]

    async def test_an_empty_digest_is_not_sent(self, office: Office, post: Post) -> None:
        assert await deliver(1, BEA, DAY - timedelta(days=9), NOW, post=post) == ("empty", 0)
        assert office.letters == [] and await SentDigest.all().count() == 0

    async def test_one_who_is_stopped_while_sending_leaves_the_day_to_others(self, post: Post) -> None:
        writers: list[asyncio.StreamWriter] = []
        silent = await asyncio.start_server(lambda reader, writer: writers.append(writer), "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        task = asyncio.create_task(
            deliver(1, BEA, DAY, NOW, post=Post(read_server(f"smtp://127.0.0.1:{port}"), BEA, [BEA]))
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

    async def test_while_serving_it_is_sent_at_its_hour_and_tried_again(
        self, office: Office, store: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in (("TICK_SECONDS", 0.01), ("FIRST_PAUSE_SECONDS", 0.0), ("RETRY", timedelta(seconds=0.2))):
            monkeypatch.setattr(mailing, name, value)
        await Paper.filter(key=key(12)).update(created=datetime.now(UTC))
        office.full = True
        settings = {"smtp_url": f"smtp://127.0.0.1:{office.port}", "digest_to": (BEA.addr_spec,), "digest_at": "00:00"}
        task = asyncio.create_task(keep_mailing(Config(ingest=False, **settings)))  # type: ignore[arg-type]
        await asyncio.sleep(0.3)
        office.full = False
        await asyncio.sleep(1)
        task.cancel()
        assert isinstance(*await asyncio.gather(task, return_exceptions=True), asyncio.CancelledError)
        assert office.recipients == ["bea@moss.example"]


def test_it_is_due_from_its_hour_on_until_the_day_is_settled() -> None:
    here = timezone(timedelta(hours=-7))
    morning, noon = datetime(2026, 3, 5, 7, 59, tzinfo=here), datetime(2026, 3, 5, 12, tzinfo=here)
    assert not is_due("08:00", morning, None)
    assert is_due("08:00", noon, None) and is_due("08:00", noon, date(2026, 3, 4))
    assert not is_due("08:00", noon, date(2026, 3, 5))


def letter() -> EmailMessage:
    nasty = make_page(
        title="</h3><script>alert(1)</script> & " + "long " * 40,
        abstract="x" * 10_000 + " <img src=https://evil.example/x.png> \u202e" + "word " * 300,
        authors=["A\r\nBcc: eve@evil.example", *["Ada"] * 9],
        url="javascript:alert(1)",
    )
    terms = [SharedTerm("METHOD", "Mossformer", 3, 2), SharedTerm("DATASET", "<b>PeatQA</b>", 2, 1)]
    sections = [
        Section("Ferns <3", "fern* -moss", [DigestPaper(make_page())], 4),
        Section("Close to your list", "They share rare terms with papers of your own.", [DigestPaper(nasty, terms)]),
    ]
    return write_letter(Digest(DAY, "me", sections), Address("Papermargin", addr_spec="ada@moss.example"), BEA)


def part(kind: str) -> str:
    body = letter().get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text


def test_the_plain_part_reads_well_in_72_columns() -> None:
    lines = part("plain").splitlines()
    assert [line for line in lines if len(line) > 72 and "://" not in line] == []
    assert lines[:2] == ["Papermargin, Thursday, 5 March 2026", "2 papers for me"]
    assert "FERNS <3" in lines and "… and 4 papers more" in lines
    assert any("Shares Mossformer (2 papers of yours)" in line for line in lines)


def test_the_html_part_runs_nothing_and_asks_nobody() -> None:
    page = part("html")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    names = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert names.isdisjoint({"script", "img", "link", "iframe", "object", "form"})
    addresses = [element.get("href") for element in tree.iter("a")]
    assert addresses and all(address.startswith("https://") for address in addresses)
    assert not re.search(r"url\(|@import| on\w+=", page)
    assert "prefers-color-scheme: dark" in page and "&lt;b&gt;PeatQA" in page


def test_the_head_of_a_letter_cannot_be_written_by_a_paper() -> None:
    message = letter()
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
    def office(self) -> Iterator[Office]:
        with open_office() as office:
            yield office

    def run(self, db: Path, office: Office, *options: str, code: int = 0) -> Result:
        EXECUTOR_CACHE.clear()
        environment = {"PAPERMARGIN_SMTP_URL": f"smtp://127.0.0.1:{office.port}", "PAPERMARGIN_DB": str(db)}
        result = CliRunner().invoke(main, ["digest", "--day", str(DAY), *options], env=environment)
        assert result.exit_code == code, result.output + repr(result.exception)
        return result

    def test_a_day_s_digest_is_sent_once(self, filled: Path, office: Office) -> None:
        to = ("--to", BEA.addr_spec)
        assert self.run(filled, office, *to).stdout == "sent to bea@moss.example: 2 papers of 2026-03-05\n"
        assert self.run(filled, office, *to).stdout == "bea@moss.example has the digest of 2026-03-05 already\n"
        [arrived] = office.letters
        assert (str(arrived["To"]), str(arrived["From"])) == (BEA.addr_spec, "Papermargin <bea@moss.example>")

    def test_a_dry_run_prints_it_and_sends_nothing(self, filled: Path, office: Office) -> None:
        shown = self.run(filled, office, "--to", BEA.addr_spec, "--dry-run").stdout
        assert shown.startswith("Papermargin, Thursday") and "* Paper 2" in shown
        assert office.letters == []

    def test_one_address_that_fails_keeps_no_other_from_its_digest(self, filled: Path, office: Office) -> None:
        done = self.run(filled, office, "--to", NOBODY, "--to", BEA.addr_spec, code=1)
        assert done.stderr == f"Error: 127.0.0.1:{office.port} refuses {NOBODY}: no such mailbox\n"
        assert office.recipients == [BEA.addr_spec]

    def test_what_is_missing_is_told_in_one_line(self, filled: Path, office: Office) -> None:
        assert "--to ADDRESS or PAPERMARGIN_DIGEST_TO" in self.run(filled, office, code=1).stderr
        assert "no e-mail address" in self.run(filled, office, "--to", "bea", code=1).stderr
        assert "smtp://user:password" in self.run(filled, office, "--to", "a@b.c", "--smtp-url", "x", code=1).stderr
        empty = self.run(filled, office, "--to", BEA.addr_spec, "--day", "2020-01-01").stdout
        assert empty.startswith("nothing to send to bea@moss.example")

    def test_a_serving_process_sends_it_and_tells_no_password(
        self, filled: Path, office: Office, tmp_path: Path
    ) -> None:
        url = f"smtp://ada:sesame@127.0.0.1:{office.port}"
        options = ("--digest-to", BEA.addr_spec, "--digest-at", "00:00", "--smtp-url", url)
        with serve(Config(db=filled), tmp_path / "log", *options) as served:
            deadline = datetime.now() + timedelta(seconds=30)
            while "digest" not in served.log.read_text() and datetime.now() < deadline:
                served.process.join(0.05)
        log = served.log.read_text()
        assert "no digest now" in log or '"outcome"' in log
        assert "sesame" not in log
