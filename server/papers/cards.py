"""What stands beside each of a few papers, read by a handful of queries whatever their number."""

from collections import defaultdict

from msgspec.structs import replace

from nlp.spans import Mention, Result
from server.database.connection import fetch, places
from server.database.models.papers import decode_mentions, decode_results
from server.database.serializers import correction_state, entry_state, note_state
from server.schema.papers import Card, ExtractionState
from server.schema.reading_list import EntryState, NoteState
from server.schema.terms import CorrectionState, TermChip
from server.terms.apply_corrections import chips, correct, correct_results
from server.terms.chips import rank_chips
from server.terms.leaderboard import lower_is_better
from server.terms.overrides_sql import own_terms, read_naming, rename
from server.terms.rows import first_role

COUNT_STORED = "SELECT COALESCE(SUM(papers), 0) AS papers FROM paper_year"
"""Counts the papers of the store, without reading them: triggers keep how many each year has."""


async def cards(papers: list[int], user: int) -> dict[int, Card]:
    """Return a user's cards of papers, by their row ids; an unknown id has none."""
    if not papers:
        return {}
    ids = places(len(papers), after=1)
    rows = await fetch(
        "SELECT p.id, p.key, p.title, p.results, p.extraction_version, p.extraction_error, s.id "
        "AS seen_id, EXISTS (SELECT 1 FROM correction WHERE user_id = $1 "
        f"AND deleted IS NULL) AS judged, ({COUNT_STORED}) AS papers "
        "FROM paper p LEFT JOIN seen s ON s.paper_id = p.id "
        f"AND s.user_id = $1 WHERE p.id IN ({ids})",
        user,
        *papers,
    )
    keys = {row["id"]: row["key"] for row in rows}
    entries, notes = (
        await _entries(ids, user, papers, keys),
        await _notes(ids, user, papers, keys),
    )
    terms = await _terms(user, papers)
    results = {row["id"]: decode_results(row["results"]) for row in rows}
    # few users correct anything, and working out corrections needs the papers' texts
    if rows and rows[0]["judged"]:
        verdicts = await corrections_of(user, papers)
        texts = await _texts([*verdicts])
        terms |= await _corrected_terms(user, verdicts, texts, terms)
        results |= {
            paper: correct_results(results[paper], text, verdicts[paper])
            for paper, (text, _) in texts.items()
        }
    shown = {paper: [r for r in found if r.is_shown] for paper, found in results.items()}
    return {
        row["id"]: Card(
            key=row["key"],
            title=row["title"],
            extraction=extraction_state(row["extraction_version"], row["extraction_error"]),
            seen=row["seen_id"] is not None,
            entry=entries.get(row["id"]),
            notes=notes[row["id"]],
            terms=rank_chips(terms[row["id"]], row["papers"]),
            results=shown[row["id"]],
            lower_is_better=_lower_metrics(shown[row["id"]]),
        )
        for row in rows
    }


def _lower_metrics(results: list[Result]) -> list[str]:
    metrics = {each.metric: each.unit or "" for each in results if each.metric}
    return [metric for metric, unit in metrics.items() if lower_is_better(metric, unit)]


def extraction_state(version: str | None, error: str | None) -> ExtractionState:
    """Tell how far the reading of a paper's text is."""
    return "pending" if version is None else "failed" if error else "done"


async def corrections_of(user: int, papers: list[int]) -> dict[int, list[CorrectionState]]:
    """Return a user's verdicts that bear on each of some papers: those on it, and those meant
    everywhere.
    """
    rows = await fetch(
        "SELECT c.*, p.key FROM correction c JOIN paper p ON p.id = c.paper_id "
        "WHERE c.user_id = $1 AND c.deleted IS NULL AND (c.everywhere OR c.paper_id IN "
        f"({places(len(papers), after=1)})) ORDER BY c.id",
        user,
        *papers,
    )
    verdicts: dict[int, list[CorrectionState]] = defaultdict(list)
    for row in rows:
        for paper in papers if row["everywhere"] else [row["paper_id"]]:
            verdicts[paper].append(correction_state(row, row["key"]))
    return verdicts


