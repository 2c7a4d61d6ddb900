"""Extract mentions and results from texts: the entry points of the package."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import BinaryIO, TextIO, TypeVar, cast

import msgspec
import spacy
from msgspec.structs import replace
from spacy.language import Language
from spacy.tokens import Doc

import nlp.pipeline
import nlp.tagger.tagger  # noqa: F401 - spaCy finds components and tokenizer of both modules by their decorators
from nlp.results.find import find_results
from nlp.results.reading import READ
from nlp.roles import with_roles
from nlp.rules.abbreviations import DEFINED
from nlp.spans import LABELS, Extraction, Label, Mention, Result
from nlp.tagger.confidence import MENTIONS
from nlp.terms import define, term_of
from nlp.version import MODEL

_PIECE = re.compile(r"(?s).{1,20000}(?!\S)|.{1,20000}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_WRAPPED = re.compile(r"(?<=\S)[^\S\n]*\n(?=[^\S\n]*[^\s*•-])")
"""The end of a line inside a paragraph; what begins with a bullet is a paragraph."""
_OBJECT = re.compile(rb'\s*\{\s*["}]')

Id = str | int | None
Part = TypeVar("Part", Mention, Result)


class Request(msgspec.Struct):
    """A line of input: a text and the id that its answer repeats."""

    text: str
    id: Id = None


def load_model(path: Path | None = None) -> Language:
    """Load a trained pipeline from a folder, by default the packaged one.

    Raises `OSError` if there is none.
    """
    return spacy.load(path or MODEL)


def extract(nlp: Language, texts: Iterable[str], *, batch_size: int = 16) -> Iterator[Extraction]:
    """Yield the extraction of each text, in the order of the texts.

    The first line of a text is its title; other paragraphs may be of several lines. Offsets count
    the characters of the text as passed in. Texts are consumed lazily, `batch_size` at a time. A
    text of more than 20,000 characters is processed in pieces.
    """
    whole = Extraction([], [])
    for doc, (offset, is_last) in nlp.pipe(_pieces(texts), as_tuples=True, batch_size=batch_size):
        piece = _extraction(doc, offset)
        whole = Extraction(whole.mentions + piece.mentions, whole.results + piece.results)
        if is_last:
            yield whole
            whole = Extraction([], [])


def extract_lines(nlp: Language, source: Iterable[bytes], target: BinaryIO, errors: TextIO) -> int:
    """Answer each JSON line `{"id", "text"}` with a line that has `id`, `spans` and `results`.

    A source that does not begin with a JSON object is treated as one plain text, whose answer has
    the id null. Lines that cannot be decoded are reported on `errors` by number and skipped.

    Returns the number of skipped lines.
    """
    waiting: deque[Request] = deque()
    skipped = 0

    def texts() -> Iterator[str]:
        nonlocal skipped
        for number, line in _lines(source):
            try:
                request = msgspec.json.decode(line, type=Request)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                skipped += 1
                print(f"line {number} cannot be read: {error}", file=errors)
            else:
                waiting.append(request)
                yield request.text

    for found in extract(nlp, texts()):
        request = waiting.popleft()
        target.write(_answer(request.id, request.text, found))
        # whoever sends line by line waits for this answer before sending the next
        target.flush()
    return skipped


def _lines(source: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, numbered from 1; a plain text becomes one JSON line."""
    lines = iter(source)
    blank_lines = []
    for line in lines:
        if line.strip():
            break
        blank_lines.append(line)
    else:
        return
    if _OBJECT.match(line):
        numbered = enumerate(chain([line], lines), start=len(blank_lines) + 1)
        yield from ((number, line) for number, line in numbered if line.strip())
    else:
        text = b"".join([*blank_lines, line, *lines]).decode("utf-8", "replace")
        yield 1, msgspec.json.encode({"text": text})


def _answer(id: Id, text: str, found: Extraction) -> bytes:
    spans = [(mention.start, mention.end, mention.label) for mention in found.mentions]
    results = [
        {
            "metric": result.metric,
            "value": text[result.start : result.end],
            "dataset": result.dataset,
            "method": result.method,
        }
        for result in found.results
        if result.kind != "other"
    ]
    return msgspec.json.encode({"id": id, "spans": spans, "results": results}) + b"\n"


def _pieces(texts: Iterable[str]) -> Iterator[tuple[str, tuple[int, bool]]]:
    """Cut long texts at white space; yield pieces with their offset and whether they end a text."""
    for text in map(_unwrap, texts):
        ends = [piece.end() for piece in _PIECE.finditer(text)] or [0]
        for start, end in pairwise([0, *ends]):
            # spaCy keeps strings in UTF-8, which has no half surrogate pairs; offsets stay the same
            yield _SURROGATE.sub("\ufffd", text[start:end]), (start, end == len(text))


def _unwrap(text: str) -> str:
    """Return a text of equal length, in which paragraphs are one line each."""
    title, line_end, rest = text.partition("\n")
    return title + line_end + _WRAPPED.sub(lambda end: " " * len(end[0]), rest)


def _extraction(doc: Doc, offset: int) -> Extraction:
    """Return the mentions and results of a piece of text that begins at an offset."""
    mentions = with_roles(doc.text, [*_mentions(doc)])
    results = find_results(doc.text, mentions, read=doc.user_data.get(READ))
    return Extraction(
        [_moved(mention, offset) for mention in mentions],
        [_moved(result, offset) for result in results],
    )


def _mentions(doc: Doc) -> Iterator[Mention]:
    """Yield the mentions of a text with their terms and confidences."""
    text, found = doc.text, doc.spans[MENTIONS]
    labels = {span.text: span.label_ for span in found}
    defined = [(text[slice(*long)], text[slice(*short)]) for long, short in doc.user_data[DEFINED]]
    shared = {
        # a pair defines a term only for the label that its short form has in this text
        label: define([pair for pair in defined if labels.get(pair[1]) == label], label)
        for label in LABELS
    }
    for span, confidence in zip(found, found.attrs["scores"], strict=True):
        label = cast(Label, span.label_)
        yield Mention(
            span.start_char,
            span.end_char,
            label,
            term_of(span.text, label, shared[label]),
            confidence,
        )


def _moved(part: Part, offset: int) -> Part:
    names = ("start", "end", "sentence_start", "sentence_end")
    return replace(
        part, **{name: getattr(part, name) + offset for name in names if hasattr(part, name)}
    )
