"""What stands beside each of a few papers, read by a handful of queries whatever their number."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from nlp.spans import Mention
from server.corrections import chips, correct
from server.models import decode_mentions, decode_quote, decode_results
from server.naming import NAME, PAPERS, ROOTS, SHOWN, read_naming, rename
from server.store import fetch, moment
from server.wire import Card, CorrectionState, EntryState, ExtractionState, NoteState, TermChip

Row = dict[str, Any]


async def cards(papers: list[int], reader: int) -> dict[int, Card]:
    """Give a reader's cards of papers, by their row ids; an unknown id has none."""
    if not papers:
        return {}
    ids = places(len(papers), after=1)
    rows = await fetch(
        "SELECT p.id, p.key, p.title, p.results, p.extraction_version, p.extraction_error, s.id AS seen_id, "
        "EXISTS (SELECT 1 FROM correction WHERE user_id = $1 AND deleted IS NULL) AS judged "
        f"FROM paper p LEFT JOIN seen s ON s.paper_id = p.id AND s.user_id = $1 WHERE p.id IN ({ids})",
        reader,
        *papers,
    )
    keys = {row["id"]: row["key"] for row in rows}
    entries, notes = await _entries(ids, reader, papers, keys), await _notes(ids, reader, papers, keys)
    terms = await _terms(reader, papers)
    if rows and rows[0]["judged"]:
        terms |= await _corrected_terms(reader, papers, terms)
    return {
        row["id"]: Card(
            key=row["key"],
            title=row["title"],
            extraction=extraction_state(row["extraction_version"], row["extraction_error"]),
            seen=row["seen_id"] is not None,
            entry=entries.get(row["id"]),
            notes=notes[row["id"]],
            terms=terms[row["id"]],
            results=decode_results(row["results"]),
        )
        for row in rows
    }


def extraction_state(version: str | None, error: str | None) -> ExtractionState:
    """Tell how far the reading of a paper's text is."""
    return "pending" if version is None else "failed" if error else "done"


def places(count: int, *, after: int = 0) -> str:
    """Write the places of `count` values that follow `after` others."""
    return ", ".join(f"${n}" for n in range(after + 1, after + count + 1))


async def corrections_of(reader: int, papers: list[int]) -> dict[int, list[CorrectionState]]:
    """Give a reader's verdicts that bear on each of some papers: those on it, and those meant everywhere."""
    rows = await fetch(
        "SELECT c.*, p.key FROM correction c JOIN paper p ON p.id = c.paper_id WHERE c.user_id = $1 "
        f"AND c.deleted IS NULL AND (c.everywhere OR c.paper_id IN ({places(len(papers), after=1)})) ORDER BY c.id",
        reader,
        *papers,
    )
    verdicts: dict[int, list[CorrectionState]] = defaultdict(list)
    for row in rows:
        for paper in papers if row["everywhere"] else [row["paper_id"]]:
            verdicts[paper].append(_correction(row))
    return verdicts


async def _entries(ids: str, reader: int, papers: list[int], keys: dict[int, str]) -> dict[int, EntryState]:
    rows = await fetch(
        "SELECT e.paper_id, e.status, e.rating, e.version, e.added, e.updated, t.name AS tag FROM entry e "
        "LEFT JOIN entry_tag et ON et.entry_id = e.id LEFT JOIN tag t ON t.id = et.tag_id AND t.deleted IS NULL "
        f"WHERE e.user_id = $1 AND e.deleted IS NULL AND e.paper_id IN ({ids}) ORDER BY t.fold",
        reader,
        *papers,
    )
    entries: dict[int, EntryState] = {}
    for row in rows:
        paper = row["paper_id"]
        if paper not in entries:
            entries[paper] = EntryState(
                key=keys[paper],
                status=row["status"],
                rating=row["rating"],
                tags=[],
                version=row["version"],
                added=moment(row["added"]),
                updated=moment(row["updated"]),
            )
        if row["tag"] is not None:
            entries[paper].tags.append(row["tag"])
    return entries


