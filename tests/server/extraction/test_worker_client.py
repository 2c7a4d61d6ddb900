"""The extraction worker: a real process with the real pipeline."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from nlp.version import ModelChoice
from server.database.models.changes import Change
from server.database.models.papers import Paper
from server.database.models.terms import PaperTerm, Term
from server.extraction.save import count_unread, unread
from server.extraction.worker_client import Extractor
from server.papers.page import read_paper
from tests.server.material import FERN, MOSS, NOW, source, take_in, take_in_two

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

# no real text does this: one makes the pipeline raise, another one kills its process
STUMBLE = """
import os
import nlp.extract as real

read = real.extract

def extract(nlp, texts, **options):
    texts = list(texts)
    if any("deadly" in text for text in texts):
        os._exit(1)
    if any("unreadable" in text for text in texts):
        raise RuntimeError("stumbled")
    return read(nlp, texts, **options)

real.extract = extract
"""


@pytest.fixture(scope="module")
async def extractor() -> AsyncIterator[Extractor]:
    """A worker for all tests, since loading the model takes longer than all of them."""
    extractor = Extractor(ModelChoice())
    yield extractor
    await extractor.close()


@pytest.fixture
def stumbling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make worker processes fail on some texts."""
    (tmp_path / "sitecustomize.py").write_text(STUMBLE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))


async def states() -> dict[str, str]:
    return {
        paper.key: (await read_paper(paper.key, 1)).extraction
        for paper in await Paper.all().order_by("key")
    }


async def test_papers_are_extracted_once_and_their_terms_counted(extractor: Extractor) -> None:
    await take_in_two()
    assert (await extractor.read_all()).papers == 2
    assert (await extractor.read_all()).papers == 0
    page = await read_paper(MOSS, 1)
    text = f"{page.title}\n{page.abstract}"
    assert {text[mention.start : mention.end] for mention in page.mentions} >= {"LoRA", "CIFAR-10"}
    assert {chip.name for chip in page.terms} >= {"LoRA", "CIFAR-10"}
    assert await PaperTerm.all().count() == sum([term.papers for term in await Term.all()])
    assert await Change.filter(kind="paper", ref=MOSS).count() == 2


async def test_a_paper_whose_text_changes_is_extracted_again(extractor: Extractor) -> None:
    await take_in(source(MOSS, "Moss", abstract="We use LoRA."))
    await extractor.read_all()
    await take_in(
        source(MOSS, "Moss", abstract="We use BERT on SQuAD.", observed=NOW + timedelta(days=1))
    )
    assert await states() == {MOSS: "pending"}
    await extractor.read_all()
    assert {chip.name for chip in (await read_paper(MOSS, 1)).terms} >= {"BERT", "SQuAD"}
    assert (await Term.get(name="LoRA")).papers == 0


async def test_a_new_model_version_extracts_from_all_papers_again(extractor: Extractor) -> None:
    await take_in_two()
    await extractor.read_all()
    await Paper.filter(key=MOSS).update(extraction_version="an older one")
    assert (await extractor.read_all()).papers == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_text_that_fails_is_recorded_and_others_go_on(stumbling: None) -> None:
    extractor = Extractor(ModelChoice())
    await take_in(
        source("2601.00001", "Fine, with LoRA"), source("2601.00002", "An unreadable one"),
        source("2601.00003", "A deadly one"), source("2601.00004", "Fine, with BERT"),
    )  # fmt: skip
    assert (await extractor.read_all()).papers == 4
    assert await states() == {
        "2601.00001": "done", "2601.00002": "failed", "2601.00003": "failed", "2601.00004": "done"
    }  # fmt: skip
    assert "stumbled" in ((await Paper.get(key="2601.00002")).extraction_error or "")
    assert (await extractor.read_all()).papers == 0, "it is not tried again and again"
    await extractor.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_extraction_continues_after_a_restart(extractor: Extractor) -> None:
    await take_in(*(source(f"2601.{n:05}", f"Paper {n} on LoRA") for n in range(1, 80)))
    killed, begun = Extractor(ModelChoice()), asyncio.Event()
    reading = asyncio.create_task(killed.read_all(lambda count: begun.set()))
    await begun.wait()
    await killed.close()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    left = await count_unread(await extractor.version())
    assert 0 < left < 79
    assert (await extractor.read_all()).papers == left
    assert set((await states()).values()) == {"done"}


async def test_new_papers_are_extracted_while_the_worker_runs(extractor: Extractor) -> None:
    worker = asyncio.create_task(extractor.run())
    await take_in_two()
    extractor.wake()
    async with asyncio.timeout(60):
        while set((await states()).values()) != {"done"}:  # noqa: ASYNC110 - what is waited for lies in the store
            await asyncio.sleep(0.05)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


async def test_papers_of_an_overlay_are_extracted_first(extractor: Extractor) -> None:
    await take_in_two()
    wanted = (await Paper.get(key=FERN)).id
    assert await extractor.read_now([wanted], 60)
    assert await states() == {MOSS: "pending", FERN: "done"}
    assert not await Extractor(ModelChoice(), enabled=False).read_now([wanted], 60)


async def test_mentions_of_an_outdated_text_are_not_stored(
    extractor: Extractor,
) -> None:
    await take_in_two()
    task = asyncio.create_task(extractor.read_all())
    await take_in(source(MOSS, "Changed", observed=NOW + timedelta(days=1)))
    await task
    page = await read_paper(MOSS, 1)
    assert all(mention.end <= len(f"{page.title}\n{page.abstract}") for mention in page.mentions)
    assert await unread(await extractor.version(), limit=9) == []
