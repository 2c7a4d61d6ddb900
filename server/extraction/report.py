"""Count what an extraction found, and how a new model differs from the one before."""

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from nlp.spans import Mention

SHOWN = 10  # surfaces in the report, those that changed most


class ReadingReport(Struct):
    """How many papers were read, how many of them again, and how their mentions changed.

    `added` and `removed` count mentions by label, `relabelled` by both labels, `surfaces` by the
    text of a mention and its change.
    """

    papers: int = 0
    again: int = 0
    added: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    relabelled: Counter[str] = field(default_factory=Counter)
    surfaces: Counter[str] = field(default_factory=Counter)

    def compare(self, text: str, before: Iterable[Mention], after: Iterable[Mention]) -> None:
        """Count the changed mentions of a paper that was read again."""
        self.again += 1
        old, new = (
            {(mention.start, mention.end): mention.label for mention in found}
            for found in (before, after)
        )
        for span in sorted(old.keys() | new.keys()):
            was, now = old.get(span), new.get(span)
            if was != now:
                self._count_change(text[slice(*span)], was, now)

    def _count_change(self, surface: str, was: str | None, now: str | None) -> None:
        if was and now:
            self.relabelled[f"{was} to {now}"] += 1
        elif now:
            self.added[now] += 1
        else:
            self.removed[str(was)] += 1
        self.surfaces[f"{surface} ({was or 'nothing'} to {now or 'nothing'})"] += 1

    def include(self, other: "ReadingReport") -> None:
        """Add the counts of another report."""
        self.papers += other.papers
        self.again += other.again
        for name in ("added", "removed", "relabelled", "surfaces"):
            getattr(self, name).update(getattr(other, name))

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text, most frequent changes first."""
        yield f"{self.again:,} papers read again"
        for name in ("added", "removed", "relabelled"):
            counts: Counter[str] = getattr(self, name)
            parts = ", ".join(f"{label} {count:,}" for label, count in counts.most_common())
            yield f"mentions {name}: {counts.total():,}" + (f" ({parts})" if parts else "")
        for surface, count in self.surfaces.most_common(SHOWN):
            yield f"  {count:,} × {surface}"
