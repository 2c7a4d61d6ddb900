"""Features of a number within its sentence: lists, brackets, comparisons, the numbers before it.

They are what lets numbers be assigned jointly: the second number of "81% and 37% on A and B" goes
to B because the first went to A.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nlp.results.constraints import owner
from nlp.results.numbers import Amount
from nlp.results.passage import Passage
from nlp.spans import Label, Mention

_GROW = r"(?:improv|increas|boost|enhanc|gain|rais|lift|higher|better|greater|more|up\b|rise|rose)"
_SHRINK = (
    r"(?:reduc|reduct|decreas|drop|lower|fewer|less|cut|sav|smaller|degrad|loss|declin|down\b)"
)
_SPEED = r"(?:speed|fast|accelerat|throughput|slow)"
_COMPARE = r"(?:outperform|surpass|exceed|beat|ahead|lead|better than|margin|gap|advantage)"
_REACH = r"(?:achiev|reach|attain|obtain|scor|yield|record|get|deliver|with an?|report|of\b)"
CUES = {
    name: re.compile(rf"\b{pattern}", re.IGNORECASE)
    for name, pattern in {
        "grow": _GROW,
        "shrink": _SHRINK,
        "speed": _SPEED,
        "compare": _COMPARE,
        "reach": _REACH,
        "than": r"(?:than|over|compared|relative to|versus|vs)\b",
        "baseline": r"(?:baseline|previous|prior|existing|sota|state-of-the-art|human|original)",
        "only": r"(?:only|merely|just|using|requir|with)\b",
        "size": r"(?:samples?|examples?|tokens?|parameters?|images?|tasks?|videos?|hours? of"
        r"|benchmarks?|datasets?|models?|languages?|questions?|steps?|layers?|pairs?)\b",
    }.items()
}
_BRACKET = re.compile(r"[\s(]*\((?:[\w-]+ ){0,3}\$?$")
_ON = re.compile(r"[^.,;()]{0,20}\b(?:on|in|for)\s+(?:the\s+)?")
_OPEN = re.compile(r"\([^()]*$")
_CHANGE = re.compile(r"[^.,;]{0,60}?\s*(?:to|→|->|\\?(?:right|to)arrow)\s*(?:\w+\s+){0,3}[\s$]*")
_VERSUS = re.compile(
    r"[^.]{0,80}?\b(?:vs\.?|versus|compared (?:to|with)|over|than|surpass\w*|outperform\w*"
    r"|exceed\w*|beat\w*|against|while|whereas)\b[^.]{0,80}"
)
_RELATIONS = {
    "change": _CHANGE,
    "bracket": re.compile(r"[\s$]*\(\s*[^()]{0,12}"),
    "versus": _VERSUS,
    "clause": re.compile(r"(?s:.*)(?:[;:]|\bwhile\b)(?s:.*)"),
    "and": re.compile(r"[^.]*,?\s*\band\b(?s:.*)"),
}
_BEFORE = re.compile(r"\bfrom\b[^.,;()]{0,60}$", re.IGNORECASE)
_BY = re.compile(
    r"\bby\s+(?:an?\s+)?(?:(?:up to|over|about|around|at least|more than|average|nearly|as much as"
    r"|approximately|relative|margins?|of|a|an|only|another|almost)\s+)*\$?$",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    r"(?:than|over|vs\.?|versus|against|outperform\w*|surpass\w*|exceed\w*|beat\w*|to|with"
    r"|baselines?|from|by|of)\s+(?:(?:the|its|an?|both|strong|previous|prior|baseline|recent"
    r"|powerful|existing|state-of-the-art|SOTA|vanilla|standard)\s+)*$",
    re.IGNORECASE,
)


_VERB = re.compile(
    r"\b(?:achiev|reach|attain|obtain|scor|yield|deliver|outperform|surpass|exceed|improv|reduc"
    r"|increas|boost|enhanc|gain|beat|set|show|demonstrat|lower|cut|accelerat|provid|bring)\w*",
    re.IGNORECASE,
)
_EXAMPLES = re.compile(r"(?:like|such as|including|e\.g\.,?|for instance,?)\s+(?:the\s+)?$")
_TRAINED = re.compile(
    r"(?:train|tun|data|learn|initiali|built|based|deriv|distill|curat)\w*[^.,;()]{0,25}$",
    re.IGNORECASE,
)
_TESTED = re.compile(
    r"(?:evaluat|benchmark|test|experiment|accuracy|score|performance|results?|valid)\w*"
    r"[^.,;()]{0,25}$",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"(?:\w+,\s+)?(?:[^.,]{0,60},\s+)?(?:it|our|we|this|the (?:proposed|resulting|model|method)"
    r"|they|these|using)\b",
    re.IGNORECASE,
)


class Assigned(NamedTuple):
    """A number with its kind and mentions, and the probability of these choices."""

    amount: Amount
    kind: str
    links: dict[Label, Mention | None]
    probability: float


def kind_features(passage: Passage, amount: Amount) -> Iterator[str]:
    """Yield the features of a number's surroundings that its kind shows in."""
    start, end = passage.sentence_bounds(amount)
    left = passage.text[max(start, amount.start - 60) : amount.start]
    right = passage.text[amount.end : min(end, amount.end + 50)]
    by, before = bool(_BY.search(left)), bool(_BEFORE.search(left))
    bracket = bool(_OPEN.search(left))
    yield from (f"by={by}", f"from={before}", f"bracket={bracket}", f"by,unit={by} {amount.unit}")
    yield f"bracket,signed={bracket} {amount.signed}"
    for name, cue in CUES.items():
        yield f"left {name}={bool(cue.search(left))}"
        yield f"right {name}={bool(cue.search(right))}"
        yield f"close {name}={bool(cue.search(left[-25:]))} {bool(cue.search(right[:20]))} {by}"
    place = passage.lists.get(amount.start)
    yield f"list={place.size if place else 1}"
    owning = owner(passage, amount, "METHOD")
    own = owning is not None and passage.surface(owning).lower() in passage.introduced
    compared = owning is not None and bool(_OBJECT.search(passage.text[start : owning.start]))
    yield f"owner={owning is not None} {own} {compared}"
    rest = passage.text[amount.end : end]
    yield f"and then={bool(_CHANGE.match(rest) and before)}"


