"""Queries that find nothing, corrected: words that no paper has become the nearest that one has."""

import asyncio
from collections import Counter
from weakref import WeakKeyDictionary

from msgspec import Struct, field
from rapidfuzz import process
from rapidfuzz.distance import OSA
from tortoise.context import TortoiseContext, require_context

from server.database.connection import fetch, is_postgres
from server.search.fulltext import expression, is_searchable, spelled
from server.search.parser import All, Text
from server.search.sql import match_papers
from server.words import tokens

MIN_LENGTH = 4  # letters of a word that is corrected
LONG = 8  # letters of a word that may have two wrong ones


class Corrected(Struct, frozen=True):
    """A query whose words papers have, and the words of which any will do where not all can."""

    query: All
    nearest: bool

    @property
    def text(self) -> str:
        """The words that are searched for, as a query."""
        words = [part.text for part in self.query.parts if isinstance(part, Text)]
        return " or ".join(words) if self.nearest else " ".join(words)


class _Vocabulary(Struct):
    """How many titles and names of the store have each word, up to a paper."""

    counts: Counter[str] = field(default_factory=Counter)
    last: int = 0


_vocabularies: WeakKeyDictionary[TortoiseContext, _Vocabulary] = WeakKeyDictionary()


async def correct(query: All) -> Corrected | None:
    """Correct the words of a query that found nothing; None if that changes nothing.

    A word that no paper has becomes the nearest of the store's titles and authors' names, and is
    left out if there is none. If papers have all words, though none has them together, any count.
    """
    parts, changed = [], False
    for part in query.parts:
        if not isinstance(part, Text) or not is_searchable(part) or await _is_known(part):
            parts.append(part)
            continue
        changed = True
        if nearest := await _nearest_word(part.text):
            parts.append(Text(nearest))
    words = sum(isinstance(part, Text) for part in parts)
    if not words:
        return None
    if changed:
        return Corrected(All(tuple(parts)), nearest=False)
    return Corrected(query, nearest=True) if words > 1 else None


async def _is_known(word: Text) -> bool:
    postgres = is_postgres()
    found = match_papers("$1", postgres=postgres)
    return bool(await fetch(f"{found} LIMIT 1", expression(spelled([word]), postgres=postgres)))


async def _nearest_word(text: str) -> str | None:
    [word, *others] = tokens(text)
    if others or len(word) < MIN_LENGTH:
        return None
    counts = await _read_vocabulary()
    # in a short word two wrong letters make another word
    wrong = 2 if len(word) >= LONG else 1
    near = await asyncio.to_thread(
        process.extract, word, counts.keys(), scorer=OSA.distance, score_cutoff=wrong, limit=20
    )
    # of words that are equally near, the most frequent one is the likeliest
    best = min(near, key=lambda found: (found[1], -counts[found[0]]), default=None)
    return best[0] if best else None


async def _read_vocabulary() -> Counter[str]:
    vocabulary = _vocabularies.setdefault(require_context(), _Vocabulary())
    rows = await fetch(
        "SELECT id, title, author_words FROM paper WHERE id > $1 ORDER BY id", vocabulary.last
    )
    if rows:
        vocabulary.last = rows[-1]["id"]
        texts = [(row["title"], row["author_words"]) for row in rows]
        vocabulary.counts += await asyncio.to_thread(_count, texts)
    return vocabulary.counts


def _count(texts: list[tuple[str, str]]) -> Counter[str]:
    return Counter(
        word
        for title, names in texts
        for word in {*tokens(title), *names.split()}
        if len(word) >= MIN_LENGTH and not word.isdigit()
    )
