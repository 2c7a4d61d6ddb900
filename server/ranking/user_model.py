"""What was learnt of a user's list: the model of texts, the authors, and the user's preferences."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from server.ranking.authors import strongest_effect
from server.ranking.model import Model
from server.ranking.vectors import PaperVector
from server.ranking.word_vectors import Floats
from server.schema.ranking import PINNED, Signal


class Profile(Struct, frozen=True):
    """What is known of a user beside the model of texts.

    `pinned` has the numbers of each pinned word or term. `authors` says what each author adds, by
    folded name. `liked` are the row ids of the papers of the list that speak for others. `pros` and
    `cons` name the strongest signals.
    """

    pinned: list[list[int]]
    authors: dict[str, float]
    liked: list[int]
    pros: list[Signal]
    cons: list[Signal]


class UserModel(Struct, frozen=True):
    """What was learnt of a user's list; `middle` is the meaning of an average paper."""

    text: Model
    middle: Floats
    profile: Profile

    def score(
        self, vectors: Mapping[int, PaperVector], authors: Mapping[int, Sequence[str]]
    ) -> dict[int, float]:
        """Return papers' scores: that of the text, what the authors add, and what is pinned."""
        scores = self.text.score([*vectors.values()])
        return {
            paper: float(score)
            + strongest_effect(authors.get(paper, []), self.profile.authors)
            + PINNED * self._count_pinned(vector)
            for (paper, vector), score in zip(vectors.items(), scores, strict=True)
        }

    def _count_pinned(self, vector: PaperVector) -> int:
        """Count the pinned words and terms that a paper has."""
        if not self.profile.pinned:
            return 0
        terms = set(vector.terms.tolist())
        return sum(terms.issuperset(numbers) for numbers in self.profile.pinned)
