"""Decide what a paper does with each of its methods and datasets.

A log-linear model scores the four roles of a term from cues around all its mentions: whether the
title names it first, what stands before and after it ("we introduce", "outperforms", "such as"),
where it is first mentioned, and its form. Its weights are in `roles.json`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import replace

from nlp.rules.name_lists import read_names
from nlp.spans import ROLES, Label, Mention

PACKAGED = Path(__file__).with_name("roles.json")

Weights = Mapping[str, Sequence[float]]
"""For each feature one weight per role, in the order of `ROLES`."""

_INTRODUCED = (
    r"(?:introduc|propos|present|develop|releas|design|devis|build|built|creat|construct|unveil"
    r"|contribut|publish|open-sourc|curat|collect|establish|compris|consist)\w*"
)
_BEFORE_PATTERNS = {
    "we introduce": rf"\b(?:we|paper|work|report|study|i)\b[^.]*\b{_INTRODUCED}[^.]{{0,30}}$",
    "introduce": rf"\b{_INTRODUCED} (?:\w+ ){{0,3}}$",
    "our": r"\b(?:our|this|the proposed)(?: \w+){0,2} $",
    "named": r"\b(?:called|named|termed|dubbed|coined|namely|i\.e\.|refer(?:red)? to as|call)"
    r"[ ,`\"]*$",
    "a novel": r"\b(?:novel|new|first)(?: [\w-]+){0,3} $",
    "outperforms": r"\b(?:outperform|surpass|exceed|beat|improv\w+ (?:up)?on|over|rival|match)\w*"
    r"[^.]{0,30}$",
    "than": r"\b(?:than|compared (?:to|with)|versus|vs\.?|against|unlike|baselines?)\b[^.]{0,30}$",
    "such as": r"\b(?:such as|like|including|e\.g\.)[^.]{0,30}$",
    "components": r"\b(?:components?|contributions?|modules?|stages?|techniques?|strateg\w+"
    r"|rewards?|mechanisms?|innovations?|designs?|parts|steps)\b[^.:]{0,40}:[^.]*$",
    "using": r"\b(?:us(?:e|es|ing)|by|with|via|through|leverag\w+|adopt\w*|appl\w+|employ\w*"
    r"|integrat\w+|incorporat\w+|combin\w+|utiliz\w+)(?: [\w-]+){0,3} $",
    "based on": r"\b(?:based on|built (?:up)?on|extend\w*|fine-?tun\w+|train\w*|initializ\w+)"
    r"(?: [\w-]+){0,3} $",
    "evaluated on": r"\b(?:evaluat\w+|experiments?|results?|test\w*|benchmark\w*|performance"
    r"|achiev\w+|accuracy|score\w*|validat\w+)\b[^.]{0,30}\bon\b[^.]{0,30}$",
    "on": r"\b(?:on|across)(?: the)? $",
    "existing": r"\b(?:existing|current|recent|previous|prior|traditional|conventional|standard"
    r"|advances? in|despite|although|while|most|many)\b[^.]{0,20}$",
    "of": r"\b(?:of|in|for)(?: the| large)? $",
    "sentence start": r"(?:^|[.!?]\s+|\n)(?:The |A |An )?$",
    "list": r", (?:and )?$",
    "bracket": r"\($",
}
_AFTER_PATTERNS = {
    "colon": r":",
    ", a": r",? (?:is )?an? ",
    "achieves": r"\)?s?(?: \w+)? (?:achiev|reach|outperform|surpass|attain|yield|obtain|improv"
    r"|consist|enabl|leverag|reduc|deliver|demonstrat|introduc|compris|provid|employ|uses)\w*",
    "have": r"\)?s? (?:have|has|are|is|remain|struggle|suffer|often|typically|process|show)\b",
    "benchmark": r"\)?,? (?:dataset|benchmark|corpus|test|task|leaderboard)s?\b",
    "of ours": r"\)?,? (?:framework|method|approach|pipeline|system|paradigm|mechanism|module)\b",
    "-based": r"\)?s?[- ](?:based|like|style|driven)\b",
    "bracket": r" ?\(",
    "list": r"\)?, (?:and )?[A-Z]",
}
_BEFORE = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _BEFORE_PATTERNS.items()}
_AFTER = {name: re.compile(pattern) for name, pattern in _AFTER_PATTERNS.items()}
_REACH = 90
"""The characters before and after a mention in which cues are looked for."""

_LONGEST_TITLE = 300
"""A text without a newline is no title: its cues would take quadratic time."""

_VIA = re.compile(r"\b(?:via|with|by|using|through|from)\b[^:]*$", re.IGNORECASE)


def with_roles(
    text: str, mentions: Sequence[Mention], weights: Weights | None = None
) -> list[Mention]:
    """Return the mentions with the roles of methods and datasets; all mentions of a term share one.

    `text` is title and abstract, separated by a newline; `weights` are the packaged ones by
    default.
    """
    known = _packaged() if weights is None else weights
    roles = {
        term: ROLES[int(role_scores(known, cues).argmax())]
        for term, cues in term_cues(text, mentions).items()
    }
    return [replace(one, role=roles.get((one.label, one.term))) for one in mentions]


def role_scores(weights: Weights, cues: Iterable[str]) -> np.ndarray:
    """Return the scores of the roles, unnormalized log probabilities."""
    scores = np.zeros(len(ROLES))
    for cue in cues:
        if cue in weights:
            scores += weights[cue]
    return scores


def term_cues(text: str, mentions: Sequence[Mention]) -> dict[tuple[Label, str], set[str]]:
    """Return the cues of each method and dataset of a text, by label and term."""
    places: defaultdict[tuple[Label, str], list[Mention]] = defaultdict(list)
    for mention in mentions:
        if mention.label in ("METHOD", "DATASET"):
            places[mention.label, mention.term].append(mention)
    title = text[:_LONGEST_TITLE].partition("\n")[0]
    own = _own_name(title, mentions)
    return {
        (label, term): {
            f"{kind}{cue}" for cue in _cues(text, title, own, found) for kind in ("", f"{label} ")
        }
        for (label, term), found in places.items()
    }


def _own_name(title: str, mentions: Sequence[Mention]) -> str:
    """Return the name before a title's colon, folded; empty if there is none."""
    for mention in mentions:
        # a bracket or a quotation mark may stand before the name
        if mention.start <= 2 and title.startswith(":", mention.end):
            return _folded(title[: mention.end])
    return ""


