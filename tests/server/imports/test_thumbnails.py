"""Pictures of papers: only real ones, kept in a bounded folder, and asked for politely."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from server.errors import SourceError
from server.imports.pictures import MAX_SIDE, read_picture
from server.imports.sites.thumbnails import MAX_PICTURE, ThumbnailSite
from server.imports.thumbnails import MISSING, SILENT, Thumbnails
from tests.server.imports.pictures import GIF, JPEG, WEBP, png
from tests.server.imports.site import Answer, BadSite, bad_site

MOSS, FERN = "2601.00001", "2601.00002"
PNG = png()


def answer(body: bytes = PNG, media_type: str = "image/png", **fields: Any) -> Answer:
    return Answer(body, headers={"Content-Type": media_type}, **fields)


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def site() -> AsyncIterator[BadSite]:
    async with bad_site() as site:
        site.answers = [answer()]
        yield site


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def thumbnails(site: BadSite, tmp_path: Path, clock: Clock) -> AsyncIterator[Thumbnails]:
    thumbnails = Thumbnails(tmp_path / "kept", site.address, clock=clock)
    yield thumbnails
    await thumbnails.close()


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(PNG, "image/png"), (GIF, "image/gif"), (JPEG, "image/jpeg"), (WEBP, "image/webp")],
)
def test_a_picture_is_told_by_its_bytes(data: bytes, media_type: str) -> None:
    assert read_picture(data).media_type == media_type


@pytest.mark.parametrize(
    "data",
    [b"", b"<svg/>", b"<html>", PNG[:20], png(0, 1), png(MAX_SIDE + 1, 1), b"RIFF0000WAVE"],
)
def test_anything_else_is_no_picture(data: bytes) -> None:
    with pytest.raises(SourceError):
        read_picture(data)


@pytest.mark.anyio
class TestThumbnails:
    async def test_a_picture_is_fetched_once_and_then_kept(
        self, site: BadSite, thumbnails: Thumbnails, tmp_path: Path
    ) -> None:
        first = await thumbnails.find(MOSS)
        site.answers = [Answer(status=500)]
        again = await thumbnails.find(MOSS)
        assert first and first == again
        assert (first.data, first.media_type) == (PNG, "image/png")
        assert site.asked == [(f"/social-thumbnails/papers/{MOSS}.png", {})]
        assert [file.name for file in (tmp_path / "kept").iterdir()] == [MOSS]

    async def test_a_picture_of_a_folder_that_is_only_read_is_shown(
        self, thumbnails: Thumbnails, site: BadSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await thumbnails.find(MOSS)

        def refuse(*_: object) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "utime", refuse)
        assert await thumbnails.find(MOSS) == read_picture(PNG)
        assert len(site.asked) == 1

    async def test_requests_for_one_picture_at_once_are_one(
        self, site: BadSite, thumbnails: Thumbnails
    ) -> None:
        site.answers = [answer(delay=0.1)]
        async with anyio.create_task_group() as tasks:
            for _ in range(9):
                tasks.start_soon(thumbnails.find, MOSS)
        assert len(site.asked) == 1

    async def test_few_pictures_are_fetched_at_once(
        self, site: BadSite, thumbnails: Thumbnails
    ) -> None:
        site.answers = [answer(delay=0.05)]
        async with anyio.create_task_group() as tasks:
            for n in range(20):
                tasks.start_soon(thumbnails.find, f"2601.{n:05}")
        assert len(site.asked) == 20
        assert site.most_at_once <= 4

    @pytest.mark.parametrize(
        "bad",
        [
            Answer(status=404),
            Answer(status=302, headers={"Location": "http://127.0.0.1:1/secret"}),
            answer(b"<html>Sign in</html>"),
            answer(b"<svg onload=alert(1)>", "image/svg+xml"),
            answer(media_type="text/html"),
            answer(PNG + b"\0" * MAX_PICTURE),
        ],
    )
    async def test_what_is_no_picture_is_not_asked_for_again_for_a_day(
        self, bad: Answer, site: BadSite, thumbnails: Thumbnails, clock: Clock, tmp_path: Path
    ) -> None:
        site.answers = [bad]
        assert await thumbnails.find(MOSS) is None
        site.answers = [answer()]
        assert await thumbnails.find(MOSS) is None
        assert len(site.asked) == 1, "no redirect is followed, and nothing is asked for again"
        assert not (tmp_path / "kept").exists()
        assert await thumbnails.find(FERN), "another paper has one"
        clock.now += MISSING
        assert await thumbnails.find(MOSS)

    @pytest.mark.parametrize("bad", [Answer(status=503), Answer(reset=True), answer(cut=9)])
    async def test_a_silent_site_is_left_alone_for_a_while(
        self, bad: Answer, site: BadSite, thumbnails: Thumbnails, clock: Clock
    ) -> None:
        site.answers = [bad]
        assert await thumbnails.find(MOSS) is None
        site.answers = [answer()]
        assert await thumbnails.find(FERN) is None
        assert len(site.asked) == 1
        clock.now += SILENT
        assert await thumbnails.find(MOSS) and await thumbnails.find(FERN)

    async def test_a_site_that_never_ends_its_answer_is_given_up(self, site: BadSite) -> None:
        pictures = ThumbnailSite(site.address, seconds=0.2)
        site.answers = [answer(delay=60)]
        with pytest.raises(SourceError, match="did not answer within"):
            await pictures.fetch(MOSS)
        await pictures.close()

    @pytest.mark.parametrize("key", ["t-0123", "hep-th/9901001", "../secret", "2601.00001/x", ""])
    async def test_only_an_arxiv_id_of_today_has_a_picture(
        self, key: str, site: BadSite, thumbnails: Thumbnails
    ) -> None:
        assert await thumbnails.find(key) is None
        assert site.asked == []

    async def test_pictures_that_were_not_looked_at_for_longest_make_room(
        self, site: BadSite, tmp_path: Path
    ) -> None:
        folder = tmp_path / "kept"
        thumbnails = Thumbnails(folder, site.address, limit=3 * len(PNG))
        for n in range(3):
            await thumbnails.find(f"2601.0000{n}")
            os.utime(folder / f"2601.0000{n}", (n, n))
        await thumbnails.find("2601.00000")  # it is looked at again
        await thumbnails.find("2601.00003")
        await thumbnails.close()
        kept = sorted(file.name for file in folder.iterdir())
        assert kept == ["2601.00000", "2601.00002", "2601.00003"]

    async def test_a_picture_is_shown_where_it_cannot_be_kept(
        self, site: BadSite, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("no folder")
        thumbnails = Thumbnails(tmp_path / "file", site.address)
        assert await thumbnails.find(MOSS)
        await thumbnails.close()

    async def test_a_broken_file_is_fetched_anew(
        self, site: BadSite, thumbnails: Thumbnails, tmp_path: Path
    ) -> None:
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept" / MOSS).write_bytes(b"cut off")
        assert await thumbnails.find(MOSS)
        assert (tmp_path / "kept" / MOSS).read_bytes() == PNG

    async def test_nothing_is_asked_for_where_pictures_are_switched_off(
        self, site: BadSite, tmp_path: Path
    ) -> None:
        thumbnails = Thumbnails(tmp_path, site.address, enabled=False)
        assert await thumbnails.find(MOSS) is None
        await thumbnails.close()
        assert site.asked == []

    @pytest.mark.parametrize("address", ["ftp://127.0.0.1", "http://[", "nowhere"])
    async def test_a_wrong_address_in_the_settings_shows_no_pictures(
        self, address: str, tmp_path: Path
    ) -> None:
        thumbnails = Thumbnails(tmp_path, address)
        assert await thumbnails.find(MOSS) is None
        await thumbnails.close()
