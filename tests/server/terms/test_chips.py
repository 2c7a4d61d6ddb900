"""The order of a paper's terms, and which of them are folded."""

from nlp.spans import Label, Role
from server.schema.terms import TermChip
from server.terms.chips import ENOUGH_PAPERS, rank_chips


def chip(
    first: int, label: Label, name: str, role: Role | None = None, papers: int = 1
) -> TermChip:
    return TermChip(label, name, papers, first, role)


def ranked(*chips: TermChip, papers: int = ENOUGH_PAPERS) -> list[str]:
    return [chip.name for chip in rank_chips(chips, papers)]


def folded(*chips: TermChip, papers: int = ENOUGH_PAPERS) -> list[str]:
    return [chip.name for chip in rank_chips(chips, papers) if chip.folded]


def test_what_is_introduced_comes_first_then_datasets_methods_tasks_and_metrics() -> None:
    assert ranked(
        chip(0, "METRIC", "nest accuracy"),
        chip(1, "TASK", "nest counting"),
        chip(2, "METHOD", "Heron", "compared"),
        chip(3, "METHOD", "Egret", "used"),
        chip(4, "METHOD", "Ibis", "background"),
        chip(5, "DATASET", "NestSet", "used"),
        chip(6, "METHOD", "Owlet", "introduced"),
    ) == ["Owlet", "NestSet", "Heron", "Egret", "nest counting", "nest accuracy", "Ibis"]


def test_a_term_of_more_than_one_paper_in_fifty_is_folded() -> None:
    common = chip(0, "METHOD", "Heron", "used", papers=11)
    rare = chip(1, "METHOD", "Egret", "used", papers=10)
    assert folded(common, rare) == ["Heron"]
    assert ranked(common, rare) == ["Egret", "Heron"]


def test_the_parent_of_another_term_of_the_paper_is_folded() -> None:
    parent = chip(0, "METHOD", "reinforcement learning", "used")
    assert folded(parent) == []
    assert folded(parent, chip(9, "METHOD", "offline reinforcement learning", "used")) == [
        "reinforcement learning"
    ]


def test_a_name_is_not_folded_in_the_paper_that_introduces_it() -> None:
    assert folded(
        chip(0, "METHOD", "Heron", "introduced", papers=400),
        chip(1, "METHOD", "nest model", "introduced", papers=400),
    ) == ["nest model"]


def test_in_a_small_store_terms_that_are_common_elsewhere_are_folded() -> None:
    terms = [
        chip(0, "METHOD", "Heron", "used", papers=9),
        chip(1, "METHOD", "large language model", "used", papers=9),
    ]
    assert folded(*terms, papers=9) == ["large language model"]
