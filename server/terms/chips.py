"""Order the terms of a paper by their worth, and fold those that say little about it. Pure."""

from collections.abc import Iterable

from msgspec.structs import replace

from nlp.spans import Label
from nlp.terms import is_common, parent_of
from server.identifiers import fold_term
from server.schema.terms import TermChip

COMMON_SHARE = 50  # a class word is a term of more than one paper in so many
ENOUGH_PAPERS = 500  # of a store that shows by itself which terms are common


def rank_chips(chips: Iterable[TermChip], papers: int) -> list[TermChip]:
    """Return the terms of a paper in the order of their worth, class words last and folded.

    What the paper introduces comes first, then the datasets that it is evaluated on, its methods,
    tasks and metrics, and at last what is only background. A class word is a term that more than
    one in fifty of the store's `papers` has, or the parent of another term of the paper. In a small
    store, the terms that are common among Daily Papers are class words instead. Nothing with a name
    of its own is folded in the paper that introduces it.
    """
    found = list(chips)
    parents = {
        (chip.label, fold_term(parent))
        for chip in found
        if (parent := parent_of(chip.name, chip.label))
    }
    folded = [replace(chip, folded=_is_class_word(chip, parents, papers)) for chip in found]
    return sorted(folded, key=lambda chip: (chip.folded, _worth(chip), chip.first))


def _is_class_word(chip: TermChip, parents: set[tuple[Label, str]], papers: int) -> bool:
    if chip.role == "introduced" and not chip.name.islower():
        return False
    if (chip.label, fold_term(chip.name)) in parents:
        return True
    if papers < ENOUGH_PAPERS:
        return is_common(chip.name, chip.label)
    return chip.papers * COMMON_SHARE > papers


def _worth(chip: TermChip) -> int:
    """Return the rank of a term's kind, 0 for what is worth most."""
    if chip.role == "introduced":
        return 0
    if chip.role == "background":
        return 5
    return ("DATASET", "METHOD", "TASK", "METRIC").index(chip.label) + 1
