"""Leaderboards: what the papers of the store report of themselves on a dataset, best first.

There is one board for each metric, unit and setting, so that only like is compared with like.
Numbers of rivals, differences, and results that are too doubtful to be shown are on none.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from msgspec import Struct

from nlp.spans import Label, Mention, Result
from server.database.connection import day, fetch, places
from server.database.models.papers import decode_mentions, decode_results
from server.database.serializers import correction_state
from server.identifiers import fold_term
from server.schema.terms import CorrectionState, Reported
from server.terms.apply_corrections import correct_results
from server.terms.overrides_sql import Naming, read_naming
from server.terms.rows import surfaces_of

NEWEST = 1_000  # papers with the dataset and any result that are looked at

_SECONDS = {
    "ms": 0.001,
    **dict.fromkeys(("millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("hour", "hours", "hr", "hrs"), 3600.0),
    **dict.fromkeys(("day", "days"), 86400.0),
}
_GIGABYTES = {
    **dict.fromkeys(("kb", "kib"), 1e-6),
    **dict.fromkeys(("mb", "mib"), 1e-3),
    **dict.fromkeys(("gb", "gib", "g"), 1.0),
    **dict.fromkeys(("tb", "tib"), 1e3),
}
_FRAMES = ("fps", "framespersecond", "frames/s", "frames/sec", "frames/second")
_UNITS: dict[str, tuple[str, float]] = {
    **{unit: ("s", factor) for unit, factor in _SECONDS.items()},
    **{unit: ("GB", factor) for unit, factor in _GIGABYTES.items()},
    **dict.fromkeys(_FRAMES, ("FPS", 1.0)),
    **dict.fromkeys(("%p", "pp", "points"), ("points", 1.0)),
}
_LOWER = re.compile(
    r"\b(?:fid|fvd|kid|fad|lpips|ppl|perplexit(?:y|ies)|wer|cer|der|eer|mae|mse|rmse|nfes?|ece"
    r"|nll|bpc|bpb|hd95|ttft|tpot|flops|gflops|macs)\b"
    r"|error|loss\b|distance|latency|time\b|runtime|delay|memory|footprint|storage|cost|overhead"
    r"|parameters|model size|hallucination rate|toxicity|refusal rate|tokens used|token usage",
    re.IGNORECASE,
)

Wrong = set[tuple[Label, str]]
"""Surfaces, in lower case, that are no mention of a label in the eyes of a user."""


class Board(Struct, frozen=True):
    """The results of one metric, unit and setting on a dataset, best first.

    `metric` is None where the abstracts name none. `id` tells the board from others of its dataset.
    """

    id: str
    metric: str | None
    unit: str
    setting: str | None
    lower_is_better: bool
    results: list[Reported]


async def read_boards(names: list[str], user: int) -> list[Board]:
    """Return the boards of a dataset that has any of these names, those with most results first.

    The user's corrections of results hold. A result whose dataset, metric or method the user called
    wrong is left out.
    """
    folds = {fold_term(name) for name in names}
    rows = await _read_papers([*folds])
    naming, wrong = await read_naming(user), await _read_wrong(user)
    verdicts: defaultdict[str, list[CorrectionState]] = defaultdict(list)
    for verdict in await read_result_corrections(names, user):
        verdicts[verdict.key].append(verdict)
    groups: defaultdict[str, list[Reported]] = defaultdict(list)
    for row in rows:
        unwanted = wrong[None] | wrong[row["id"]]
        for reported in _reported(row, folds, naming, unwanted, verdicts[row["key"]]):
            groups[_board_id(reported)].append(reported)
    boards = [_board(id, results) for id, results in groups.items()]
    return sorted(boards, key=lambda board: (-len(board.results), board.metric is None, board.id))


async def read_result_corrections(names: list[str], user: int) -> list[CorrectionState]:
    """Return a user's corrections of results in papers on a dataset that has any of these names."""
    folds = [*{fold_term(name) for name in names}]
    rows = await fetch(
        "SELECT c.*, p.key FROM correction c JOIN paper p ON p.id = c.paper_id "
        "WHERE c.user_id = $1 AND c.deleted IS NULL AND c.label = 'RESULT' "
        f"AND c.paper_id IN ({_papers_on(folds, after=1)}) ORDER BY c.id",
        user,
        *folds,
    )
    return [correction_state(row, row["key"]) for row in rows]


