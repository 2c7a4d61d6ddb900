"""Commands for papers: `list`, `show`, `tag`, `suggest`, `status`, `cite` and `note`."""

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
from server.cli.options import get_user_id, load_config, store_options, with_store
from server.cli.printing import console, json_option, print_json
from server.config import Config
from server.database.serializers import find_paper, load_entry
from server.database.versioning import Edit
from server.errors import Conflict, Invalid, NotFound, PapermarginError
from server.imports.add import add_at_once
from server.papers.list import list_papers
from server.papers.page import read_paper
from server.reading_list.citation_keys import read_key, set_key
from server.reading_list.entries import put_entry
from server.reading_list.notes import put_note, read_note
from server.schema.citations import CitationKey
from server.schema.papers import ListedPaper, PaperList, PaperPage
from server.schema.ranking import TagSuggestions, WhyUnranked
from server.schema.reading_list import EntryEdit, EntryState, NoteEdit, NoteState, Status
from server.schema.searches import Sort
from server.schema.terms import TermChip
from server.search.parser import TERM_FIELDS

UNRANKED: dict[WhyUnranked, str] = {
    "off": "the ranking is off, so these are sorted by date; papermargin ranking set --on",
    "nothing_learnt": "nothing is learnt of your list yet, so these are sorted by date",
}
UNFETCHED = "(not fetched yet)"
TRIES = 5  # a page or the extension may write the same entry at the same moment


