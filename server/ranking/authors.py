"""What the authors of a paper add to its score: more for an author of papers that the user reads.

This is left out of the measurement of the ranking, which goes by text alone: there, people submit
papers of their own group, so that authors would say everything and prove nothing.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

MOST = 1.0  # that authors add to a score or take off it; 2 is the score of one paper in forty
TEAM = 10  # authors of a paper; each author of a larger team says less about it
CACHED_NAMES = 50_000
LEAST = 0.1  # a smaller effect is not worth a mention


@lru_cache(CACHED_NAMES)
def fold_author(name: str) -> str:
    """Return what the spellings of an author's name in different cases share."""
    return unicodedata.normalize("NFC", " ".join(name.split()).casefold())


def weigh_authors(
    authors: Mapping[int, Sequence[str]], weights: Mapping[int, float]
) -> tuple[dict[str, float], Counter[str]]:
    """Return what each author adds to a score, by folded name, and how many papers they wrote.

    `weights` says how much the user likes each paper. One paper that was read adds half of `MOST`,
    each further one half of what is left.
    """
    strengths: dict[str, float] = defaultdict(float)
    papers: Counter[str] = Counter()
    for paper, names in authors.items():
        share = min(1.0, TEAM / max(len(names), 1))
        for author in {fold_author(name) for name in names}:
            strengths[author] += share * weights[paper]
            papers[author] += 1
    effects = {author: _effect(strength) for author, strength in strengths.items()}
    return {author: value for author, value in effects.items() if abs(value) >= LEAST}, papers


def strongest_effect(names: Iterable[str], effects: Mapping[str, float]) -> float:
    """Return the effect of that author of a paper who counts most, for or against; 0 if none does.

    Effects do not add up: a paper's authors mostly write together.
    """
    known = [effects[author] for author in map(fold_author, names) if author in effects]
    return max(known, key=abs, default=0.0)


def _effect(strength: float) -> float:
    size: float = MOST * (1 - 0.5 ** abs(strength))
    return size if strength > 0 else -size
