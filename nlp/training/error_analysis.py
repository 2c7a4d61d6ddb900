"""Count the mistakes of a model on labelled texts by kind."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from nlp.training.corpus import LabelledText, Place

Kind = tuple[int, str, list[str]]
"""How often a kind of mistake was made, its name, and surfaces as examples."""


def count_mistakes(
    texts: Sequence[LabelledText],
    found: Sequence[Iterable[Place]],
    training: Iterable[LabelledText],
) -> list[Kind]:
    """Return the kinds of mistakes, most frequent first.

    Kinds distinguish surfaces that occur as labels in the `training` texts from new ones.
    """
    seen = {text.text[start:end].lower() for text in training for start, end, _ in text.spans}
    examples: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text, spans in zip(texts, found, strict=True):
        for kind, example in _mistakes(text, set(spans), seen):
            examples[kind][example] += 1
    kinds = [
        (count.total(), kind, [one for one, _ in count.most_common(5)])
        for kind, count in examples.items()
    ]
    return sorted(kinds, reverse=True)


def _mistakes(
    text: LabelledText, given: set[Place], seen: Collection[str]
) -> Iterator[tuple[str, str]]:
    wanted = set(text.spans)
    explained: set[Place] = set()
    for missed in sorted(wanted - given):
        rivals = [
            span for span in sorted(given - wanted) if span[0] < missed[1] and missed[0] < span[1]
        ]
        explained.update(rivals)
        surface = text.text[missed[0] : missed[1]]
        if rivals:
            read = text.text[rivals[0][0] : rivals[0][1]]
            yield _confusion(missed, rivals), surface if read == surface else f"{surface} / {read}"
        else:
            yield f"missed {missed[2]}, {_novelty(surface, seen)}", surface
    for start, end, label in sorted(given - wanted - explained):
        surface = text.text[start:end]
        yield f"spurious {label}, {_novelty(surface, seen)}", surface


def _confusion(missed: Place, rivals: list[Place]) -> str:
    """Name what is wrong with the spans found in the place of a mention."""
    start, end, label = rivals[0]
    if len(rivals) > 1:
        return "one mention read as several"
    labels = f"{missed[2]} read as {label}"
    if (start, end) == missed[:2]:
        return f"label: {labels}"
    if label != missed[2]:
        return f"border and label: {labels}"
    sides = {
        "too far left": start < missed[0],
        "begins late": start > missed[0],
        "too far right": end > missed[1],
        "ends early": end < missed[1],
    }
    return f"border {label}: " + ", ".join(side for side, is_so in sides.items() if is_so)


def _novelty(surface: str, seen: Collection[str]) -> str:
    if surface.lower() in seen:
        return "seen in training"
    is_name = any(letter.isupper() or letter.isdigit() for letter in surface[1:])
    return "abbreviation or code name" if is_name else "new phrase"