def _cues(text: str, title: str, own: str, mentions: Sequence[Mention]) -> Iterator[str]:
    """Yield the cues of one term."""
    yield "any"
    yield f"mentions {min(len(mentions), 3)}"
    yield from _form_cues(text[mentions[0].start : mentions[0].end], own)
    yield from _title_cues(title, [one for one in mentions if one.start < len(title)])
    abstract = [one for one in mentions if one.start > len(title)]
    if abstract:
        share = (abstract[0].start - len(title)) / max(1, len(text) - len(title))
        yield f"first in quarter {int(4 * share)}"
        if not re.search(r"[.!?]\s", text[len(title) : abstract[0].start]):
            yield "first in first sentence"
    for mention in abstract:
        yield from _context_cues(text, len(title), mention)


def _context_cues(text: str, abstract: int, mention: Mention) -> Iterator[str]:
    """Yield the cues before a mention in its sentence, and after it."""
    before = text[max(abstract, mention.start - _REACH) : mention.start]
    sentence = re.split(r"(?<=[.!?]) (?=[A-Z])", before)[-1]
    after = text[mention.end : mention.end + _REACH]
    yield from (f"before {name}" for name, pattern in _BEFORE.items() if pattern.search(sentence))
    yield from (f"after {name}" for name, pattern in _AFTER.items() if pattern.match(after))


def _title_cues(title: str, mentions: Sequence[Mention]) -> Iterator[str]:
    for mention in mentions:
        yield "in title"
        if mention.start <= 2:
            yield "title start"
            if title.startswith(":", mention.end):
                yield "title name"
        elif title[: mention.start].rstrip().endswith(":"):
            yield "after title name"
        if _VIA.search(title[: mention.start]):
            yield "title via"


def _form_cues(surface: str, own: str) -> Iterator[str]:
    folded = _folded(surface)
    is_part = own in folded or (len(folded) > 3 and folded in own)
    forms = {
        "lower case": surface.islower(),
        "name": " " not in surface and bool(re.search(r"[A-Z].*[A-Z0-9]", surface)),
        "digits": any(map(str.isdigit, surface)),
        "plural": surface.endswith("s"),
        "capitals": surface.istitle() and " " in surface,
        "known": surface.lower() in _known_names(),
        "shares own name": own not in ("", folded) and is_part,
    }
    yield from (name for name, is_so in forms.items() if is_so)


def _folded(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


@cache
def _known_names() -> frozenset[str]:
    """Return the listed methods and datasets, in lower case: a paper introduces few of them."""
    return frozenset(
        surface.lower() for label in ("METHOD", "DATASET") for surface, _ in read_names(label)
    )


@cache
def _packaged() -> dict[str, list[float]]:
    return msgspec.json.decode(PACKAGED.read_bytes(), type=dict[str, list[float]])
