"""Terms: the canonical names that the surfaces of methods, datasets, metrics and tasks share. Pure.

Letter case, hyphens, spaces, LaTeX, plural and spelling make no difference, nor does the size of a
model: "Llama 3.1 8B" has the term "Llama 3.1". Versions do: "CIFAR-10" is not "CIFAR-100". A listed
name has its listed term. Others are spelled by rule, so that two papers name a thing alike.

The long form and the abbreviation that a paper defines share a term. It is the listed term of the
long form; else the abbreviation if that is a name ("LoRA", "GRPO": what other papers write); else
the long form, since few capitals, words ("STAR") and names of something else stand for different
things in different papers.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache

from msgspec import Struct

from nlp.model_names import split_model_name
from nlp.rules.name_lists import read_names
from nlp.spans import Label
from nlp.spelling import (
    american,
    expand_words,
    plain,
    read_lines,
    singular,
    synonym,
    usual_words,
    without_score,
)

_JOINTS = re.compile(r"[\s\-–—_~'’\"“”]+|(?<![0-9])\.|\.(?![0-9])")
_GREEK_NAMES = str.maketrans(
    {"α": "alpha", "β": "beta", "γ": "gamma", "λ": "lambda", "π": "pi", "σ": "sigma", "τ": "tau"}
)
_NAME = re.compile(r"[a-z]*[A-Z].*[A-Z0-9].*|.*\d.*|[A-Z]|.*[^\x00-\x7f].*")
_VERSION = re.compile(r" v?\d+(?:\.\d+)*(?: |$)")
_FEW_CAPITALS = re.compile(r"[A-Z&]{1,3}s?")
# "video-LLM" is an LLM and "short-video understanding" is video understanding, but the last part of
# "WebGen-Instruct" is not a class, and "self-supervised learning" is not supervised learning
_CLASS_BOUNDARY = re.compile(
    r"(\s+|(?<!self)(?<!non)(?<!semi)(?<!weakly)(?<!co)-(?=[a-z][a-z -]+$|[A-Z]+$))"
)
_WORD = re.compile(r"[^\W_]+")


class Term(Struct, frozen=True):
    """A term, what it is a kind of, and what a surface says beyond it.

    `parent` is the more general term ("Qwen2.5-VL" has "vision-language model"), or None. `aliases`
    are the listed surfaces of the same term. `size` ("7B"), `context` ("128K") and `variant`
    ("instruct") are those of the surface, and no part of the name.
    """

    name: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    size: str | None = None
    context: str | None = None
    variant: str | None = None


def describe(surface: str, label: Label, definitions: Mapping[str, str] | None = None) -> Term:
    """Return the term of a surface with its parent, aliases and attributes.

    `definitions` are those of the paper, from `define`.

    >>> term = describe("Qwen2.5-VL-7B-Instruct", "METHOD")
    >>> term.name, term.parent, term.size, term.variant
    ('Qwen2.5-VL', 'vision-language model', '7B', 'instruct')
    """
    name = term_of(surface, label, definitions)
    parts = split_model_name(plain(surface)) if label in ("METHOD", "DATASET") else None
    return Term(
        name,
        parent_of(name, label),
        _aliases(label).get(name, ()),
        parts.size if parts else None,
        parts.context if parts else None,
        parts.variant if parts else None,
    )


def term_of(surface: str, label: Label, definitions: Mapping[str, str] | None = None) -> str:
    """Return the term of a surface.

    `definitions` maps the keys of abbreviations and long forms to their shared term, which decides
    over the lists; `define` makes it.

    >>> term_of("Large Language Models", "METHOD")
    'large language model'
    >>> term_of("CIFAR10", "DATASET")
    'CIFAR-10'
    """
    if definitions:
        if defined := definitions.get(term_key(surface, label)):
            return defined
        surface = _with_definitions(surface, label, definitions)
    return _lone_term(surface, label)


def define(pairs: Iterable[tuple[str, str]], label: Label) -> dict[str, str]:
    """Return the terms of pairs of a long form and its abbreviation, by the keys of both."""
    found: dict[str, str] = {}
    for long, short in dict.fromkeys(pairs):
        term = _defined_term(long, short, label)
        found |= {term_key(long, label): term, term_key(short, label): term}
    return found


def is_common(term: str, label: Label) -> bool:
    """Return whether more than one in fifty of 6,181 Daily Papers has a term."""
    return f"{label}\t{term}" in _common_terms()


@lru_cache(maxsize=50_000)
def parent_of(term: str, label: Label) -> str | None:
    """Return the term that another is a kind of, or None if none is known.

    A model's parent is listed by its family, a dataset's is the listed dataset that its name
    begins with ("MMLU-Pro"). Others have the longest listed term that they end with ("offline
    reinforcement learning"), and metrics the one before "@" ("recall@5").
    """
    if label == "METHOD" and (family := _family(term)):
        return family
    if label == "DATASET":
        return _listed_part(re.findall(r"[^\s-]+|[\s-]+", term), label, from_start=True)
    if label == "METRIC" and (ranked := re.fullmatch(r"(.+?)([@^])[\w.]+", term)):
        metric, sign = ranked.groups()
        # pass@k and pass^k measure different things, and "pass" alone measures nothing
        parent = f"pass{sign}k" if metric == "pass" else _lone_term(metric, label)
        return None if parent == term else parent
    return _listed_part(_CLASS_BOUNDARY.split(term), label, from_start=False)


@lru_cache(maxsize=10_000)
def term_key(surface: str, label: Label) -> str:
    """Return what the surfaces of one term have in common: letters, digits and signs, folded."""
    text = _named(surface, label)
    if label in ("METHOD", "TASK"):
        text = singular(expand_words(text), label)
    folded = synonym(american(text.casefold().translate(_GREEK_NAMES)), label)
    return _JOINTS.sub("", folded)


def _named(surface: str, label: Label) -> str:
    """Return the part of a surface that names its term, in the singular."""
    text = plain(surface)
    if label == "METHOD":
        text = split_model_name(text).base
    return singular(without_score(text, label), label)


@lru_cache(maxsize=10_000)
def _lone_term(surface: str, label: Label) -> str:
    return _known(label).get(term_key(surface, label)) or _spelled(surface, label)


def _with_definitions(surface: str, label: Label, definitions: Mapping[str, str]) -> str:
    """Replace the words of a phrase that a paper defines as abbreviations by their terms.

    "CL methods" in a paper on continual learning becomes "continual learning methods".
    """
    parts = re.split(r"([\s/-]+)", surface)
    if len(parts) == 1:
        return surface
    return "".join(
        # a word in small letters is no abbreviation, though its key may be that of one
        definitions.get(term_key(part, label), part) if part.isupper() else part
        for part in parts
    )


def _defined_term(long: str, short: str, label: Label) -> str:
    known = _known(label)
    if term := known.get(term_key(long, label)):
        return term
    listed = known.get(term_key(short, label))
    long_forms = [name for name in _aliases(label).get(listed or "", ()) if " " in name]
    if listed and any(_is_similar(long, form) for form in long_forms):
        return listed
    # What is listed under this abbreviation is something else, or may be.
    if long_forms or _is_ambiguous(short):
        return _lone_term(long, label)
    return _lone_term(short, label)


def _is_similar(long: str, other: str) -> bool:
    """Check whether two long forms share most of the beginnings of their words."""
    stems, others = (
        {word[:4].lower() for word in _WORD.findall(form) if len(word) > 2}
        for form in (long, other)
    )
    # four letters, so that "network" and "networks" or "embedding" and "embedded" count as one
    return 3 * len(stems & others) >= 2 * max(len(stems), len(others))


def _is_ambiguous(short: str) -> bool:
    """Check whether an abbreviation may stand for something else in another paper."""
    if _FEW_CAPITALS.fullmatch(short) or short.rstrip("s") in _ambiguous():
        return True
    return short.isupper() and short.lower() in _phrase_words()


def _spelled(surface: str, label: Label) -> str:
    """Spell a surface that is not listed by rule, with ordinary words in lower case.

    All words of what has its own version, "Nest Diffusion 3 Medium", are names.
    """
    text = _named(surface, label)
    if label == "DATASET":
        text = re.sub(r"(?<=\w) (?:[Dd]ataset|[Bb]enchmark)$", "", text)
    if label == "DATASET" or (label == "METHOD" and _VERSION.search(text)):
        return text
    parts = re.split(r"([\s/()]+)", text)
    is_phrase = len(parts) > 1
    spelled = "".join(
        american(part.lower()) if _is_ordinary(part, label, is_phrase=is_phrase) else part
        for part in parts
    )
    if label == "METRIC":
        spelled = synonym(spelled, label)
        return f"{spelled}s" if spelled.startswith("number of ") else spelled
    return usual_words(synonym(spelled, label))


def _is_ordinary(compound: str, label: Label, *, is_phrase: bool) -> bool:
    """Check whether a word, or all words of a compound, are ordinary rather than coined."""
    words = [word for word in compound.split("-") if word]
    if any(_NAME.fullmatch(word) for word in words):
        return False
    ordinary = _phrase_words() if is_phrase else _ordinary_words()
    return label != "METHOD" or all(word.lower() in ordinary for word in words)


def _listed_part(parts: list[str], label: Label, *, from_start: bool) -> str | None:
    """Return the longest listed term that a term begins or ends with, without being it."""
    whole = term_key("".join(parts), label)
    for size in range(len(parts) - 2, 0, -2):
        part = "".join(parts[:size] if from_start else parts[-size:])
        listed = _known(label).get(term_key(part, label))
        if listed and term_key(listed, label) != whole:
            return listed
    return None


def _family(term: str) -> str | None:
    """Return the class of a model by `names/families.txt`: a pattern a line, a tab, its class."""
    folded = term.casefold()
    matching = (family for pattern, family in _families() if fnmatchcase(folded, pattern))
    return next(matching, None)


@cache
def _families() -> list[tuple[str, str]]:
    lines = (line.split("\t") for line in read_lines("families.txt"))
    return [(pattern, family) for pattern, family in lines]


@cache
def _known(label: Label) -> dict[str, str]:
    """Return terms by key: the listed ones, and the commonest of several spellings."""
    lines = (line.split("\t") for line in read_lines("variants.txt"))
    variants = {term_key(term, label): term for owner, term in lines if owner == label}
    listed = {
        term_key(name, label): term
        for surface, term in read_names(label)
        for name in (term, surface)
    }
    return variants | listed


@cache
def _aliases(label: Label) -> dict[str, tuple[str, ...]]:
    """Return the listed surfaces of each listed term."""
    found = defaultdict(list)
    for surface, term in read_names(label):
        if surface != term:
            found[term].append(surface)
    return {term: tuple(surfaces) for term, surfaces in found.items()}


@cache
def _ordinary_words() -> frozenset[str]:
    return frozenset(read_lines("words.txt"))


@cache
def _phrase_words() -> frozenset[str]:
    """Return words that are ordinary in a phrase, though alone they may be a name ("Race")."""
    return _ordinary_words() | frozenset(read_lines("phrase_words.txt"))


@cache
def _ambiguous() -> frozenset[str]:
    """Return abbreviations that papers define with different long forms."""
    return frozenset(read_lines("ambiguous.txt"))


@cache
def _common_terms() -> frozenset[str]:
    """Return label and term, with a tab between."""
    return frozenset(read_lines("common_terms.txt"))