def relation(passage: Passage, last: Amount, amount: Amount) -> str:
    """Name how a number follows the last one."""
    if passage.sentence(last) != passage.sentence(amount):
        return "sentence"
    between = passage.text[last.end : amount.start]
    here, there = passage.lists.get(amount.start), passage.lists.get(last.start)
    if here and there and here.series == there.series:
        return "list"
    named = (name for name, pattern in _RELATIONS.items() if pattern.fullmatch(between))
    return next(named, "far")


def history_features(amount: Amount, past: Sequence[Assigned], how: str) -> Iterator[str]:
    """Yield the features that the kind of the last number has for one that follows it so."""
    if not past:
        yield "first"
        return
    last = past[-1]
    if how == "sentence":
        yield from ("first", f"earlier={last.kind}")
        return
    alike = amount.unit == last.amount.unit
    yield from (f"after={last.kind}", f"after={last.kind} {how}", f"after={how}")
    yield f"after={last.kind} {how} {alike} {amount.signed}"


def link_structure(
    passage: Passage, amount: Amount, mention: Mention | None, kind: str
) -> Iterator[str]:
    """Yield the features of how a mention, or none, stands to a number of some kind."""
    yield f"kind={kind}"
    start, end = passage.sentence_bounds(amount)
    pronoun = bool(_PRONOUN.match(passage.text[start:end]))
    if mention is None:
        place = passage.lists.get(amount.start)
        yield from (f"none kind={kind}", f"none list={place.size if place else 1} {kind}")
        return
    text, here = passage.text, passage.sentence(amount) == passage.sentence(mention)
    side = "<" if mention.start < amount.start else ">"
    own = passage.surface(mention).lower() in passage.introduced
    yield f"pronoun={pronoun} here={here} own={own}"
    yield from (f"{side} {kind} here={here}", f"{kind} title={mention.end <= text.find(chr(10))}")
    yield from (f"{kind} {feature}" for feature in _roles(passage, mention))
    if here:
        yield from (f"{kind} {feature}" for feature in _aligned(passage, amount, mention))
        yield from (f"{kind} {feature}" for feature in _bound(passage, amount, mention))


def link_history(
    passage: Passage,
    amount: Amount,
    mention: Mention | None,
    choice: tuple[Label, str, dict[Label, Mention | None]],
    last: Assigned,
    how: str,
) -> Iterator[str]:
    """Yield the features of a mention, or none, that the last number has for it.

    `choice` is the label to be linked, the kind of the number and the links chosen before; `how`
    is the relation of the last number to this one.
    """
    label, kind, links = choice
    old = last.links.get(label)
    kinds = f"{last.kind}>{kind}"
    step = _step(passage, last.amount, old, mention)
    fresh = mention is not None and last.amount.end <= mention.start < amount.start
    yield from (
        f"{how} {step}",
        f"{kinds} {step}",
        f"{how} {kinds} {step}",
        f"fresh={fresh} {kind}",
    )
    yield f"fresh={fresh} {step} {how}"
    place = passage.lists.get(mention.start) if mention else None
    yield f"{how} {step} listed={place.size if place else 0}"
    if last.kind == kind and label == "METHOD":
        same = all(last.links.get(other) == links.get(other) for other in ("METRIC", "DATASET"))
        yield f"repeats={same and old == mention} {how}"
        yield f"others same={same} {step}"


