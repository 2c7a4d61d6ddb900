"""The border of the package: texts in, mentions and results out."""

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
import nlp.tagger  # noqa: F401 - spaCy finds components and tokenizer of both modules by their decorators
from nlp.abbreviations import DEFINED
from nlp.confidence import MENTIONS
from nlp.results import find_results
from nlp.spans import LABELS, Extraction, Label, Mention, Result
from nlp.terms import define, term_of
from nlp.version import MODEL

_PIECE = re.compile(r"(?s).{1,20000}(?!\S)|.{1,20000}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_OBJECT = re.compile(rb'\s*\{\s*["}]')

Id = str | int | None
Part = TypeVar("Part", Mention, Result)


class Question(msgspec.Struct):
    """A line that asks what a text says."""

    text: str
    id: Id = None


def load_model(path: Path | None = None) -> Language:
    """Load a trained pipeline: the packaged one, unless another's folder is given."""
    return spacy.load(path or MODEL)


def extract(nlp: Language, texts: Iterable[str], *, batch_size: int = 16) -> Iterator[Extraction]:
    """Give what each text says, in the order of the texts; offsets count the characters of the text as given.

    Texts are taken as they are needed, `batch_size` at a time. One of more than 20,000 characters is read in pieces.
    """
    whole = Extraction([], [])
    for doc, (offset, is_last) in nlp.pipe(_pieces(texts), as_tuples=True, batch_size=batch_size):
        piece = _read(doc, offset)
        whole = Extraction(whole.mentions + piece.mentions, whole.results + piece.results)
        if is_last:
            yield whole
            whole = Extraction([], [])


def extract_lines(nlp: Language, source: Iterable[bytes], target: BinaryIO, complaints: TextIO) -> int:
    """Answer each JSON line `{"id", "text"}` by one with `id`, `spans` and `results`; give how many were left out.

    A source that does not begin with a JSON object is one plain text, and its answer has the id null. A line that
    cannot be read is told on `complaints` with its number; the others are answered all the same, in their order.
    """
    ids: deque[Id] = deque()
    unread = 0

    def texts() -> Iterator[str]:
        nonlocal unread
        for number, line in _lines(source):
            try:
                question = msgspec.json.decode(line, type=Question)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                unread += 1
                print(f"line {number} cannot be read: {error}", file=complaints)
            else:
                ids.append(question.id)
                yield question.text

    for found in extract(nlp, texts()):
        target.write(_answer(ids.popleft(), found))
        target.flush()
    return unread


def _lines(source: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Give the lines that ask something, numbered from 1; a plain text is made one."""
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


def _answer(id: Id, found: Extraction) -> bytes:
    spans = [(mention.start, mention.end, mention.label) for mention in found.mentions]
    results = [
        {name: getattr(result, name) for name in ("metric", "value", "dataset", "method")} for result in found.results
    ]
    return msgspec.json.encode({"id": id, "spans": spans, "results": results}) + b"\n"


def _pieces(texts: Iterable[str]) -> Iterator[tuple[str, tuple[int, bool]]]:
    """Cut long texts where white space stands; each piece has its offset and whether it is the last of its text."""
    for text in texts:
        ends = [piece.end() for piece in _PIECE.finditer(text)] or [0]
        for start, end in pairwise([0, *ends]):
            yield _SURROGATE.sub("\ufffd", text[start:end]), (start, end == len(text))


def _read(doc: Doc, offset: int) -> Extraction:
    """Give the mentions and results of a piece of text that begins at an offset."""
    mentions = [*_mentions(doc)]
    results = find_results(doc.text, mentions)
    return Extraction([_moved(mention, offset) for mention in mentions], [_moved(result, offset) for result in results])


def _mentions(doc: Doc) -> Iterator[Mention]:
    """Give the mentions of a text with their terms and confidences."""
    text, found = doc.text, doc.spans[MENTIONS]
    labels = {span.text: span.label_ for span in found}
    defined = [(text[slice(*long)], text[slice(*short)]) for long, short in doc.user_data[DEFINED]]
    shared = {label: define([pair for pair in defined if labels.get(pair[1]) == label], label) for label in LABELS}
    for span, confidence in zip(found, found.attrs["scores"], strict=True):
        label = cast(Label, span.label_)
        yield Mention(span.start_char, span.end_char, label, term_of(span.text, label, shared[label]), confidence)


def _moved(part: Part, offset: int) -> Part:
    return replace(part, start=part.start + offset, end=part.end + offset)
