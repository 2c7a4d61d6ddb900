"""What came of reading papers, and what a new model reads otherwise than the one before it. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from nlp.spans import Mention

SHOWN = 10  # of the surfaces that changed most


class ReadingReport(Struct):
    """How many papers were read, how many of them again, and how the mentions of those changed.

    Mentions count by label, relabelled ones by both, and `surfaces` by what happened to each.
    """

    papers: int = 0
    again: int = 0
    added: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    relabelled: Counter[str] = field(default_factory=Counter)
    surfaces: Counter[str] = field(default_factory=Counter)

    def compare(self, text: str, before: Iterable[Mention], after: Iterable[Mention]) -> None:
        """Count a paper that was read again."""
        self.again += 1
        old, new = ({(mention.start, mention.end): mention.label for mention in found} for found in (before, after))
        for place in sorted(old.keys() | new.keys()):
            surface, was, now = text[slice(*place)], old.get(place), new.get(place)
            if was != now:
                kind = self.relabelled if was and now else self.added if now else self.removed
                kind[f"{was} to {now}" if was and now else str(now or was)] += 1
                self.surfaces[f"{surface} ({was or 'nothing'} to {now or 'nothing'})"] += 1

    def include(self, other: "ReadingReport") -> None:
        """Count what another report counted."""
        self.papers += other.papers
        self.again += other.again
        for name in ("added", "removed", "relabelled", "surfaces"):
            getattr(self, name).update(getattr(other, name))

    def lines(self) -> Iterator[str]:
        """Tell a person what changed, the commonest first."""
        yield f"{self.again:,} papers read again"
        for name in ("added", "removed", "relabelled"):
            counts: Counter[str] = getattr(self, name)
            parts = ", ".join(f"{label} {count:,}" for label, count in counts.most_common())
            yield f"mentions {name}: {counts.total():,}" + (f" ({parts})" if parts else "")
        for surface, count in self.surfaces.most_common(SHOWN):
            yield f"  {count:,} × {surface}"
