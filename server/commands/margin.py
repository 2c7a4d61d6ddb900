"""One's own margin from the command line: the list, one paper, tags, status and notes."""

import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import click
from rich.table import Table
from uuid_utils.compat import uuid7

from nlp.spans import LABELS
from server.commands.printing import console, json_option, print_json
from server.commands.settings import load_config, reader_of, store_options, with_store
from server.config import Config
from server.edits import Edit
from server.errors import Conflict, Invalid, PapermarginError
from server.library import put_entry, put_note
from server.margin import read_note
from server.papers import list_papers, read_paper
from server.query import TERM_FIELDS
from server.states import find_paper, load_entry
from server.wire import EntryEdit, EntryState, ListedPaper, NoteEdit, NoteState, PaperPage, Sort, Status, TermChip

TRIES = 5  # somebody else may write the same entry at the same moment


@click.command("list")
@click.argument("query", nargs=-1)
@click.option("--sort", type=click.Choice(get_args(Sort)), help="relevance for words, else the day it was added")
@click.option("--all", "everything", is_flag=True, help="every paper of the store, not the reading list alone")
@click.option("--limit", type=click.IntRange(min=1), default=sys.maxsize, help="how many at most")
@json_option
@store_options
def list_command(
    query: tuple[str, ...], sort: Sort | None, everything: bool, limit: int, as_json: bool, **options: Any
) -> None:
    """Print the reading list, or what a query finds: 'dataset:ImageNet status:inbox', 'diffusion -tag:old'."""
    config = load_config(**options)

    async def work() -> list[ListedPaper]:
        user, papers, cursor = await reader_of(config), [], None
        while True:
            page = await list_papers(
                user, " ".join(query), sort=sort, cursor=cursor, limit=min(limit, 200), everything=everything
            )
            papers += page.papers
            cursor = page.next
            if cursor is None or len(papers) >= limit:
                return papers[:limit]

    papers = with_store(config, work)
    if as_json:
        print_json([_listed(paper) for paper in papers])
    else:
        _print_list(papers)


@click.command("show")
@click.argument("key")
@json_option
@store_options
def show_command(key: str, as_json: bool, **options: Any) -> None:
    """Print everything on a paper."""
    config = load_config(**options)

    async def work() -> PaperPage:
        return await read_paper(key, await reader_of(config))

    page = with_store(config, work)
    if as_json:
        print_json(page)
    else:
        _print_page(page)


