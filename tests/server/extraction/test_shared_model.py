"""The servers of a PostgreSQL database read with one model; each file here is another machine's."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from nlp.personal.model import Personal, digest_weights, encode_personal, write_personal
from nlp.personal.reranker import RerankerWeights, train_reranker
from nlp.version import ModelChoice, Provenance, model_version, parent_digest, personal_in_force
from server.config import Config
from server.database.connection import execute, fetch, write_connection
from server.database.models.papers import Paper
from server.extraction.shared_model import agreed_model, announce_model, install_for_all
from server.extraction.worker_client import Extractor
from tests.server.material import take_in_two

pytestmark = [pytest.mark.anyio, pytest.mark.postgres, pytest.mark.usefixtures("store")]


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture
def one(tmp_path: Path) -> ModelChoice:
    """The choice of one machine."""
    return ModelChoice("fast", tmp_path / "one" / "store.model")


@pytest.fixture
def other(tmp_path: Path) -> ModelChoice:
    """The choice of another machine."""
    return ModelChoice("fast", tmp_path / "other" / "store.model")


def personal() -> Personal:
    weights: RerankerWeights = train_reranker([])
    made = Provenance(
        made="2026-03-05", parent=parent_digest("fast"), weights_digest=digest_weights(weights),
        corrections=24, papers=24, replayed=10, f1_before=0.5, f1_after=0.6, honoured=1,
        held_out=1, agreement=1.0,
    )  # fmt: skip
    return Personal(provenance=made, weights=weights)


async def in_force() -> str | None:
    [row] = await fetch("SELECT version FROM reading_model")
    found: str | None = row["version"]
    return found


async def start_newer_version() -> None:
    """Put another version in force, as a server of a newer Papermargin does when it starts."""
    await execute(write_connection(), "UPDATE reading_model SET version = 'newer'")


async def test_a_process_reads_with_its_own_choice_until_a_server_was_started(
    one: ModelChoice,
) -> None:
    assert await agreed_model(one) == one


async def test_a_model_that_a_server_is_started_with_is_that_of_all(
    one: ModelChoice, other: ModelChoice
) -> None:
    await announce_model(one, None)
    assert await agreed_model(other) == other
    await announce_model(other, "accurate")
    assert await agreed_model(one) == ModelChoice("accurate", one.personal)
    await announce_model(one, None)
    assert await agreed_model(one) == ModelChoice("accurate", one.personal), "it was asked for"


async def test_the_personal_model_of_the_first_server_becomes_that_of_all(
    one: ModelChoice, other: ModelChoice
) -> None:
    assert one.personal and other.personal
    write_personal(one.personal, personal())
    await announce_model(one, None)
    assert await agreed_model(other) == other
    assert other.personal.read_bytes() == one.personal.read_bytes()
    assert personal_in_force(other) and model_version(other) == await in_force()


async def test_a_personal_model_is_taken_over_from_the_machine_that_has_one(
    one: ModelChoice, other: ModelChoice
) -> None:
    assert one.personal and other.personal
    write_personal(other.personal, personal())
    await announce_model(one, None)
    assert await agreed_model(other) == ModelChoice("fast"), "no server was started there yet"
    await announce_model(other, None)
    for machine in (one, other):
        assert await agreed_model(machine) == machine and personal_in_force(machine)
    await install_for_all(None, "fast")
    await announce_model(other, None)
    assert await agreed_model(other) == other and not other.personal.exists(), "it was removed"


async def test_a_damaged_file_is_not_taken_over(one: ModelChoice) -> None:
    assert one.personal
    one.personal.parent.mkdir()
    one.personal.write_bytes(b"\xff\x00")
    await announce_model(one, None)
    assert await agreed_model(one) == ModelChoice("fast")
    assert not await install_for_all(encode_personal(personal()), "fast")
    assert await agreed_model(one) == one and personal_in_force(one)


async def test_a_personal_model_is_installed_and_removed_on_all_machines(
    one: ModelChoice, other: ModelChoice
) -> None:
    assert one.personal and other.personal
    await announce_model(one, None)
    packaged = await in_force()
    assert not await install_for_all(encode_personal(personal()), "fast")
    for machine in (one, other):
        assert await agreed_model(machine) == machine and personal_in_force(machine)
    assert await in_force() == model_version(one) != packaged
    assert await install_for_all(None, "fast")
    for machine in (one, other):
        assert await agreed_model(machine) == machine
        assert machine.personal and not machine.personal.exists()
    assert await in_force() == packaged
    assert not await install_for_all(None, "fast"), "there was none any more"


async def test_a_file_that_was_changed_here_is_made_that_of_the_database_again(
    one: ModelChoice,
) -> None:
    assert one.personal
    await announce_model(one, None)
    await install_for_all(encode_personal(personal()), "fast")
    await agreed_model(one)
    one.personal.write_text("half a file")
    assert await agreed_model(one) == one and personal_in_force(one)


async def test_of_two_versions_the_one_that_was_started_last_reads(one: ModelChoice) -> None:
    await announce_model(one, None)
    await start_newer_version()
    assert await agreed_model(one) is None
    await announce_model(one, None)
    assert await agreed_model(one) == one


async def test_a_server_reads_nothing_while_another_version_is_in_force(
    store: Config, one: ModelChoice
) -> None:
    await take_in_two()
    await announce_model(one, None)
    await start_newer_version()
    extractor = Extractor(one)
    papers = [paper.id for paper in await Paper.all()]
    assert (await extractor.read_all()).papers == 0
    assert await extractor.read_now(papers, 30)
    assert await Paper.filter(extraction_version=None).count() == 2
    reading = asyncio.create_task(extractor.run())
    async with asyncio.timeout(60):
        while await Paper.filter(extraction_version=None).exists():  # noqa: ASYNC110 - what is waited for lies in the store
            await asyncio.sleep(0.05)
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    await extractor.close()


async def test_a_running_server_follows_a_new_personal_model(one: ModelChoice) -> None:
    await take_in_two()
    extractor = Extractor(one)
    await announce_model(one, None)
    assert (await extractor.read_all()).papers == 2
    before = await extractor.version()
    await install_for_all(encode_personal(personal()), "fast")
    assert (await extractor.read_all()).again == 2
    assert await extractor.version() != before
    await extractor.close()
