"""Papers as an Atom feed (RFC 4287): authors, tags and terms of each, its abstract and the person's notes. Pure."""

import re
from datetime import UTC, datetime
from typing import Any

from feedgenerator.django.utils.feedgenerator import Atom1Feed
from markupsafe import Markup
from msgspec import Struct

from server.export.html import render_note
from server.export.reference import address, read_notes, read_tags
from server.source import fold
from server.wire import NoteState, PaperPage

MAX_AUTHORS = 50
MAX_NOTES = 50_000  # characters of the notes on one paper: a feed is asked for again and again

# https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FeedEntry(Struct, frozen=True):
    """A paper of a feed: `id` stays the same for ever, `published` is when it came in, `updated` when it changed."""

    id: str
    page: PaperPage
    published: datetime
    updated: datetime


class Feed(Struct, frozen=True, kw_only=True):
    """A feed: `id` stays the same for ever, `url` is its own address, `home` that of the server's pages."""

    id: str
    title: str
    author: str
    url: str
    home: str
    updated: datetime
    entries: list[FeedEntry]


class _Atom(Atom1Feed):  # type: ignore[misc]
    """Adds to the library's feed what it has no words for: several authors, labelled categories, further links."""

    def latest_post_date(self) -> datetime:
        """Give when the feed changed, also one without entries."""
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
    """Give the feed as an XML document."""
    atom = _Atom(
        title=_plain(feed.title),
        link=feed.home,
        description=None,
        author_name=_plain(feed.author),
        feed_url=feed.url,
        feed_guid=feed.id,
        updated=_second(feed.updated),
    )
    for entry in feed.entries:
        page = entry.page
        atom.add_item(
            title=_plain(page.title) or page.key,
            link=page.url or f"{feed.home}papers/{page.key}",
            description=None,
            content=_legal(_write_content(page)),
            unique_id=entry.id,
            pubdate=_second(entry.published),
            updateddate=_second(entry.updated),
            authors=[name for author in page.authors[:MAX_AUTHORS] if (name := _plain(author))],
            labels=_list_labels(page),
            links=_list_links(page),
        )
    written: str = atom.writeString("utf-8")
    return written.encode()


def _list_labels(page: PaperPage) -> list[dict[str, str]]:
    """Give the categories: tags, terms and arXiv's own, each kind under a scheme."""
    named = [("urn:papermargin:tag", tag, f"#{tag}") for tag in read_tags(page)]
    named += [(f"urn:papermargin:{term.label.lower()}", term.name, term.name) for term in page.terms]
    named += [("http://arxiv.org/schemas/atom", category, category) for category in page.categories]
    return [{"term": _plain(term), "scheme": scheme, "label": _plain(label)} for scheme, term, label in named]


def _list_links(page: PaperPage) -> list[dict[str, str]]:
    doi = f"https://doi.org/{page.doi}" if page.doi else None
    links = {"Code": page.code_url, "Project": page.project_url, "DOI": doi}
    return [
        {"rel": "related", "title": title, "href": _plain(href)}
        for title, url in links.items()
        if (href := address(url))
    ]


def _write_content(page: PaperPage) -> str:
    """Give an entry's HTML: what the person made of the paper, its abstract, the notes."""
    entry = page.entry
    rating = f"{entry.rating} of 5" if entry and entry.rating is not None else None
    facts = [str(page.published) if page.published else None, entry.status if entry else None, rating]
    told = " · ".join(fact for fact in facts if fact)
    paragraphs = [Markup("<p>{}</p>").format(text) for text in (told, page.abstract.strip()) if text]
    return "\n".join([*paragraphs, *_write_notes(read_notes(page))])


def _write_notes(notes: list[NoteState]) -> list[str]:
    written: list[str] = []
    left = MAX_NOTES
    for number, note in enumerate(notes):
        if len(note.text) > left:
            written.append(Markup("<p><em>and more: {} of {} notes are shown</em></p>").format(number, len(notes)))
            break
        left -= len(note.text)
        quote = Markup("<blockquote>{}</blockquote>").format(note.quote.exact) if note.quote else ""
        written.append(f"<hr>{quote}{render_note(note.text)}")
    return written


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _plain(text: str) -> str:
    return _legal(fold(text))


def _legal(text: str) -> str:
    """Give the text without what no XML document may hold."""
    return _NO_XML.sub("", text)