def _step(passage: Passage, last: Amount, old: Mention | None, new: Mention | None) -> str:
    """Name how the choice of a mention moves on from that of the last number."""
    if old is None or new is None:
        return f"{'none' if old is None else 'some'}>{'none' if new is None else 'some'}"
    if passage.surface(old).lower() == passage.surface(new).lower():
        return "same"
    there, here = passage.lists.get(old.start), passage.lists.get(new.start)
    if there and here and there.series == here.series:
        return {1: "next", -1: "back"}.get(here.rank - there.rank, "other of list")
    return "later" if new.start > old.start else "earlier"


def _aligned(passage: Passage, amount: Amount, mention: Mention) -> Iterator[str]:
    """Yield whether both stand at the same place in lists of the same length."""
    number, name = passage.lists.get(amount.start), passage.lists.get(mention.start)
    if not name:
        yield f"alone in list={number.size if number else 1}"
    elif not number:
        yield f"one number, names={min(name.size, 4)} {min(name.rank, 3)}"
    elif number.size == name.size:
        _, end = passage.sentence_bounds(amount)
        respectively = "respectively" in passage.text[amount.end : end].lower()
        yield f"aligned={number.rank == name.rank}"
        yield f"aligned={number.rank == name.rank} {respectively}"
    else:
        yield f"lists differ={number.rank == name.rank} {number.size > name.size}"


def _bound(passage: Passage, amount: Amount, mention: Mention) -> Iterator[str]:
    """Yield how closely a mention and a number are bound: by brackets, or with nothing between."""
    text = passage.text
    if mention.end <= amount.start:
        between = text[mention.end : amount.start]
        bracket = bool(_BRACKET.fullmatch(between))
        numbers = any(mention.end <= other.start < amount.start for other in passage.amounts)
        inside = bool(_OPEN.search(between)) and not bracket
        yield from (f"owns bracket={bracket}", f"behind={inside} {numbers}")
        yield f"in clause={_clauses(between)} {numbers}"
    else:
        between = text[amount.end : mention.start]
        numbers = any(amount.end <= other.start < mention.start for other in passage.amounts)
        yield f"on={bool(_ON.fullmatch(between))}"
        yield f"directly={len(between) < 3} {numbers}"
        yield f"in clause={_clauses(between)} {numbers}"
        yield f"open={')' in between}"


def _clauses(between: str) -> int:
    """Count the borders of clauses, up to 3."""
    return min(3, len(re.findall(r"[;:,()]|\b(?:while|whereas|and)\b", between)))


def _roles(passage: Passage, mention: Mention) -> Iterator[str]:
    """Yield whether a mention is introduced by the paper, comes first, or is compared to."""
    start, _ = passage.sentence_bounds(mention)
    before = passage.text[start : mention.start]
    compared = bool(_OBJECT.search(before))
    own = passage.surface(mention).lower() in passage.introduced
    first = not any(
        peer.label == mention.label and start <= peer.start < mention.start
        for peer in passage.peers[mention.label]
    )
    yield from (f"own={own}", f"own={own} compared={compared}", f"first={first} own={own}")
    yield f"object={compared}"
    yield from _context(passage, mention, before)


def _context(passage: Passage, mention: Mention, before: str) -> Iterator[str]:
    """Yield what a mention is used for in its sentence, and how often the text names it."""
    surface = passage.surface(mention).lower()
    counts = [
        passage.counts[passage.surface(peer).lower()] for peer in passage.peers[mention.label]
    ]
    yield f"most named={passage.counts[surface] == max(counts)}"
    yield f"extends own={any(surface.startswith(f'{name}-') for name in passage.introduced)}"
    start, end = passage.sentence_bounds(mention)
    after = passage.text[mention.end : min(end, mention.end + 60)]
    verb = _VERB.search(after)
    yield f"verb={verb.group().lower()[:5] if verb and verb.start() < 12 else bool(verb)}"
    yield f"trained={bool(_TRAINED.search(before))}"
    yield f"tested={bool(_TESTED.search(before))}"
    place = passage.lists.get(mention.start)
    first = place.series if place else mention.start
    yield f"example={bool(_EXAMPLES.search(passage.text[start:first]))} {place is not None}"
