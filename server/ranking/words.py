"""Count the words of a paper's title and abstract, and the pairs of words that stand together."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

_WORD = re.compile(r"[^\W_]+")
MIN_LENGTH = 2  # characters

# Words without a topic: the usual function words of English, and what every abstract says.
STOP_WORDS = frozenset(
    """
    a about above across after again against all also although an and another any approach are as
    at based be because been before being below between both but by can could did do does doing
    done down during each even few for from further had has have having he her here his how however
    if in into is it its just many may might more most much must no nor not of off on once one only
    onto or other our out over own paper per present propose proposed same several shall she should
    show shown shows since so some still such than that the their them then there therefore these
    they this those through thus to too two under until up upon use used using very via was we were
    what when where which while who whom whose why will with within without would yet you your
    """.split()  # noqa: SIM905 - a list of 150 lines is no easier to read
)


def count_words(text: str) -> Counter[str]:
    """Count the words of a text in lower case, without those that have no topic."""
    return Counter(word for word in _read_words(text) if word)


def count_terms(text: str) -> Counter[str]:
    """Count the words of a text and the pairs of neighbours, as `graph` and `graph neural`."""
    words = [*_read_words(text)]
    pairs = (f"{first} {second}" for first, second in pairwise(words) if first and second)
    return Counter(filter(None, words)) + Counter(pairs)


def _read_words(text: str) -> Iterator[str]:
    """Yield the words in order, and an empty string for each word without a topic."""
    for word in _WORD.findall(text.lower()):
        yield "" if word in STOP_WORDS or len(word) < MIN_LENGTH else word
