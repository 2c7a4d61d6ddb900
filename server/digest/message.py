"""Write a digest as an e-mail with a plain and an HTML part. Pure.

No part loads anything from another host.
"""

from datetime import date
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from itertools import chain
from pathlib import Path
from textwrap import shorten, wrap
from uuid import NAMESPACE_OID, uuid5

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct, field

from server.exports.reference import address
from server.schema.papers import PaperPage, SharedTerm
from server.schema.sources import fold

WIDTH = 72
MAX_AUTHORS = 4
MAX_ABSTRACT = 420  # characters


class DigestPaper(Struct, frozen=True):
    """A paper of a digest; `terms` are those it shares with the user's papers, if close to them."""

    page: PaperPage
    terms: list[SharedTerm] = field(default_factory=list)


class Section(Struct, frozen=True):
    """Papers chosen for one reason; `more` is how many further ones were left out."""

    title: str
    reason: str
    papers: list[DigestPaper]
    more: int = 0


class Digest(Struct, frozen=True):
    """A day's papers for one user; not sent if it has no sections."""

    day: date
    user: str
    sections: list[Section]

    @property
    def papers(self) -> int:
        """The number of papers shown."""
        return sum(len(section.papers) for section in self.sections)


def build_message(digest: Digest, sender: Address, recipient: Address) -> EmailMessage:
    """Build the e-mail.

    The Message-ID depends on user, recipient and day alone, so mail programs recognise a repeat.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = f"Papermargin: {_count(digest.papers)}, {_write_day(digest.day)}"
    message["From"] = sender
    message["To"] = recipient
    number = uuid5(
        NAMESPACE_OID, f"papermargin digest {digest.user} {recipient.addr_spec} {digest.day}"
    )
    message["Message-ID"] = f"<{number}@{sender.domain or 'papermargin'}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    # a line of mail has at most 998 bytes, and an abstract may be one line
    message.set_content(write_text(digest), cte="quoted-printable")
    page = _ENVIRONMENT.get_template("digest.html.jinja").render(digest=digest)
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    return message


def write_text(digest: Digest) -> str:
    """Write the plain text, wrapped at 72 characters except for addresses."""
    head = [
        f"Papermargin, {digest.day:%A}, {_write_day(digest.day)}",
        f"{_count(digest.papers)} for {digest.user}",
    ]
    return "\n".join([*head, *chain.from_iterable(map(_write_section, digest.sections))]) + "\n"


def _write_section(section: Section) -> list[str]:
    title = shorten(fold(section.title).upper(), WIDTH, placeholder=" …")
    lines = ["", "", title, "-" * len(title), *_wrap(section.reason, indent="")]
    for paper in section.papers:
        lines += ["", *_write_paper(paper)]
    return [*lines, "", f"… and {_count(section.more)} more"] if section.more else lines


def _write_paper(paper: DigestPaper) -> list[str]:
    page, link = paper.page, address(paper.page.url)
    lines = _wrap(fold(page.title) or page.key)
    lines[0] = f"* {lines[0].lstrip()}"
    lines += _wrap(" · ".join(_list_facts(page)))
    lines += [f"  {link}"] if link else []
    lines += _wrap(_write_reason(paper))
    abstract = _wrap(_shorten(page.abstract))
    return [*lines, "", *abstract] if abstract else lines


def _wrap(text: str, *, indent: str = "  ") -> list[str]:
    return wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def _list_facts(page: PaperPage) -> list[str]:
    """List a paper's authors, date, upvotes and the user's status, without those it lacks."""
    facts = [_write_authors(page), str(page.published or "")]
    if page.upvotes:
        facts.append(f"{page.upvotes} upvotes")
    if page.entry and page.entry.status != "none":
        facts.append(f"in your list: {page.entry.status}")
    return [fact for fact in facts if fact]


def _write_authors(page: PaperPage) -> str:
    shown = page.authors[:MAX_AUTHORS]
    names = [name for author in shown if (name := fold(author))]
    # some sources give the first authors and a count
    more = max(page.author_count or 0, len(page.authors)) - len(shown)
    return ", ".join(names) + (f" and {more} more" if names and more > 0 else "")


def _write_reason(paper: DigestPaper) -> str:
    terms = ", ".join(f"{fold(term.name)} ({_count(term.own)} of yours)" for term in paper.terms)
    return f"Shares {terms}" if terms else ""


def _shorten(text: str) -> str:
    return shorten(fold(text), MAX_ABSTRACT, placeholder=" …", break_on_hyphens=False)


def _write_day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _count(papers: int) -> str:
    return "1 paper" if papers == 1 else f"{papers:,} papers"


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "address": address,
    "count": _count,
    "day": _write_day,
    "facts": _list_facts,
    "fold": fold,
    "reason": _write_reason,
    "shorten": _shorten,
}
