"""The roles of methods and datasets."""

from collections.abc import Mapping
from typing import get_args

import pytest

from nlp.roles import term_cues, with_roles
from nlp.spans import ROLES, Label, Mention, Role


def mention(text: str, surface: str, label: Label = "METHOD", *, last: bool = False) -> Mention:
    """Return the first or last occurrence of a surface as a mention with the surface as term."""
    start = text.rindex(surface) if last else text.index(surface)
    return Mention(start, start + len(surface), label, surface)


def roles(text: str, **labels: Label) -> Mapping[str, Role | None]:
    found = with_roles(text, [mention(text, surface, label) for surface, label in labels.items()])
    return {one.term: one.role for one in found}


def test_the_name_before_a_titles_colon_is_introduced() -> None:
    text = "Owlet: Counting Nests\nOwls are hard to count. Owlet counts them in pictures."
    assert roles(text, Owlet="METHOD") == {"Owlet": "introduced"}


def test_what_the_authors_introduce_is_introduced() -> None:
    text = "Counting Nests\nOwls are hard to count. In this paper, we introduce Owlet, a counter."
    assert roles(text, Owlet="METHOD") == {"Owlet": "introduced"}


def test_what_is_outperformed_is_compared_and_what_is_evaluated_on_is_used() -> None:
    text = (
        "Owlet: Counting Nests\nCounting is hard. We propose Owlet, a counter of nests. "
        "Experiments on NestSet show that Owlet outperforms Heron by 2.1 points."
    )
    found = roles(text, Owlet="METHOD", NestSet="DATASET", Heron="METHOD")
    assert found == {"Owlet": "introduced", "NestSet": "used", "Heron": "compared"}


def test_tasks_and_metrics_have_no_role() -> None:
    text = "Owls\nWe introduce counting with accuracy."
    assert roles(text, counting="TASK", accuracy="METRIC") == {"counting": None, "accuracy": None}


def test_all_mentions_of_a_term_share_a_role() -> None:
    text = "Owlet: Counting\nUsing Owlet, we count. It is like Owlet"
    places = [mention(text, "Owlet"), mention(text, "Owlet", last=True)]
    assert len({one.role for one in with_roles(text, places)}) == 1


def test_other_weights_decide_otherwise() -> None:
    text = "Owlet: Counting\nWe introduce Owlet."
    (one,) = with_roles(text, [mention(text, "Owlet")], {"any": [0.0, 9.0, 0.0, 0.0]})
    assert one.role == "compared"


@pytest.mark.parametrize("text", ["", "Owlet", "Owlet:", "\n"])
def test_a_text_without_an_abstract_has_cues_too(text: str) -> None:
    mentions = [mention(text, "Owlet")] if "Owlet" in text else []
    assert len(term_cues(text, mentions)) == len(mentions)


def test_the_roles_are_those_of_the_type() -> None:
    assert get_args(Role) == ROLES
