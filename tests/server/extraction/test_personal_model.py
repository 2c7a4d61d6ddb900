"""Training a personal model from corrections, with the real pipeline."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from nlp.personal.model import read_personal, write_personal
from nlp.version import ModelChoice
from server.config import Config
from server.database.models.papers import Paper
from server.database.models.terms import PaperTerm
from server.errors import Invalid
from server.extraction.personal_model import Material, Trained, gather, train
from server.extraction.save import unread
from server.extraction.worker_client import Extractor
from server.reading_list.corrections import put_correction
from server.schema.terms import CorrectionEdit
from tests.server.material import NOW, edit, second_user, source, take_in

pytestmark = pytest.mark.anyio

BIRDS = [
    "Owlet",
    "Heron",
    "Bittern",
    "Grebe",
    "Plover",
    "Dunlin",
    "Curlew",
    "Godwit",
    "Ruff",
    "Knot",
    "Stint",
    "Snipe",
]
TASKS = ["image captioning", "speech recognition", "machine translation", "semantic segmentation"]
METRICS = ["accuracy", "BLEU", "recall", "F1"]


async def fill(count: int = 40) -> list[str]:
    """Add invented papers, each with a method, task, dataset and metric; return their keys."""
    papers = [
        source(
            f"2601.{n:05}",
            f"{BIRDS[n % 12]}-{n}: Models for {TASKS[n % 4].title()}",
            abstract=f"We present {BIRDS[n % 12]}-{n} for {TASKS[n % 4]}. "
            f"It reaches an {METRICS[n % 4]} of {60 + n}.2% on CIFAR-{10 + n} "
            "and needs no language model.",
        )
        for n in range(count)
    ]
    await take_in(*papers)
    return [paper.key for paper in await Paper.all().order_by("key")]


async def dislike(
    keys: list[str], surface: str, label: str, *, user: int = 1, first: int = 1
) -> None:
    """Mark all mentions of a surface as wrong on some papers."""
    for n, key in enumerate(keys, start=first):
        wish = CorrectionEdit(verdict="wrong", surface=surface, label=label)  # type: ignore[arg-type]
        await put_correction(edit(0, user=user), key, UUID(int=n), wish)


def learn(material: Material) -> Trained:
    return train("fast", material, NOW, lambda done, total: None)


@pytest.fixture
async def lessons(store: Config) -> list[str]:
    """A store in which two users marked language models as wrong, on 24 papers of 40."""
    keys = await fill()
    await dislike(keys[:14], "language model", "METHOD")
    await dislike(keys[14:24], "language model", "METHOD", user=await second_user(), first=100)
    return keys


async def test_corrections_that_users_share_are_learnt_and_generalize(lessons: list[str]) -> None:
    trained = learn(await gather())
    made = trained.model.provenance
    assert trained.refusal is None
    assert (made.corrections, made.papers, made.replayed, made.made) == (24, 24, 10, "2026-03-05")
    assert made.f1_after > made.f1_before and made.agreement >= 0.95
    assert 0 < made.honoured <= made.held_out


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_too_few_corrections_are_refused(store: Config) -> None:
    await dislike((await fill(8))[:3], "language model", "METHOD")
    with pytest.raises(Invalid, match=r"too few corrections .* on 3 papers"):
        learn(await gather())


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_model_that_does_not_generalize_is_refused(store: Config) -> None:
    keys = await fill(40)
    for n, key in enumerate(keys[:24]):  # a name that no other paper has
        await dislike([key], f"{BIRDS[n % 12]}-{n}", "METHOD", first=n + 1)
    trained = learn(await gather())
    made = trained.model.provenance
    assert trained.refusal is not None or made.f1_after > made.f1_before
    assert made.held_out >= 24


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_new_personal_model_is_used_and_old_readings_are_not_stored(
    lessons: list[str], tmp_path: Path
) -> None:
    extractor, begun = Extractor(ModelChoice("fast", tmp_path / "store.model")), asyncio.Event()
    model, old = learn(await gather()).model, await extractor.version()
    reading = asyncio.create_task(extractor.read_all(lambda done: begun.set()))
    await begun.wait()
    write_personal(tmp_path / "store.model", model)
    seen = set()
    while not reading.done():
        for paper in await Paper.filter(extraction_version__isnull=False):
            terms = await terms_of(paper)
            if await is_as_before(paper):
                assert {mention.term for mention in paper.mentions} == terms
                seen.add((paper.extraction_version, "language model" in terms))
    report, new = await reading, await extractor.version()
    assert new != old and seen <= {(old, True), (new, False)}
    assert 0 < report.again < report.papers and report.removed["METHOD"] == report.again
    assert f"{report.again} papers read again" in [*report.lines()]
    assert f"  {report.again} × language model (METHOD to nothing)" in [*report.lines()]
    assert await unread(new, limit=1) == []
    await extractor.close()


async def terms_of(paper: Paper) -> set[str]:
    rows = await PaperTerm.filter(paper_id=paper.id).prefetch_related("term")
    return {row.term.name for row in rows}


async def is_as_before(paper: Paper) -> bool:
    """Return whether the paper still has the extraction that it was loaded with."""
    return (await Paper.get(id=paper.id)).extraction_version == paper.extraction_version


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_written_model_is_the_same_when_it_is_read(
    lessons: list[str], tmp_path: Path
) -> None:
    model = learn(await gather()).model
    write_personal(tmp_path / "store.model", model)
    assert read_personal(tmp_path / "store.model") == model
