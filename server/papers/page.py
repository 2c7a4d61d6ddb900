"""Everything about one paper, for its page, the panel and the exports."""

from collections import defaultdict

from server.database.connection import fetch, places, read_connection
from server.database.models.imports import Citation as CitationRow
from server.database.models.papers import Alias, ListingPaper, Paper
from server.database.serializers import find_paper
from server.exports.note_links import find_links
from server.identifiers import paper_url
from server.papers.cards import cards, corrections_of, extraction_state
from server.papers.fetch_attempts import is_incomplete, read_attempts
from server.papers.hugging_face import has_thumbnail
from server.papers.note_links import resolve_links
from server.schema.citations import Citation
from server.schema.fetching import FetchAttempt
from server.schema.papers import Card, PaperPage, Place
from server.schema.terms import CorrectionState
from server.terms.apply_corrections import correct, correct_results
from server.terms.overrides_sql import Naming, read_naming, rename


async def read_paper(key: str, user: int) -> PaperPage:
    """Return everything on a paper that a user may see. Raises `NotFound`."""
    [page] = await read_pages([(await find_paper(key)).id], user)
    return page


async def read_pages(ids: list[int], user: int) -> list[PaperPage]:
    """Return everything on the papers of some row ids, in their order.

    An unknown id has none.
    """
    if not ids:
        return []
    papers = {
        paper.id: paper for paper in await Paper.filter(id__in=ids).using_db(read_connection())
    }
    found, verdicts = await cards(ids, user), await corrections_of(user, ids)
    naming, citations = await read_naming(user), await _citations(ids, user)
    attempts = await read_attempts(
        [n for n, paper in papers.items() if is_incomplete(paper.key, paper.abstract)]
    )
    notes = [note for card in found.values() for note in card.notes]
    links = await resolve_links((note.text for note in notes), user)
    aliases, stood = defaultdict(list), defaultdict(list)
    for alias in await Alias.filter(paper_id__in=ids).order_by("id").using_db(read_connection()):
        aliases[alias.paper_id].append(alias.key)
    places_of = (
        ListingPaper.filter(paper_id__in=ids)
        .prefetch_related("listing")
        .order_by("listing__day", "id")
    )
    for place in await places_of.using_db(read_connection()):
        stood[place.paper_id].append(
            Place(place.listing.kind, place.listing.name, place.listing.day, place.position)
        )
    pages = [
        _page(
            papers[n],
            found[n],
            verdicts[n],
            naming,
            aliases[n],
            stood[n],
            citations.get(n),
            attempts.get(n),
        )
        for n in ids
        if n in papers and n in found
    ]
    for page in pages:
        targets = (link.target for note in page.notes for link in find_links(note.text))
        page.links = {target: links[target] for target in targets if target in links}
    return pages


async def _citations(ids: list[int], user: int) -> dict[int, Citation]:
    rows = CitationRow.filter(user_id=user, paper_id__in=ids).using_db(read_connection())
    return {row.paper_id: row.data for row in await rows}


def _page(
    paper: Paper,
    card: Card,
    corrections: list[CorrectionState],
    naming: Naming,
    aliases: list[str],
    stood: list[Place],
    citation: Citation | None,
    attempt: FetchAttempt | None,
) -> PaperPage:
    text = f"{paper.title}\n{paper.abstract}"
    return PaperPage(
        key=paper.key,
        aliases=aliases,
        title=paper.title,
        abstract=paper.abstract,
        authors=paper.authors,
        author_count=paper.author_count,
        published=paper.published,
        issued=paper.issued,
        citation=citation,
        sources=paper.sources,
        url=paper_url(paper.key),
        code_url=paper.code_url,
        project_url=paper.project_url,
        doi=paper.doi,
        organization=paper.organization,
        categories=paper.categories,
        upvotes=paper.upvotes,
        comments=paper.comments,
        hugging_face=paper.hugging_face,
        has_thumbnail=has_thumbnail(paper.key, paper.richness, paper.hugging_face),
        extraction=extraction_state(paper.extraction_version, paper.extraction_error),
        extraction_version=paper.extraction_version,
        seen=card.seen,
        entry=card.entry,
        notes=card.notes,
        corrections=corrections,
        mentions=rename(correct(paper.mentions, text, corrections), naming),
        terms=card.terms,
        results=correct_results(paper.results, text, corrections),
        places=stood,
        attempt=attempt,
    )


async def read_titles(keys: list[str]) -> dict[str, str]:
    """Return the titles of papers by their keys."""
    rows = (
        await fetch(f"SELECT key, title FROM paper WHERE key IN ({places(len(keys))})", *keys)
        if keys
        else []
    )
    return {row["key"]: row["title"] for row in rows}
