"""The sync with Zotero from the settings page."""

from collections.abc import Iterator

import httpx
import pytest
from litestar import Litestar
from msgspec.structs import replace
from structlog.testing import capture_logs

from server.config import Config
from server.reading_list.entries import put_entry, read_entry
from server.schema.reading_list import EntryEdit
from server.zotero.schedule import LastSync, ZoteroSyncs
from tests.server.material import MOSS, edit, second_user, take_in_two
from tests.server.zotero.fake_zotero import FakeZotero, fake_zotero

pytestmark = pytest.mark.anyio

ITEM = "AAAA2222"


@pytest.fixture
def zotero() -> Iterator[FakeZotero]:
    """A running Zotero that has a paper of the store."""
    with fake_zotero() as running:
        tags = [{"tag": "bryology"}]
        running.put(ITEM, itemType="preprint", title="Moss", archiveID=f"arXiv:{MOSS}", tags=tags)
        yield running


@pytest.fixture
def config(config: Config, zotero: FakeZotero) -> Config:
    """The settings of a store beside that Zotero."""
    return replace(config, zotero_url=zotero.address)


async def test_the_page_shows_what_there_is_to_do_and_does_it(
    app: Litestar, client: httpx.AsyncClient, zotero: FakeZotero
) -> None:
    await take_in_two()
    await put_entry(edit(0), MOSS, EntryEdit(status="reading"))
    looked = await client.post("/settings/zotero", data={"do": "look"})
    assert "“Mossy Pruning”: tags" in looked.raise_for_status().text and zotero.writes == []
    synced = await client.post("/settings/zotero", data={"do": "sync"})
    assert "Synced." in synced.raise_for_status().text
    assert "papermargin:status/reading" in zotero.tags(ITEM)
    assert (await read_entry(MOSS, 1)).tags == ["bryology"]
    again = await client.post("/settings/zotero", data={"do": "sync"})
    assert "There is nothing to do." in again.raise_for_status().text


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_only_the_one_user_of_a_server_may_sync(
    app: Litestar, client: httpx.AsyncClient, zotero: FakeZotero
) -> None:
    await second_user()
    assert "/settings/zotero" not in (await client.get("/settings")).raise_for_status().text
    assert (await client.post("/settings/zotero", data={"do": "sync"})).status_code == 403
    assert zotero.writes == []


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_closed_zotero_is_told_in_a_sentence(
    app: Litestar, client: httpx.AsyncClient, zotero: FakeZotero
) -> None:
    zotero.is_enabled = False
    answer = await client.post("/settings/zotero", data={"do": "look"})
    assert answer.status_code == 502 and "Allow other applications" in answer.text


async def test_a_zotero_that_is_only_read_points_to_a_file_for_the_way_out(
    app: Litestar, client: httpx.AsyncClient, zotero: FakeZotero
) -> None:
    zotero.server_id = None
    synced = (await client.post("/settings/zotero", data={"do": "sync"})).raise_for_status().text
    assert "it was only read" in synced and 'href="/export?format=zotero"' in synced
    exported = (await client.get("/export?format=zotero")).raise_for_status()
    assert "rdf:RDF" in exported.text


async def try_schedule(app: Litestar) -> LastSync:
    """Sync as the schedule does."""
    syncs: ZoteroSyncs = app.state.zotero
    syncs.last = await syncs.try_sync()
    return syncs.last


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_there_is_no_schedule_unless_it_is_set_up(
    app: Litestar, client: httpx.AsyncClient
) -> None:
    page = (await client.get("/settings")).raise_for_status().text
    assert "--zotero-minutes" in page and "Last tried" not in page


class TestSchedule:
    """A server that syncs every half hour."""

    @pytest.fixture
    def config(self, config: Config) -> Config:
        """The settings with a schedule."""
        return replace(config, zotero_minutes=30)

    async def test_it_syncs_by_the_key_that_it_was_given(
        self, app: Litestar, client: httpx.AsyncClient, zotero: FakeZotero
    ) -> None:
        await take_in_two()
        await client.post("/settings/zotero", data={"do": "sync"})
        zotero.put(ITEM, tags=[{"tag": "sphagnum"}])
        last = await try_schedule(app)
        assert last.report and last.report.here == ["“Mossy Pruning”: status, rating or tags"]
        assert (await read_entry(MOSS, 1)).tags == ["sphagnum"] and zotero.consents == 1
        page = (await client.get("/settings")).raise_for_status().text
        assert "Every 30 minutes" in page and "Last tried" in page

    @pytest.mark.parametrize("engine", ["sqlite"])
    async def test_it_opens_no_dialog(
        self, app: Litestar, client: httpx.AsyncClient, zotero: FakeZotero
    ) -> None:
        await take_in_two()
        last = await try_schedule(app)
        assert "choose Always Allow" in (last.error or "") and zotero.consents == 0
        assert (await read_entry(MOSS, 1)).tags == ["bryology"]  # the way in needs no key

    @pytest.mark.parametrize("engine", ["sqlite"])
    async def test_its_failure_is_told_on_the_page_and_in_the_log(
        self, app: Litestar, client: httpx.AsyncClient, zotero: FakeZotero
    ) -> None:
        zotero.is_enabled = False
        with capture_logs() as logs:
            await try_schedule(app)
        assert any("Allow other applications" in line["event"] for line in logs)
        page = (await client.get("/settings")).raise_for_status().text
        assert "Allow other applications" in page

    @pytest.mark.parametrize("engine", ["sqlite"])
    async def test_a_server_of_several_users_does_not_sync(
        self, app: Litestar, zotero: FakeZotero
    ) -> None:
        await second_user()
        assert "only the one user" in ((await try_schedule(app)).error or "")
        assert zotero.writes == []