async def _notes(ids: str, reader: int, papers: list[int], keys: dict[int, str]) -> dict[int, list[NoteState]]:
    rows = await fetch(
        "SELECT * FROM note n WHERE n.user_id = $1 AND n.deleted IS NULL "
        f"AND n.paper_id IN ({ids}) ORDER BY n.created, n.id",
        reader,
        *papers,
    )
    notes: dict[int, list[NoteState]] = defaultdict(list)
    for row in rows:
        notes[row["paper_id"]].append(note_of(row, keys[row["paper_id"]]))
    return notes


def note_of(row: Row, key: str) -> NoteState:
    """Give a note from its row as a plain query reads it."""
    return NoteState(
        id=UUID(str(row["uuid"])),
        key=key,
        text=row["text"],
        quote=decode_quote(row["quote"]) if row["quote"] else None,
        version=row["version"],
        created=moment(row["created"]),
        updated=moment(row["updated"]),
        deleted=moment(row["deleted"]),
    )


async def _terms(reader: int, papers: list[int]) -> dict[int, list[TermChip]]:
    rows = await fetch(
        f"SELECT pt.paper_id, t.label, {NAME} AS name, {PAPERS} AS papers, MIN(pt.position) AS position "
        f"FROM paper_term pt {ROOTS} WHERE pt.paper_id IN ({places(len(papers), after=1)}) AND {SHOWN} "
        "GROUP BY pt.paper_id, t.id, t.label, t.name, t.papers, o.name ORDER BY pt.paper_id, 5",
        reader,
        *papers,
    )
    terms: dict[int, list[TermChip]] = defaultdict(list)
    for row in rows:
        terms[row["paper_id"]].append(TermChip(row["label"], row["name"], row["papers"], row["position"]))
    return terms


async def _corrected_terms(
    reader: int, papers: list[int], terms: dict[int, list[TermChip]]
) -> dict[int, list[TermChip]]:
    corrected, naming = await _corrected(await corrections_of(reader, papers)), await read_naming(reader)
    counts = await _added_counts(reader, papers)
    counts |= {(chip.label, chip.name): chip.papers for paper in corrected for chip in terms[paper]}
    return {paper: chips(rename(mentions, naming), counts) for paper, mentions in corrected.items()}


async def _added_counts(reader: int, papers: list[int]) -> dict[tuple[str, str], int]:
    """Give how many papers mention each of the terms that a reader's corrections added to some papers."""
    rows = await fetch(
        f"SELECT DISTINCT t.label, {NAME} AS name, {PAPERS} AS papers FROM corrected_term pt {ROOTS} "
        f"WHERE pt.user_id = $1 AND pt.added AND pt.paper_id IN ({places(len(papers), after=1)}) AND {SHOWN}",
        reader,
        *papers,
    )
    return {(row["label"], row["name"]): row["papers"] for row in rows}


async def _corrected(verdicts: dict[int, list[CorrectionState]]) -> dict[int, list[Mention]]:
    if not verdicts:
        return {}
    rows = await fetch(
        f"SELECT id, title, abstract, mentions FROM paper WHERE id IN ({places(len(verdicts))})", *verdicts
    )
    return {
        row["id"]: correct(decode_mentions(row["mentions"]), f"{row['title']}\n{row['abstract']}", verdicts[row["id"]])
        for row in rows
    }


def _correction(row: Row) -> CorrectionState:
    return CorrectionState(
        id=UUID(str(row["uuid"])),
        key=row["key"],
        verdict=row["verdict"],
        surface=row["surface"],
        label=row["label"],
        to_label=row["to_label"],
        start=row["start"],
        end=row["end"],
        everywhere=bool(row["everywhere"]),
        version=row["version"],
        created=moment(row["created"]),
        updated=moment(row["updated"]),
    )