async def _entries(
    ids: str, user: int, papers: list[int], keys: dict[int, str]
) -> dict[int, EntryState]:
    rows = await fetch(
        "SELECT e.paper_id, e.status, e.rating, e.version, e.added, e.updated, e.deleted, "
        "e.queue, e.snoozed_until, e.due, "
        "t.name AS tag FROM entry e LEFT JOIN entry_tag et ON et.entry_id = e.id "
        "LEFT JOIN tag t ON t.id = et.tag_id AND t.deleted IS NULL WHERE e.user_id = $1 "
        f"AND e.deleted IS NULL AND e.paper_id IN ({ids}) ORDER BY t.fold",
        user,
        *papers,
    )
    entries: dict[int, EntryState] = {}
    for row in rows:
        paper = row["paper_id"]
        if paper not in entries:
            entries[paper] = entry_state(row, keys[paper], [])
        if row["tag"] is not None:
            entries[paper].tags.append(row["tag"])
    return entries


async def _notes(
    ids: str, user: int, papers: list[int], keys: dict[int, str]
) -> dict[int, list[NoteState]]:
    rows = await fetch(
        "SELECT * FROM note n WHERE n.user_id = $1 AND n.deleted IS NULL "
        f"AND n.paper_id IN ({ids}) ORDER BY n.created, n.id",
        user,
        *papers,
    )
    notes: dict[int, list[NoteState]] = defaultdict(list)
    for row in rows:
        notes[row["paper_id"]].append(note_state(row, keys[row["paper_id"]]))
    return notes


async def _terms(user: int, papers: list[int]) -> dict[int, list[TermChip]]:
    rows = await fetch(
        f"SELECT * FROM {own_terms('paper_term', 'paper_id', 'position', 'role')} "
        f"WHERE paper_id IN ({places(len(papers), after=1)}) ORDER BY paper_id, position",
        user,
        *papers,
    )
    terms: dict[int, dict[int, TermChip]] = defaultdict(dict)
    for row in rows:
        named = terms[row["paper_id"]]
        if first := named.get(row["root"]):  # two terms of the paper that the user made one
            named[row["root"]] = replace(first, role=first_role((first.role, row["role"])))
        else:
            named[row["root"]] = TermChip(
                row["label"], row["name"], row["papers"], row["position"], row["role"]
            )
    return defaultdict(list, {paper: [*named.values()] for paper, named in terms.items()})


async def _corrected_terms(
    user: int,
    verdicts: dict[int, list[CorrectionState]],
    texts: dict[int, tuple[str, list[Mention]]],
    terms: dict[int, list[TermChip]],
) -> dict[int, list[TermChip]]:
    corrected = {
        paper: correct(mentions, text, verdicts[paper]) for paper, (text, mentions) in texts.items()
    }
    naming = await read_naming(user)
    counts = await _added_counts(user, [*verdicts])
    counts |= {(chip.label, chip.name): chip.papers for paper in corrected for chip in terms[paper]}
    return {paper: chips(rename(mentions, naming), counts) for paper, mentions in corrected.items()}


async def _added_counts(user: int, papers: list[int]) -> dict[tuple[str, str], int]:
    """Return how many papers mention each of the terms that a user's corrections added to some
    papers.
    """
    if not papers:
        return {}
    ids = places(len(papers), after=1)
    added = f"(SELECT * FROM corrected_term WHERE user_id = $1 AND added AND paper_id IN ({ids}))"
    rows = await fetch(
        f"SELECT DISTINCT label, name, papers FROM {own_terms(added)}",
        user,
        *papers,
    )
    return {(row["label"], row["name"]): row["papers"] for row in rows}


async def _texts(papers: list[int]) -> dict[int, tuple[str, list[Mention]]]:
    """Return the text of each paper, title and abstract, with the mentions found in it."""
    if not papers:
        return {}
    rows = await fetch(
        f"SELECT id, title, abstract, mentions FROM paper WHERE id IN ({places(len(papers))})",
        *papers,
    )
    return {
        row["id"]: (f"{row['title']}\n{row['abstract']}", decode_mentions(row["mentions"]))
        for row in rows
    }
