"""Train a personal model from corrections, and reject one that does not generalize."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct
from tortoise.expressions import Q

from nlp.extract import extract
from nlp.personal.model import Personal, digest_weights, load_choice
from nlp.personal.reranker import Found, RerankerWeights, Sample, rerank, train_reranker
from nlp.spans import Mention
from nlp.training.evaluate import score_spans
from nlp.version import ModelChoice, ModelName, Provenance, parent_digest
from server.database.connection import read_connection
from server.database.models.papers import Paper
from server.database.models.terms import Correction
from server.database.serializers import correction_state
from server.errors import Invalid
from server.extraction.save import Unread
from server.schema.terms import CorrectionState
from server.terms.apply_corrections import correct

FOLDS = 5  # of the corrected papers; each is held out once
LEAST_CHANGES = 20  # changed mentions that the corrections must cause
LEAST_AGREEMENT = 0.95  # with the packaged model on papers and surfaces that nobody corrected
REPLAYED = (
    300  # papers that nobody corrected, the newest; a third of them only measures the agreement
)

Progress = Callable[[int, int | None], None]
Spans = set[tuple[int, int, str]]


class Material(Struct):
    """The texts to learn from, each with its corrections, and the number of all corrections."""

    corrected: list[tuple[str, list[CorrectionState]]]
    others: list[tuple[str, list[CorrectionState]]]
    corrections: int


class Trained(Struct):
    """A personal model, and the reason not to use it, if there is one."""

    model: Personal
    refusal: str | None


async def gather() -> Material:
    """Return the corrected papers of all users, and the newest of the others."""
    rows = (
        await Correction.filter(deleted=None)
        .order_by("id")
        .prefetch_related("paper")
        .using_db(read_connection())
    )
    verdicts = [(row.paper_id, correction_state(row, row.paper.key)) for row in rows]
    corrected = {row.paper_id: row.paper for row in rows}
    others = (
        Paper.filter(~Q(abstract=""))
        .exclude(id__in=list(corrected))
        .order_by("-id")
        .limit(REPLAYED)
    )

    def texts(papers: Any) -> list[tuple[str, list[CorrectionState]]]:
        return [
            (
                Unread(paper.id, paper.key, paper.title, paper.abstract).text,
                [
                    verdict
                    for number, verdict in verdicts
                    if number == paper.id or verdict.everywhere
                ],
            )
            for paper in papers
        ]

    return Material(
        texts(corrected.values()), texts(await others.using_db(read_connection())), len(rows)
    )


def train(name: ModelName, material: Material, now: datetime, progress: Progress) -> Trained:
    """Learn from corrections, and score the result on papers held out in turn.

    Raises `Invalid` if there are too few corrections.
    """
    corrected, others = _samples(load_choice(ModelChoice(name))[0], material, progress)
    changes = sum(
        len(_labelled(sample.found) ^ sample.wanted)
        for sample in corrected
        if sample.wanted is not None
    )
    if changes < LEAST_CHANGES or len(corrected) < FOLDS:
        raise Invalid(
            f"too few corrections to learn from: they change {changes} mentions on "
            f"{len(corrected)} papers, and it takes {LEAST_CHANGES} on {FOLDS}; "
            "they hold as rules all the same"
        )
    replayed, kept = [sample for n, sample in enumerate(others) if n % 3], others[::3]
    weights = train_reranker(corrected + replayed)
    provenance = Provenance(
        made=now.date().isoformat(),
        parent=parent_digest(name),
        weights_digest=digest_weights(weights),
        corrections=material.corrections,
        papers=len(corrected),
        replayed=len(replayed),
        agreement=_agreement(weights, kept, _surfaces(corrected)),
        **_hold_out(corrected, replayed),
    )
    return Trained(
        Personal(provenance=provenance, weights=weights), _refusal(provenance, len(kept))
    )


def _hold_out(corrected: list[Sample], replayed: list[Sample]) -> dict[str, Any]:
    """Score the corrected papers, each by a model that learnt from the other folds."""
    wanted, before, after = [], [], []
    for fold in range(FOLDS):
        weights = train_reranker(
            [sample for n, sample in enumerate(corrected) if n % FOLDS != fold] + replayed
        )
        for sample in corrected[fold::FOLDS]:
            wanted.append(sample.wanted or set())
            before.append(_labelled(sample.found))
            after.append(_judged(weights, sample))
    asked = [one ^ other for one, other in zip(before, wanted, strict=True)]
    honoured = [
        len(spans - (one ^ other)) for spans, one, other in zip(asked, after, wanted, strict=True)
    ]
    return {
        "f1_before": _f1(wanted, before),
        "f1_after": _f1(wanted, after),
        "honoured": sum(honoured),
        "held_out": sum(map(len, asked)),
    }


def _samples(nlp: Any, material: Material, progress: Progress) -> tuple[list[Sample], list[Sample]]:
    """Return the corrected texts as samples, and other texts that no correction changes."""
    texts = [*material.corrected, *material.others]
    corrected, others = [], []
    for number, extraction in enumerate(extract(nlp, (text for text, _ in texts)), start=1):
        text, verdicts = texts[number - 1]
        sample = Sample(
            text, [(m.start, m.end, m.label, m.confidence) for m in extraction.mentions]
        )
        wanted = _spans(correct(extraction.mentions, text, verdicts))
        if number <= len(material.corrected):
            sample.wanted = wanted
            corrected.append(sample)
        elif wanted == _labelled(sample.found):
            others.append(sample)
        progress(number, len(texts))
    return corrected, others


def _surfaces(corrected: list[Sample]) -> set[str]:
    """Return the texts of all mentions that a correction changes."""
    changed = (
        (sample.text, _labelled(sample.found) ^ (sample.wanted or set())) for sample in corrected
    )
    return {text[start:end].lower() for text, spans in changed for start, end, _ in spans}


def _agreement(weights: RerankerWeights, kept: list[Sample], meant: set[str]) -> float:
    """Return the strict F1 of the personal model's mentions against the packaged model's.

    Surfaces that corrections are about (`meant`) do not count.
    """

    def others(sample: Sample, spans: Spans) -> Spans:
        return {span for span in spans if sample.text[span[0] : span[1]].lower() not in meant}

    found = [others(sample, _labelled(sample.found)) for sample in kept]
    return _f1(found, [others(sample, _judged(weights, sample)) for sample in kept])


def _refusal(made: Provenance, kept: int) -> str | None:
    if made.f1_after <= made.f1_before:
        return "what it learnt does not carry over to papers that it has not learnt from"
    if not kept or made.agreement < LEAST_AGREEMENT:
        return (
            "it would change too much on papers that nobody corrected: "
            f"agreement {made.agreement:.3f}"
        )
    return None


def _f1(wanted: list[Spans], found: list[Spans]) -> float:
    return round(score_spans(wanted, found)["ALL"][0].f1, 4)


def _judged(weights: RerankerWeights, sample: Sample) -> Spans:
    return _labelled(rerank(weights, sample.text, sample.found))


def _labelled(found: list[Found]) -> Spans:
    return {(start, end, label) for start, end, label, _ in found}


def _spans(mentions: list[Mention]) -> Spans:
    return {(mention.start, mention.end, mention.label) for mention in mentions}