@click.command("tag", context_settings={"ignore_unknown_options": True})
@click.argument("key")
@click.argument("changes", nargs=-1, required=True, metavar="+TAG|-TAG...")
@json_option
@store_options
def tag_command(key: str, changes: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Put tags on a paper and take them off: papermargin tag 2401.01234 +rl -old."""
    if wrong := [change for change in changes if change[:1] not in ("+", "-") or len(change) < 2]:
        raise Invalid(f"{wrong[0]!r}: write +{wrong[0].strip('+-') or 'tag'} to add a tag, - to take it off")
    added = [change[1:] for change in changes if change[0] == "+"]
    removed = {change[1:].casefold() for change in changes if change[0] == "-"}

    def wish(current: EntryState | None) -> EntryEdit:
        tags = current.tags if current else []
        return EntryEdit(tags=[tag for tag in tags if tag.casefold() not in removed] + added)

    _print_entry(_edit_entry(load_config(**options), key, wish), as_json=as_json)


@click.command("status")
@click.argument("key")
@click.argument("status", type=click.Choice(get_args(Status)))
@click.option("--rating", type=click.IntRange(0, 5), help="and a rating")
@json_option
@store_options
def status_command(key: str, status: Status, rating: int | None, as_json: bool, **options: Any) -> None:
    """Set the status of a paper: inbox, reading, read, skipped, or none to take it out of the list."""
    wish = EntryEdit(status=status) if rating is None else EntryEdit(status=status, rating=rating)
    _print_entry(_edit_entry(load_config(**options), key, lambda current: wish), as_json=as_json)


@click.command("note")
@click.argument("key")
@click.option("--text", help="the note; without it your editor opens")
@click.option("--edit", "note", type=click.UUID, help="the id of a note to change, instead of a new one")
@json_option
@store_options
def note_command(key: str, text: str | None, note: UUID | None, as_json: bool, **options: Any) -> None:
    """Write a note on a paper, in Markdown."""
    config = load_config(**options)

    async def before() -> NoteState | None:
        await find_paper(key)
        return await read_note(note, await reader_of(config)) if note else None

    old = with_store(config, before)
    text = text if text is not None else click.edit(old.text if old else "", extension=".md")
    if text is None or not text.strip():
        raise Invalid("an empty note is not kept: nothing was written")

    async def work() -> NoteState:
        edit = Edit(user=await reader_of(config), at=datetime.now(UTC), base=old.version if old else 0)
        quote = old.quote if old else None
        return await put_note(edit, note or uuid7(), NoteEdit(paper=key, text=text, quote=quote))

    try:
        state = with_store(config, work)
    except PapermarginError as error:
        raise Invalid(f"{error}; your text is kept in {_rescue(text)}") from error
    if as_json:
        print_json(state)
    else:
        click.echo(f"note {state.id} on {state.key}")


def _edit_entry(config: Config, key: str, wish: Callable[[EntryState | None], EntryEdit]) -> EntryState:
    async def work() -> EntryState:
        user = await reader_of(config)
        for _ in range(TRIES - 1):
            try:
                return await attempt(user)
            except Conflict:
                continue
        return await attempt(user)

    async def attempt(user: int) -> EntryState:
        paper = await find_paper(key)
        entry, current = await load_entry(paper, user)
        edit = Edit(user=user, at=datetime.now(UTC), base=entry.version if entry else 0)
        return await put_entry(edit, key, wish(current))

    return with_store(config, work)


def _rescue(text: str) -> Path:
    with tempfile.NamedTemporaryFile("w", prefix="papermargin-note-", suffix=".md", delete=False, encoding="utf8") as f:
        f.write(text)
    return Path(f.name)


def _listed(paper: ListedPaper) -> dict[str, Any]:
    entry = paper.card.entry
    return {
        "key": paper.key,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": paper.authors,
        "published": paper.published,
        "status": entry.status if entry else "none",
        "rating": entry.rating if entry else None,
        "tags": entry.tags if entry else [],
        "notes": [{"id": note.id, "text": note.text, "quote": note.quote} for note in paper.card.notes],
        "terms": {label: _names(paper.card.terms, label) for label in LABELS},
    }


def _names(terms: list[TermChip], label: str) -> list[str]:
    return [term.name for term in terms if term.label == label]


def _print_list(papers: list[ListedPaper]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column("key", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("title", no_wrap=sys.stdout.isatty(), overflow="ellipsis", ratio=1)
    table.add_column("tags", no_wrap=True)
    for paper in papers:
        entry = paper.card.entry
        tags = " ".join(f"#{tag}" for tag in entry.tags) if entry else ""
        table.add_row(paper.key, entry.status if entry else "", paper.title, tags)
    console().print(table)


def _print_entry(entry: EntryState, *, as_json: bool) -> None:
    if as_json:
        print_json(entry)
        return
    rating = f" {entry.rating}/5" if entry.rating is not None else ""
    click.echo(f"{entry.key} {entry.status}{rating} {' '.join(f'#{tag}' for tag in entry.tags)}".rstrip())


def _print_page(page: PaperPage) -> None:
    lines = [
        page.title,
        ", ".join(page.authors),
        " ".join(filter(None, [page.key, str(page.published or ""), page.url])),
    ]
    if page.entry:
        tags = " ".join(f"#{tag}" for tag in page.entry.tags)
        lines.append(f"{page.entry.status} {page.entry.rating or ''} {tags}".strip())
    lines += ["", page.abstract, ""]
    lines += [
        f"{name}s: {', '.join(names)}" for name, label in TERM_FIELDS.items() if (names := _names(page.terms, label))
    ]
    for result in page.results:
        lines.append(
            "result: " + " · ".join(filter(None, [result.value, result.metric, result.dataset, result.method]))
        )
    for note in page.notes:
        lines += ["", *([f"> {note.quote.exact}"] if note.quote else []), note.text, f"({note.id})"]
    click.echo("\n".join(lines))
