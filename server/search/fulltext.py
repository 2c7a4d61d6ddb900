"""Words and phrases as full-text expressions of either engine. Pure.

A word stands for all its spellings: "fine-tuning" is also the word `finetuning`, `sam2` also the
phrase "sam 2", and of two words in a row also both in one. The indexes have five parts: a paper's
title, its abstract, the spellings of either (see `server.words`), and its authors.
"""

from collections.abc import Iterable
from itertools import pairwise

from msgspec import Struct

from server.search.parser import Text
from server.words import joined, splits, subject_word, tokens

MAX_PAIRS = 12  # words of a query whose order counts
MAX_JOINED = 4  # words of a phrase that may be written as one

# FTS5 names columns, https://sqlite.org/fts5.html#fts5_column_filters; PostgreSQL labels words
TITLE = ("{title title_spellings}", "A")
TITLE_TEXT = ("{title}", "A")
TEXT = ("{title abstract}", "")
ABSTRACT_TEXT = ("{abstract}", "C")
ORGANIZATION = ("{abstract_spellings}", "D")  # its words are indexed there, among others
AUTHORS = ("{author_words}", "B")

Part = tuple[str, str]
"""A part of a paper: the columns of FTS5, and the labels of PostgreSQL."""


class Spelling(Struct, frozen=True):
    """Words in a row, or anywhere in a text; with `prefix`, the last of them is open at its end."""

    words: tuple[str, ...]
    prefix: bool = False
    anywhere: bool = False


def is_searchable(word: Text) -> bool:
    """Return whether a word or phrase has a letter or a digit, and so can be in an index."""
    return bool(tokens(word.text))


def spelled(words: list[Text]) -> list[list[Spelling]]:
    """Return the spellings of each of some words that stand in a row."""
    groups = [_spellings(word) for word in words]
    for n, (first, second) in enumerate(pairwise(words)):
        if both := _joined(first, second):
            groups[n].append(both)
            groups[n + 1].append(both)
    return groups


def in_a_row(words: Iterable[Text]) -> Spelling:
    """Return words as one phrase."""
    return Spelling(tuple(token for word in words for token in tokens(word.text)))


def pairs(words: list[Text]) -> list[Spelling]:
    """Return each word with the one that follows it, as phrases."""
    found = [token for word in words for token in tokens(word.text)]
    return [Spelling(pair) for pair in pairwise(found[:MAX_PAIRS])]


def subject(words: list[Text], *, prefix: bool) -> Spelling | None:
    """Return words as the subject of a title, or, with `prefix`, as what it begins with."""
    word = subject_word(" ".join(word.text for word in words), prefix=prefix)
    return Spelling((word,), prefix) if word else None


def names(value: str, *, prefix: bool) -> list[Spelling]:
    """Return how a name may stand among the authors: also with another name inside, or turned."""
    words = tuple(tokens(value))
    found = [Spelling(words, prefix)]
    if len(words) == 2 and not prefix:
        # "Ada Lovelace" is also "Ada King Lovelace" and "Lovelace, Ada"
        found += [Spelling((words[0], "", words[1])), Spelling((words[1], words[0]))]
    return found


def expression(
    groups: list[list[Spelling]], part: Part | None = None, *, postgres: bool, any_of: bool = False
) -> str:
    """Write what finds texts with a spelling of each group, or of any of them.

    It is what PostgreSQL's `to_tsquery` reads, or FTS5's MATCH:
    https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY,
    https://sqlite.org/fts5.html#full_text_query_syntax.
    """
    if postgres:
        labels = part[1] if part else ""
        joint = " | " if any_of else " & "
        return joint.join(
            f"({' | '.join(_tsquery(spelling, labels) for spelling in group)})" for group in groups
        )
    joint = " OR " if any_of else " AND "
    found = joint.join(f"({' OR '.join(map(_fts5, group))})" for group in groups)
    return f"{part[0]} : ({found})" if part else found


def _spellings(word: Text) -> list[Spelling]:
    words = tuple(tokens(word.text))
    whole = joined(word.text)
    if words and not whole:  # no spaces between words: the pairs of characters stand for the rest
        return [Spelling(words, prefix=len(words[-1]) == 1 or word.prefix, anywhere=True)]
    found = [Spelling(words, word.prefix)]
    if 1 < len(words) <= MAX_JOINED:
        found.append(Spelling((whole,), word.prefix))
    if len(words) == 1 and not word.prefix:
        found += [Spelling(split) for split in splits(words[0])]
        if words[0].isdigit():
            found.append(Spelling((f"v{words[0]}",)))  # "depth anything 2" is Depth Anything V2
    return found


def _joined(first: Text, second: Text) -> Spelling | None:
    one, other = tokens(first.text), tokens(second.text)
    if first.prefix or len(one) != 1 or not 1 <= len(other) <= 2:
        return None
    whole = joined(first.text + second.text)
    # "2 5" is not "25", and "a b" is hardly ever "ab"
    return Spelling((whole,), second.prefix) if len(whole) > 2 and not whole.isdigit() else None


def _fts5(spelling: Spelling) -> str:
    tail = " *" if spelling.prefix else ""
    if spelling.anywhere:
        return f"({' AND '.join(_quoted(word) for word in spelling.words)}{tail})"
    if "" in spelling.words:
        first, *between, last = spelling.words
        return f"NEAR({_quoted(first)} {_quoted(last)}, {len(between)})"
    return _quoted(" ".join(spelling.words)) + tail


def _quoted(words: str) -> str:
    return f'"{words}"'


def _tsquery(spelling: Spelling, labels: str) -> str:
    if spelling.anywhere:
        words = [_lexeme(word, labels) for word in spelling.words[:-1]]
        words.append(_lexeme(spelling.words[-1], labels, prefix=spelling.prefix))
        return f"({' & '.join(words)})"
    written, gap = "", 0
    for n, word in enumerate(spelling.words):
        gap += 1
        if not word:
            continue
        is_open = spelling.prefix and n == len(spelling.words) - 1
        written += f" <{gap}> " if written else ""
        written += _lexeme(word, labels, prefix=is_open)
        gap = 0
    return f"({written})"


def _lexeme(word: str, labels: str, *, prefix: bool = False) -> str:
    flags = "*" * prefix + labels
    return f"'{word}'" + (f":{flags}" if flags else "")
