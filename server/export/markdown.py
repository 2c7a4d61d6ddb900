"""A paper as a Markdown file: front matter, and one marked block of ours that leaves the rest to the person. Pure.

The block stands between two HTML comments that carry the digest of what is between them. So an edit of the person's
shows, and no note can forge an end of the block: it would have to hold the digest of itself. The block's last line
tells what front matter was exported with it, so that a file can be merged wherever it was copied or restored from.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

from nlp.spans import Result
from server.errors import Invalid
from server.export.frontmatter import Exported, digest_values, merge_values, read_values, write_values
from server.wire import NoteState, PaperPage

MAX_AUTHORS = 12

_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"""^paper_key:[ \t]*(["']?)(?P<key>[^\s"'#]+)\1""", re.MULTILINE)
_BLOCK = re.compile(
    r"^<!-- papermargin:begin (?P<digest>[0-9a-f]{32}) -->\r?\n(?P<content>.*?)"
    r"<!-- papermargin:end (?P=digest) -->",
    re.DOTALL | re.MULTILINE,
)
_EXPORTED = re.compile(r"^<!-- papermargin:exported (.*) -->\r?$", re.MULTILINE)
_EXPORTED_KEY = re.compile(r"(\w+)=([0-9a-f,]+)")
_EDITED = (
    "> [!warning] The block above was edited here, and is kept. What Papermargin has now stands in this one.\n"
    "> To settle it, delete the block that you do not want, with the comments around it.\n>\n"
)
# mathematics stays as it is, unless it holds what could be more than that to a reader without mathematics
_MATHEMATICS = r"\$(?![\s$])[^$<>\[\]`|%#\n]{1,300}(?<![\s\\])\$(?!\d)"
_SPECIAL = re.compile(rf"(?P<mathematics>{_MATHEMATICS})|[\\`*_\[\]<>#|~$^]|&(?=#?\w+;)|%(?=%)|=(?==)")
_LIST_OR_RULE = re.compile(r"^(\d*)([-+.)])(?=\s|-|$)")
# they turn the direction of what follows, https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Merged(Struct, frozen=True):
    """A file with our part brought up to date; `reason` says why it was kept as it is, where it was.

    In a conflict the person edited our block: theirs is kept, and ours stands beneath it.
    """

    text: str
    outcome: Literal["updated", "unchanged", "conflict", "kept"]
    reason: str | None = None


def render(page: PaperPage) -> str:
    """Give the whole file of a paper that has none yet."""
    values = read_values(page)
    return f"---\n{write_values(values)}---\n\n{_mark(_write_content(page), digest_values(values))}\n"


def merge(text: str, page: PaperPage) -> Merged:
    """Bring a paper's file up to date: our block and our front matter, and no other byte."""
    front = _FRONT.match(text)
    blocks = list(_BLOCK.finditer(text, front.end())) if front else []
    if not front or not blocks:
        return Merged(text, "kept", "it has no marked block any more")
    values = read_values(page)
    edited = [block for block in blocks if not _is_intact(block)]
    content = _EDITED + _quote_lines(_write_content(page)) + "\n" if edited else _write_content(page)
    ours = _mark(content, digest_values(values))
    if any(block[0].replace("\r\n", "\n") == ours for block in blocks):
        return Merged(text, "conflict" if edited else "unchanged")
    try:
        yaml = merge_values(front["yaml"], values, _read_exported(blocks))
    except Invalid as error:
        return Merged(text, "kept", str(error))
    ours = ours.replace("\n", "\r\n") if "\r\n" in text else ours
    body = _put_block(text[front.end("yaml") :], ours)
    return Merged(text[: front.start("yaml")] + yaml + body, "conflict" if edited else "updated")


def read_key(text: str) -> str | None:
    """Give the key of the paper whose file this is, as its front matter says, quoted or not; else None."""
    front = _FRONT.match(text)
    found = _KEY.search(front["yaml"]) if front else None
    return found["key"] if found else None


def _mark(content: str, exported: Exported) -> str:
    digests = " ".join(f"{key}={','.join(digests)}" for key, digests in exported.items())
    content += f"\n<!-- papermargin:exported {digests} -->\n"
    digest = _digest(content)
    return f"<!-- papermargin:begin {digest} -->\n{content}<!-- papermargin:end {digest} -->"


def _digest(content: str) -> str:
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def _is_intact(block: re.Match[str]) -> bool:
    return _digest(block["content"].replace("\r\n", "\n")) == block["digest"]


def _read_exported(blocks: list[re.Match[str]]) -> Exported:
    """Give what the last block of ours says was exported with it, or the last edited one if there is no other."""
    newest = max(enumerate(blocks), key=lambda numbered: (_is_intact(numbered[1]), numbered[0]))[1]
    lines = _EXPORTED.findall(newest["content"])
    return {key: digests.split(",") for key, digests in _EXPORTED_KEY.findall(lines[-1])} if lines else {}


def _put_block(body: str, ours: str) -> str:
    """Replace our blocks; if the person edited all of them, put ours beneath the last."""
    blocks = list(_BLOCK.finditer(body))
    if any(map(_is_intact, blocks)):
        return _BLOCK.sub(lambda block: ours if _is_intact(block) else block[0], body)
    end = blocks[-1].end()
    gap = "\r\n\r\n" if "\r\n" in ours else "\n\n"
    return body[:end] + gap + ours + body[end:]


def _write_content(page: PaperPage) -> str:
    notes = sorted((note for note in page.notes if not note.deleted), key=lambda note: (note.created, note.id))
    sections = [
        f"# {_escape(page.title) or page.key}",
        _write_authors(page),
        _write_links(page),
        f"## Abstract\n\n{_escape(page.abstract)}" if page.abstract.strip() else "",
        _write_results(page.results) if page.results else "",
        "\n\n".join(["## Notes", *map(_write_note, notes)]) if notes else "",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _write_authors(page: PaperPage) -> str:
    names = ", ".join(map(_escape, page.authors[:MAX_AUTHORS]))
    more = max(page.author_count or 0, len(page.authors)) - len(page.authors[:MAX_AUTHORS])
    if not names:
        return f"{more} authors" if more else ""
    return f"{names} and {more} more" if more else names


def _write_links(page: PaperPage) -> str:
    doi = f"https://doi.org/{page.doi}" if page.doi else None
    links = {"Paper": page.url, "Code": page.code_url, "Project": page.project_url, "DOI": doi}
    written = [
        f"[{label}]({quote(url, safe=':/?#@!&*+,;=%~')})"
        for label, url in links.items()
        if url and url.startswith(("https://", "http://"))
    ]
    return " · ".join([str(page.published)] * bool(page.published) + written)


def _write_results(results: Iterable[Result]) -> str:
    rows = [(result.metric, result.value, result.dataset, result.method) for result in results]
    lines = [f"| {' | '.join(_escape(cell or '') for cell in row)} |" for row in rows]
    return "\n".join(["## Results\n", "| Metric | Value | Dataset | Method |", "| --- | --- | --- | --- |", *lines])


def _write_note(note: NoteState) -> str:
    """Give a note as a callout: nothing in it can open or close anything outside, and every line can be read back."""
    lines = [f"> [!{'quote' if note.quote else 'note'}] {note.created.astimezone(UTC):%Y-%m-%d}"]
    if note.quote:
        lines += [f"> > {_escape(note.quote.exact)}", ">"]
    if note.text:
        lines.append(_quote_lines(note.text.replace("\r\n", "\n").replace("\r", "\n")))
    return "\n".join([*lines, f"\n^n-{note.id}"])


def _quote_lines(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def _escape(text: str) -> str:
    """Give plain text as Markdown on one line that shows just this text."""
    plain = " ".join(_INVISIBLE.sub("", " ".join(text.split())).split())
    escaped = _SPECIAL.sub(lambda found: found[0] if found["mathematics"] else f"\\{found[0]}", plain)
    return _LIST_OR_RULE.sub(r"\1\\\2", escaped)
