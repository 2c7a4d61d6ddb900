"""What Hugging Face tells of a paper: clean it, and combine what it told at several times. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from server.schema.hugging_face import HuggingFaceFacts, LinkedRepositories
from server.schema.sources import fold

MAX_SUMMARY = 2_000
MAX_KEYWORDS, MAX_KEYWORD = 50, 100
MAX_NAMED = 10  # repositories of a kind that are named

_REPOSITORY = re.compile(r"[\w-][\w.-]{0,95}(?:/[\w-][\w.-]{0,95})?", re.ASCII)
_NUMERIC_ID = re.compile(r"\d{4}\.\d{4,5}")


def make_facts(
    *,
    summary: str,
    keywords: Iterable[str],
    model: str,
    stars: int | None,
    observed: datetime,
    links: LinkedRepositories | None = None,
) -> HuggingFaceFacts | None:
    """Return what a source tells, each text in one line; None if it tells nothing."""
    facts = HuggingFaceFacts(
        summary=fold(summary)[:MAX_SUMMARY] or None,
        keywords=fold_keywords(keywords),
        model=fold(model) or None,
        stars=stars,
        links=links,
        observed=observed,
    )
    return None if facts == HuggingFaceFacts(observed=observed) else facts


def clean_facts(facts: HuggingFaceFacts) -> HuggingFaceFacts | None:
    """Return facts that a file tells as if Hugging Face told them; None if they are nothing."""
    return make_facts(
        summary=facts.summary or "",
        keywords=facts.keywords,
        model=facts.model or "",
        stars=facts.stars,
        links=facts.links and _clean_links(facts.links),
        observed=facts.observed,
    )


def combine(known: HuggingFaceFacts, other: HuggingFaceFacts) -> HuggingFaceFacts:
    """Return the facts of two records of a paper, in any order.

    The fuller summary and keywords stay, of equally full ones the newer; the links are the newer
    ones, and the stars the most ever seen, as with upvotes.
    """
    poorer, text = sorted((other, known), key=_fullness)
    links = [each.links for each in (known, other) if each.links]
    stars = [each.stars for each in (known, other) if each.stars is not None]
    return replace(
        text,
        keywords=text.keywords or poorer.keywords,
        stars=max(stars, default=None),
        links=max(links, key=lambda each: each.observed, default=None),
    )


def is_same(known: HuggingFaceFacts | None, other: HuggingFaceFacts | None) -> bool:
    """Return whether two records tell the same, whenever they were observed."""
    return _without_times(known) == _without_times(other)


def fold_keywords(values: Iterable[str]) -> list[str]:
    """Return keywords in one line each, without repeated and overlong ones."""
    words: dict[str, str] = {}
    for word in map(fold, values):
        if 0 < len(word) <= MAX_KEYWORD:
            words.setdefault(word.casefold(), word)
    return [*words.values()][:MAX_KEYWORDS]


def is_repository(name: str) -> bool:
    """Return whether a text is the id of a repository of Hugging Face, such as `org/name`."""
    return _REPOSITORY.fullmatch(name) is not None


def has_thumbnail(key: str, richness: str, facts: object) -> bool:
    """Return whether Hugging Face may have a picture of a paper, as it knows the paper.

    Of papers that came in before its facts were kept, only the `richness` says that it does.
    """
    is_known = facts is not None or richness == "huggingface"
    return is_known and is_numeric_id(key)


def is_numeric_id(key: str) -> bool:
    """Return whether a key is an arXiv id of the form since 2007, the only one Hugging Face has."""
    return _NUMERIC_ID.fullmatch(key) is not None


def _clean_links(links: LinkedRepositories) -> LinkedRepositories:
    models, datasets, spaces = (
        replace(each, first=[*filter(is_repository, each.first)][:MAX_NAMED])
        for each in (links.models, links.datasets, links.spaces)
    )
    return replace(links, models=models, datasets=datasets, spaces=spaces)


def _fullness(facts: HuggingFaceFacts) -> tuple[bool, bool, datetime]:
    return bool(facts.summary), bool(facts.keywords), facts.observed


def _without_times(facts: HuggingFaceFacts | None) -> tuple[object, ...] | None:
    if facts is None:
        return None
    links = facts.links and (facts.links.models, facts.links.datasets, facts.links.spaces)
    return facts.summary, facts.keywords, facts.model, facts.stars, links