def lower_is_better(metric: str | None, unit: str) -> bool:
    """Return whether small values of a metric are good, as errors, times and costs are."""
    return bool(metric and _LOWER.search(metric)) or (metric is None and unit in ("s", "GB", "usd"))


async def _read_papers(folds: list[str]) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT id, key, title, abstract, published, mentions, results FROM paper "
        f"WHERE id IN ({_papers_on(folds)}) AND CAST(results AS TEXT) <> '[]' "
        f"ORDER BY COALESCE(published, DATE('0001-01-02')) DESC, id DESC LIMIT {NEWEST}",
        *folds,
    )


def _papers_on(folds: list[str], after: int = 0) -> str:
    return (
        "SELECT pt.paper_id FROM term t JOIN paper_term pt ON pt.term_id = t.id "
        f"WHERE t.label = 'DATASET' AND t.fold IN ({places(len(folds), after=after)})"
    )


async def _read_wrong(user: int) -> defaultdict[int | None, Wrong]:
    """Return what a user called wrong by paper, and under None what is wrong everywhere."""
    rows = await fetch(
        "SELECT paper_id, everywhere, label, surface FROM correction WHERE user_id = $1 "
        "AND deleted IS NULL AND verdict <> 'missing' AND label <> 'RESULT'",
        user,
    )
    wrong: defaultdict[int | None, Wrong] = defaultdict(set)
    for row in rows:
        paper = None if row["everywhere"] else row["paper_id"]
        wrong[paper].add((row["label"], row["surface"].casefold()))
    return wrong


def _reported(
    row: dict[str, Any],
    folds: set[str],
    naming: Naming,
    wrong: Wrong,
    verdicts: list[CorrectionState],
) -> Iterator[Reported]:
    """Yield the results of one paper that belong on boards."""
    text = f"{row['title']}\n{row['abstract']}"
    found = decode_mentions(row["mentions"])
    mentions = {(m.label, text[m.start : m.end]): m for m in found}
    surfaces = surfaces_of(found, text)
    for result in correct_results(decode_results(row["results"]), text, verdicts):
        dataset = mentions.get(("DATASET", result.dataset or ""))
        if dataset and fold_term(dataset.term) in folds and _counts(result, wrong):
            number, unit = _normalized(result)
            yield Reported(
                result=result,
                surface=text[result.start : result.end],
                surfaces=surfaces,
                method=_name(mentions.get(("METHOD", result.method or "")), result.method, naming),
                metric=_name(mentions.get(("METRIC", result.metric or "")), result.metric, naming),
                value=result.value,
                number=number,
                unit=unit,
                setting=result.setting,
                sentence=text[result.sentence_start : result.sentence_end],
                key=row["key"],
                title=row["title"],
                published=day(row["published"]),
            )


def _counts(result: Result, wrong: Wrong) -> bool:
    """Return whether a result is one of the paper itself, certain, and nothing of it is wrong."""
    parts: list[tuple[Label, str | None]] = [
        ("DATASET", result.dataset),
        ("METRIC", result.metric),
        ("METHOD", result.method),
    ]
    is_wrong = any((label, (surface or "").casefold()) in wrong for label, surface in parts)
    return result.kind == "own" and result.is_shown and result.number is not None and not is_wrong


def _board_id(result: Reported) -> str:
    parts = (fold_term(result.metric or ""), result.unit, (result.setting or "").casefold())
    return "·".join(parts)


def _board(id: str, results: list[Reported]) -> Board:
    first = results[0]
    lower = lower_is_better(first.metric, first.unit)
    ranked = sorted(
        # of equal values the older one, which was there first, comes first
        sorted(results, key=lambda result: result.published or date.max),
        key=lambda result: result.number or 0.0,
        reverse=not lower,
    )
    return Board(id, first.metric, first.unit, first.setting, lower, ranked)


def _name(mention: Mention | None, surface: str | None, naming: Naming) -> str | None:
    if mention is None:
        return surface
    return naming.get((mention.label, fold_term(mention.term)), mention.term)


def _normalized(result: Result) -> tuple[float | None, str]:
    """Convert the number of a result to the common unit of its kind."""
    unit, factor = _UNITS.get(result.unit or "", (result.unit or "", 1.0))
    return None if result.number is None else round(result.number * factor, 6), unit