@click.command("list")
@click.argument("query", nargs=-1)
@click.option(
    "--sort",
    type=click.Choice(get_args(Sort)),
    help="default: by relevance if the query has words, else newest first",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="search all papers in the store, not only the reading list",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=sys.maxsize,
    help="print at most this many papers",
)
@json_option
@store_options
def list_command(
    query: tuple[str, ...],
    sort: Sort | None,
    everything: bool,
    limit: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Print the reading list, or the papers that a query finds.

    Examples: 'dataset:ImageNet status:inbox', 'diffusion -tag:old'.
    """
    config = load_config(**options)

    async def work() -> list[ListedPaper]:
        user, papers, cursor = await get_user_id(config), [], None
        if sort == "for_you":
            from server.ranking.refresh import bring_up_to_date  # noqa: PLC0415 - loads NumPy

            await bring_up_to_date(user)
        while True:
            page = await list_papers(
                user,
                " ".join(query),
                sort=sort,
                cursor=cursor,
                limit=min(limit, 200),
                everything=everything,
            )
            papers += page.papers
            if cursor is None:
                _print_remarks(page)
            cursor = page.next
            if cursor is None or len(papers) >= limit:
                return papers[:limit]

    papers = with_store(config, work)
    if as_json:
        print_json([list_line(paper) for paper in papers])
    else:
        _print_list(papers)


def _print_remarks(page: PaperList) -> None:
    """Say on the error output how a query was understood, where not to the letter."""
    if page.corrected:
        click.echo(f"nothing matches; these are papers for: {page.corrected}", err=True)
    if page.hint:
        click.echo(page.hint, err=True)
    if page.unranked:
        click.echo(UNRANKED[page.unranked], err=True)


@click.command("show")
@click.argument("key")
@json_option
@store_options
def show_command(key: str, as_json: bool, **options: Any) -> None:
    """Print everything about one paper."""
    config = load_config(**options)

    async def work() -> PaperPage:
        return await read_paper(key, await get_user_id(config))

    page = with_store(config, work)
    if as_json:
        print_json(page)
    else:
        _print_page(page)


def fetch_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option `--fetch` to a command on one paper."""
    return click.option(
        "--fetch", "fetches", is_flag=True, help="first fetch the paper if it is not in the store"
    )(command)


@click.command("tag", context_settings={"ignore_unknown_options": True})
@click.argument("key")
@click.argument("changes", nargs=-1, required=True, metavar="+TAG|-TAG...")
@fetch_option
@json_option
@store_options
def tag_command(
    key: str, changes: tuple[str, ...], fetches: bool, as_json: bool, **options: Any
) -> None:
    """Add and remove tags of a paper, as in papermargin tag 2401.01234 +rl -old."""
    if wrong := [change for change in changes if change[:1] not in ("+", "-") or len(change) < 2]:
        raise Invalid(
            f"{wrong[0]!r}: write +{wrong[0].strip('+-') or 'tag'} to add a tag, - to remove it"
        )
    added = [change[1:] for change in changes if change[0] == "+"]
    removed = {change[1:].casefold() for change in changes if change[0] == "-"}

    def change_tags(current: EntryState | None) -> EntryEdit:
        tags = current.tags if current else []
        return EntryEdit(tags=[tag for tag in tags if tag.casefold() not in removed] + added)

    config = load_config(**options)
    state = _edit_entry(config, key, change_tags, fetches=fetches)
    _print_entry(state, as_json=as_json)


@click.command("suggest")
@click.argument("tag")
@click.option("--limit", type=click.IntRange(1, 200), default=10, help="at most this many papers")
@json_option
@store_options
def suggest_command(tag: str, limit: int, as_json: bool, **options: Any) -> None:
    """Print papers that might belong to a tag. Tag one with papermargin tag KEY +TAG."""
    from server.ranking.refresh import fill_vectors  # noqa: PLC0415 - loads NumPy
    from server.ranking.tags import suggest_for_tag  # noqa: PLC0415 - as above

    config = load_config(**options)

    async def work() -> TagSuggestions:
        user = await get_user_id(config)
        await fill_vectors()  # no server may be doing that
        return await suggest_for_tag(user, tag, limit=limit)

    found = with_store(config, work)
    if as_json:
        print_json(found)
        return
    if found.papers < found.needed:
        click.echo(f"{found.tag} has {found.papers} papers; it needs {found.needed}", err=True)
    table = Table(box=None, pad_edge=False, show_header=False)
    for paper in found.suggested:
        place = "list" if paper.listed else "store"
        table.add_row(paper.key, f"{paper.score:.1f}", place, paper.title)
    console().print(table)


@click.command("status")
@click.argument("key")
@click.argument("status", type=click.Choice(get_args(Status)))
@click.option("--rating", type=click.IntRange(0, 5), help="also set a rating, 0 to 5")
@fetch_option
@json_option
@store_options
def status_command(
    key: str, status: Status, rating: int | None, fetches: bool, as_json: bool, **options: Any
) -> None:
    """Set the status of a paper: inbox, reading, read, skipped, or none to take it off the list."""
    data = EntryEdit(status=status) if rating is None else EntryEdit(status=status, rating=rating)
    config = load_config(**options)
    state = _edit_entry(config, key, lambda current: data, fetches=fetches)
    _print_entry(state, as_json=as_json)


@click.command("cite")
@click.argument("key")
@click.argument("cited_as", required=False, metavar="[CITATION_KEY]")
@click.option("--reset", is_flag=True, help="take back the citation key that it was given")
@json_option
@store_options
def cite_command(
    key: str, cited_as: str | None, reset: bool, as_json: bool, **options: Any
) -> None:
    """Print the citation key of a paper, or cite it under a CITATION_KEY of your own.

    Neither a pattern nor an import replaces it. Example: papermargin cite 2401.01234 birch2025.
    """
    if reset and cited_as:
        raise click.UsageError("give a citation key or --reset, not both")
    config = load_config(**options)

    async def work() -> CitationKey:
        user = await get_user_id(config)
        if cited_as is None and not reset:
            return await read_key(key, user)
        return await set_key(Edit(user=user, at=datetime.now(UTC)), key, cited_as or "")

    found = with_store(config, work)
    if as_json:
        print_json(found)
    else:
        click.echo(found.key)


@click.command("note")
@click.argument("key")
@click.option("--text", help="the text of the note; without it, your editor opens")
@click.option(
    "--edit",
    "note",
    type=click.UUID,
    help="the id of a note to change, instead of writing a new one",
)
@fetch_option
@json_option
@store_options
def note_command(
    key: str, text: str | None, note: UUID | None, fetches: bool, as_json: bool, **options: Any
) -> None:
    """Write or change a note on a paper, in Markdown."""
    config = load_config(**options)

    async def before() -> tuple[str, NoteState | None]:
        user = await get_user_id(config)
        known = await _find_key(config, key, user, fetches=fetches)
        return known, await read_note(note, user) if note else None

    known, old = with_store(config, before)
    text = text if text is not None else click.edit(old.text if old else "", extension=".md")
    if text is None or not text.strip():
        raise Invalid("an empty note is not saved")

    async def work() -> NoteState:
        edit = Edit(
            user=await get_user_id(config), at=datetime.now(UTC), base=old.version if old else 0
        )
        quote = old.quote if old else None
        return await put_note(edit, note or uuid7(), NoteEdit(paper=known, text=text, quote=quote))

    try:
        state = with_store(config, work)
    except PapermarginError as error:
        raise Invalid(f"{error}; your text is kept in {_rescue(text)}") from error
    if as_json:
        print_json(state)
    else:
        click.echo(f"note {state.id} on {state.key}")


async def _find_key(config: Config, key: str, user: int, *, fetches: bool) -> str:
    """Return the key of a paper, which is fetched if the store does not have it.

    Raises `NotFound` if it may not be fetched, or if no site has it.
    """
    try:
        return (await find_paper(key)).key
    except NotFound as error:
        if not fetches:
            raise NotFound(f"{error}; add --fetch to fetch it") from None
    report = await add_at_once(key, user, config, datetime.now(UTC))
    if report.failed:
        raise NotFound(f"{key}: {report.failed[0].reason}")
    paper = report.papers[0]
    if paper.reason:
        click.echo(f"{paper.key} is not fetched yet: {paper.reason}", err=True)
    return paper.key


def _edit_entry(
    config: Config,
    key: str,
    make_edit: Callable[[EntryState | None], EntryEdit],
    *,
    fetches: bool,
) -> EntryState:
    """Write an entry, and start over from its newest version if another writer was faster."""

    async def work() -> EntryState:
        user = await get_user_id(config)
        known = await _find_key(config, key, user, fetches=fetches)
        for _ in range(TRIES - 1):
            try:
                return await attempt(user, known)
            except Conflict:
                continue
        return await attempt(user, known)

    async def attempt(user: int, known: str) -> EntryState:
        paper = await find_paper(known)
        entry, current = await load_entry(paper, user)
        edit = Edit(user=user, at=datetime.now(UTC), base=entry.version if entry else 0)
        return await put_entry(edit, paper.key, make_edit(current))

    return with_store(config, work)


def _rescue(text: str) -> Path:
    """Keep a text that could not be stored in a temporary file."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="papermargin-note-", suffix=".md", delete=False, encoding="utf8"
    ) as f:
        f.write(text)
    return Path(f.name)


def list_line(paper: ListedPaper) -> dict[str, Any]:
    """Return what the JSON of a list says of a paper."""
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
        "queue": entry.queue if entry else None,
        "snoozed_until": entry.snoozed_until if entry else None,
        "due": entry.due if entry else None,
        "notes": [
            {"id": note.id, "text": note.text, "quote": note.quote} for note in paper.card.notes
        ],
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
        table.add_row(paper.key, entry.status if entry else "", paper.title or UNFETCHED, tags)
    console().print(table)


def _print_entry(entry: EntryState, *, as_json: bool) -> None:
    if as_json:
        print_json(entry)
        return
    rating = f" {entry.rating}/5" if entry.rating is not None else ""
    click.echo(
        f"{entry.key} {entry.status}{rating} {' '.join(f'#{tag}' for tag in entry.tags)}".rstrip()
    )


def _print_page(page: PaperPage) -> None:
    lines = [
        page.title or UNFETCHED,
        ", ".join(page.authors),
        " ".join(filter(None, [page.key, str(page.published or ""), page.url])),
    ]
    if page.attempt:
        lines.append(f"could not be fetched: {page.attempt.reason}")
    if page.entry:
        tags = " ".join(f"#{tag}" for tag in page.entry.tags)
        rating = "" if page.entry.rating is None else page.entry.rating
        lines.append(f"{page.entry.status} {rating} {tags}".strip())
    lines += ["", page.abstract, ""]
    lines += [
        f"{name}s: {', '.join(names)}"
        for name, label in TERM_FIELDS.items()
        if (names := _names(page.terms, label))
    ]
    for result in filter(lambda each: each.is_shown, page.results):
        lines.append(
            "result: "
            + " · ".join(filter(None, [result.value, result.metric, result.dataset, result.method]))
        )
    for note in page.notes:
        lines += ["", *([f"> {note.quote.exact}"] if note.quote else []), note.text, f"({note.id})"]
    click.echo("\n".join(lines))
