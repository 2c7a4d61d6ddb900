"""Render papers as an Atom feed (RFC 4287). Pure.

An entry has the paper's authors, tags, terms and abstract, and the user's notes.
"""

import re
from datetime import UTC, datetime
from typing import Any

from feedgenerator.django.utils.feedgenerator import Atom1Feed
from markupsafe import Markup
from msgspec import Struct

from server.exports.html import render_note
from server.exports.reference import address, read_notes, read_tags
from server.schema.papers import PaperPage
from server.schema.reading_list import NoteState
from server.schema.sources import fold

MAX_AUTHORS = 50
MAX_NOTES = 50_000  # characters of the notes on one paper, since feeds are fetched every hour

# https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FeedEntry(Struct, frozen=True):
    """A paper of a feed.

    `id` is permanent; `published` is when the paper came in, `updated` when what is shown changed.
    """

    id: str
    page: PaperPage
    published: datetime
    updated: datetime


class Feed(Struct, frozen=True, kw_only=True):
    """A feed: `id` is permanent, `url` its own address or empty, `home` that of the server."""

    id: str
    title: str
    author: str
    url: str
    home: str
    updated: datetime
    entries: list[FeedEntry]


class _Atom(Atom1Feed):  # type: ignore[misc]
    """The library's feed with several authors, labelled categories and related links."""

    def latest_post_date(self) -> datetime:
        """Return when the feed changed, also if it has no entries."""
        updated: datetime = self.feed["updated"]
        return updated

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        """Write an entry."""
        super().add_item_elements(handler, item)
        for name in item["authors"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            handler.endElement("author")
        for attributes in item["labels"]:
            handler.addQuickElement("category", "", attributes)
        for attributes in item["links"]:
            handler.addQuickElement("link", "", attributes)


def render_feed(feed: Feed) -> bytes:
    """Render the feed as an XML document."""
    atom = _Atom(
        title=_plain(feed.title),
        link=feed.home,
        description=None,
        author_name=_plain(feed.author),
        feed_url=feed.url or None,
        feed_guid=feed.id,
        updated=_to_second(feed.updated),
    )
    for entry in feed.entries:
        page = entry.page
        atom.add_item(
            title=_plain(page.title) or page.key,
            link=page.url or f"{feed.home}papers/{page.key}",
            description=None,
            content=remove_illegal(_write_content(page)),
            unique_id=entry.id,
            pubdate=_to_second(entry.published),
            updateddate=_to_second(entry.updated),
            authors=[name for author in page.authors[:MAX_AUTHORS] if (name := _plain(author))],
            labels=_list_labels(page),
            links=_list_links(page),
        )
    written: str = atom.writeString("utf-8")
    return written.encode()


def _list_labels(page: PaperPage) -> list[dict[str, str]]:
    """List the categories: tags, terms and arXiv's own, each kind with its scheme."""
    named = [("urn:papermargin:tag", tag, f"#{tag}") for tag in read_tags(page)]
    named += [
        (f"urn:papermargin:{term.label.lower()}", term.name, term.name) for term in page.terms
    ]
    named += [("http://arxiv.org/schemas/atom", category, category) for category in page.categories]
    return [
        {"term": _plain(term), "scheme": scheme, "label": _plain(label)}
        for scheme, term, label in named
    ]


def _list_links(page: PaperPage) -> list[dict[str, str]]:
    doi = f"https://doi.org/{page.doi}" if page.doi else None
    links = {"Code": page.code_url, "Project": page.project_url, "DOI": doi}
    return [
        {"rel": "related", "title": title, "href": _plain(href)}
        for title, url in links.items()
        if (href := address(url))
    ]


def _write_content(page: PaperPage) -> str:
    """Write an entry's HTML: date, status and rating, the abstract, the notes."""
    texts = [" · ".join(_list_facts(page)), page.abstract.strip()]
    paragraphs = [Markup("<p>{}</p>").format(text) for text in texts if text]
    return "\n".join([*paragraphs, *_write_notes(read_notes(page))])


def _list_facts(page: PaperPage) -> list[str]:
    facts = [str(page.published)] if page.published else []
    if entry := page.entry:
        facts.append(entry.status)
        if entry.rating is not None:
            facts.append(f"{entry.rating} of 5")
    return facts


def _write_notes(notes: list[NoteState]) -> list[str]:
    written: list[str] = []
    left = MAX_NOTES
    for number, note in enumerate(notes):
        if len(note.text) > left:
            written.append(
                Markup("<p><em>and more: {} of {} notes are shown</em></p>").format(
                    number, len(notes)
                )
            )
            break
        left -= len(note.text)
        quote = Markup("<blockquote>{}</blockquote>").format(note.quote.exact) if note.quote else ""
        written.append(f"<hr>{quote}{render_note(note.text)}")
    return written


def _to_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _plain(text: str) -> str:
    return remove_illegal(fold(text))


def remove_illegal(text: str) -> str:
    """Remove the characters that XML does not allow."""
    return _NO_XML.sub("", text)
