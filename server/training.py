"""Makes a personal model of the corrections in a store, and refuses one that is no better where it has not learnt."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct
from tortoise.expressions import Q

from nlp.evaluate import score_spans
from nlp.extract import extract
from nlp.judge import Found, Sample, Taste, judge, learn
from nlp.personal import Personal, digest_taste, load_choice
from nlp.spans import Mention
from nlp.version import ModelChoice, ModelName, Provenance, parent_digest
from server.corrections import correct
from server.errors import Invalid
from server.mentions import Unread
from server.models import Correction, Paper
from server.states import correction_state
from server.store import reader
from server.wire import CorrectionState

FOLDS = 5  # corrected papers are held out in turn
LEAST_CHANGES = 20  # of mentions, that corrections ask for
LEAST_AGREEMENT = 0.95  # with the packaged model on papers and surfaces that nobody corrected
REPLAYED = 300  # papers that nobody corrected, the newest; a third of them only measures the agreement

Progress = Callable[[int, int | None], None]
Spans = set[tuple[int, int, str]]


class Material(Struct):
    """The texts to learn from, each with the verdicts that bear on it, and how many corrections there are in all."""

    corrected: list[tuple[str, list[CorrectionState]]]
    others: list[tuple[str, list[CorrectionState]]]
    corrections: int


class Trained(Struct):
    """A personal model, and why it is not to be used, if so."""

    model: Personal
    refusal: str | None


async def gather() -> Material:
    """Give what the store has to learn from: the corrected papers of all readers, and the newest of the others."""
    rows = await Correction.filter(deleted=None).order_by("id").prefetch_related("paper").using_db(reader())
    verdicts = [(row.paper_id, correction_state(row, row.paper.key)) for row in rows]
    corrected = {row.paper_id: row.paper for row in rows}
    others = Paper.filter(~Q(abstract="")).exclude(id__in=list(corrected)).order_by("-id").limit(REPLAYED)

    def texts(papers: Any) -> list[tuple[str, list[CorrectionState]]]:
        return [
            (
                Unread(paper.id, paper.key, paper.title, paper.abstract).text,
                [verdict for number, verdict in verdicts if number == paper.id or verdict.everywhere],
            )
            for paper in papers
        ]

    return Material(texts(corrected.values()), texts(await others.using_db(reader())), len(rows))


def train(name: ModelName, material: Material, now: datetime, progress: Progress) -> Trained:
    """Learn from corrections, and score what is learnt on those held out. Raises `Invalid` where they are too few."""
    corrected, others = _samples(load_choice(ModelChoice(name))[0], material, progress)
    changes = sum(len(_labelled(sample.found) ^ sample.wanted) for sample in corrected if sample.wanted is not None)
    if changes < LEAST_CHANGES or len(corrected) < FOLDS:
        raise Invalid(
            f"too few corrections to learn from: they change {changes} mentions on {len(corrected)} papers, and it "
            f"takes {LEAST_CHANGES} on {FOLDS}; they hold as rules all the same"
        )
    replayed, kept = [sample for n, sample in enumerate(others) if n % 3], others[::3]
    taste = learn(corrected + replayed)
    provenance = Provenance(
        made=now.date().isoformat(),
        parent=parent_digest(name),
        taste=digest_taste(taste),
        corrections=material.corrections,
        papers=len(corrected),
        replayed=len(replayed),
        agreement=_agreement(taste, kept, _surfaces(corrected)),
        **_hold_out(corrected, replayed),
    )
    return Trained(Personal(provenance=provenance, taste=taste), _refusal(provenance, len(kept)))


def _hold_out(corrected: list[Sample], replayed: list[Sample]) -> dict[str, Any]:
    """Give the scores on corrected papers, each judged by a taste that learnt from the other folds."""
    wanted, before, after = [], [], []
    for fold in range(FOLDS):
        taste = learn([sample for n, sample in enumerate(corrected) if n % FOLDS != fold] + replayed)
        for sample in corrected[fold::FOLDS]:
            wanted.append(sample.wanted or set())
            before.append(_labelled(sample.found))
            after.append(_judged(taste, sample))
    asked = [one ^ other for one, other in zip(before, wanted, strict=True)]
    honoured = [len(spans - (one ^ other)) for spans, one, other in zip(asked, after, wanted, strict=True)]
    return {
        "f1_before": _f1(wanted, before),
        "f1_after": _f1(wanted, after),
        "honoured": sum(honoured),
        "held_out": sum(map(len, asked)),
    }


def _samples(nlp: Any, material: Material, progress: Progress) -> tuple[list[Sample], list[Sample]]:
    """Give the corrected texts that the packaged model would read otherwise, and others that no verdict changes."""
    texts = [*material.corrected, *material.others]
    corrected, others = [], []
    for number, extraction in enumerate(extract(nlp, (text for text, _ in texts)), start=1):
        text, verdicts = texts[number - 1]
        sample = Sample(text, [(m.start, m.end, m.label, m.confidence) for m in extraction.mentions])
        wanted = _spans(correct(extraction.mentions, text, verdicts))
        if number <= len(material.corrected):
            sample.wanted = wanted
            corrected.append(sample)
        elif wanted == _labelled(sample.found):
            others.append(sample)
        progress(number, len(texts))
    return corrected, others


def _surfaces(corrected: list[Sample]) -> set[str]:
    """Give the surfaces that corrections change somewhere."""
    changed = ((sample.text, _labelled(sample.found) ^ (sample.wanted or set())) for sample in corrected)
    return {text[start:end].lower() for text, spans in changed for start, end, _ in spans}


def _agreement(taste: Taste, kept: list[Sample], meant: set[str]) -> float:
    """Give the strict F1 of what a taste leaves against what was found, the surfaces that were meant left aside."""

    def others(sample: Sample, spans: Spans) -> Spans:
        return {span for span in spans if sample.text[span[0] : span[1]].lower() not in meant}

    found = [others(sample, _labelled(sample.found)) for sample in kept]
    return _f1(found, [others(sample, _judged(taste, sample)) for sample in kept])


def _refusal(made: Provenance, kept: int) -> str | None:
    if made.f1_after <= made.f1_before:
        return "what it learnt does not carry over to papers that it has not learnt from"
    if not kept or made.agreement < LEAST_AGREEMENT:
        return f"it would change too much on papers that nobody corrected: agreement {made.agreement:.3f}"
    return None


def _f1(wanted: list[Spans], found: list[Spans]) -> float:
    return round(score_spans(wanted, found)["ALL"][0].f1, 4)


def _judged(taste: Taste, sample: Sample) -> Spans:
    return _labelled(judge(taste, sample.text, sample.found))


def _labelled(found: list[Found]) -> Spans:
    return {(start, end, label) for start, end, label, _ in found}


def _spans(mentions: list[Mention]) -> Spans:
    return {(mention.start, mention.end, mention.label) for mention in mentions}
