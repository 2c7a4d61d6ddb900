"""Results reported on a dataset, out of the abstracts of the store: a small leaderboard of one's own corpus."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from msgspec import Struct

from nlp.spans import Mention, Result
from server.cards import places
from server.identity import fold_term
from server.models import decode_mentions, decode_results
from server.naming import Naming, read_naming
from server.store import day, fetch
from server.wire import Reported

NEWEST = 1_000  # papers with the dataset and any result that are looked at

_TIMES = {"ms": 0.001, "milliseconds": 0.001, "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "min": 60}
_TIMES |= {"mins": 60, "minute": 60, "minutes": 60, "hour": 3600, "hours": 3600, "hr": 3600, "hrs": 3600}
_SIZES = {"kb": 1e-6, "kib": 1e-6, "mb": 1e-3, "mib": 1e-3, "gb": 1, "gib": 1, "g": 1, "tb": 1e3, "tib": 1e3}
_UNITS: dict[str, tuple[str, float]] = {
    **{unit: ("s", factor) for unit, factor in _TIMES.items()},
    **{unit: ("GB", factor) for unit, factor in _SIZES.items()},
    **dict.fromkeys(("fps", "framespersecond", "frames/s", "frames/sec", "frames/second"), ("FPS", 1.0)),
    **dict.fromkeys(("%p", "pp", "points"), ("points", 1.0)),
}


class Board(Struct, frozen=True):
    """Results on a dataset, and the units that they come in, the commonest first."""

    results: list[Reported]
    units: list[str]


async def read_board(names: list[str], reader: int) -> Board:
    """Give what papers report on a dataset that goes by these names, the newest first."""
    folds = [fold_term(name) for name in names]
    rows = await fetch(
        "SELECT key, title, abstract, published, mentions, results FROM paper WHERE id IN (SELECT pt.paper_id "
        "FROM term t JOIN paper_term pt ON pt.term_id = t.id WHERE t.label = 'DATASET' "
        f"AND t.fold IN ({places(len(folds))})) AND CAST(results AS TEXT) <> '[]' "
        f"ORDER BY COALESCE(published, DATE('0001-01-02')) DESC, id DESC LIMIT {NEWEST}",
        *folds,
    )
    naming = await read_naming(reader)
    results = [reported for row in rows for reported in _reported(row, {*folds}, naming)]
    return Board(results, [unit for unit, _ in Counter(result.unit for result in results).most_common()])


def sort_board(board: Board, order: str) -> list[Reported]:
    """Give a board's results by a column: `method`, `metric`, `paper`, `date` or a unit; after a `-` backwards.

    What has nothing in that column comes last either way.
    """
    column, backwards = order.removeprefix("-"), order.startswith("-")

    def value(result: Reported) -> Any:
        if column in board.units:
            return result.number if result.unit == column else None
        texts = {"method": result.method, "metric": result.metric, "paper": result.title}
        return result.published or date.min if column == "date" else (texts.get(column) or "").casefold() or None

    filled = [result for result in board.results if value(result) is not None]
    rest = [result for result in board.results if value(result) is None]
    return sorted(filled, key=value, reverse=backwards) + rest


def _reported(row: dict[str, Any], folds: set[str], naming: Naming) -> Iterator[Reported]:
    text = f"{row['title']}\n{row['abstract']}"
    mentions = {(m.label, text[m.start : m.end]): m for m in decode_mentions(row["mentions"])}
    for result in decode_results(row["results"]):
        dataset = mentions.get(("DATASET", result.dataset or ""))
        if dataset and fold_term(dataset.term) in folds:
            number, unit = _normalized(result)
            yield Reported(
                method=_name(mentions.get(("METHOD", result.method or "")), result.method, naming),
                metric=_name(mentions.get(("METRIC", result.metric or "")), result.metric, naming),
                value=result.value,
                number=number,
                unit=unit,
                key=row["key"],
                title=row["title"],
                published=day(row["published"]),
            )


def _name(mention: Mention | None, surface: str | None, naming: Naming) -> str | None:
    if mention is None:
        return surface
    return naming.get((mention.label, fold_term(mention.term)), mention.term)


def _normalized(result: Result) -> tuple[float | None, str]:
    """Bring a result to the unit of its like; what is signed is a change, which stands in a column of its own."""
    unit, factor = _UNITS.get(result.unit or "", (result.unit or "", 1.0))
    signed = result.value.lstrip("$\\ ").startswith(("+", "-", "−")) and unit != "points"
    number = None if result.number is None else round(result.number * factor, 6)
    return number, f"±{unit}" if signed else unit
