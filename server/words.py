"""Words as people write them: the spellings by which a text is found beside its own. Pure.

The full-text indexes find words as they stand in a text. `spellings` returns what else they are to
be found by: `finetuning` for "fine-tuning", `cogvideo` for "CogVideoX", `tau` for "τ", `tulu` for
"Tülu", and pairs of characters for scripts that write no spaces. A query's words go the same way:
`tokens` folds them, and `splits` cuts them where a text may have a space or a hyphen.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

BETWEEN_NAMES = "q0q q0q"  # between two authors, so that no phrase reaches from one to the next

_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        [
            "alpha",
            "beta",
            "gamma",
            "delta",
            "epsilon",
            "zeta",
            "eta",
            "theta",
            "iota",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "omicron",
            "pi",
            "rho",
            "sigma",
            "sigma",
            "tau",
            "upsilon",
            "phi",
            "chi",
            "psi",
            "omega",
        ],
        strict=True,
    )
)
# letters that Unicode does not take apart into a base and a mark
_LETTERS = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŋ": "n",
        "ß": "ss", "æ": "ae", "œ": "oe", "ĳ": "ij",
    }
)  # fmt: skip
_TRANSCRIBED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_TEX = re.compile(r"\\(?:text|math|operatorname)[a-z]*(?=[\s{])|\\[,;:!]|_(?=\{)|[${}^\\]")
_GREEK_TEX = re.compile(rf"\\(?:var)?({'|'.join({*_GREEK.values()} - {'omicron'})})(?![A-Za-z])")
_STARRED = re.compile(r"(?<!\w)([A-Za-z])(?:\*|\^\*|\^\{\*\}|\^\\ast|⋆|★)(?!\w)")
_SIGNED = (
    (re.compile(r"(?<!\w)([A-Za-z])\+\+"), r"\1plusplus"),
    (re.compile(r"(?<!\w)([CFJcfj])#"), r"\1sharp"),
)
_SIGNS = re.compile(r"[\\*⋆★+#~_${}^]")  # what one of the patterns above needs
# scripts that write words without spaces: Thai, Lao, Myanmar, Khmer, kana, Han, Hangul
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+")
_JOINTS = r"-‐‑‒–−_/.'’ʼ`´:+&@·"
_CHARACTER = rf"(?:[^\W_]|[\u0300-\u036f{_UNSPACED}])"
_COMPOUND = re.compile(rf"{_CHARACTER}+(?:[{re.escape(_JOINTS)}]{_CHARACTER}+)*")
# the same in texts that are plain ASCII, which most are, in a fifth of the time
_ASCII_COMPOUND = re.compile(r"[A-Za-z0-9]+(?:[-_/.'`:+&@][A-Za-z0-9]+)*")
_JOINT = re.compile(f"[{re.escape(_JOINTS)}]")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\WA-Za-z_]+|\d+(?:\.\d+)*")
_WORD = re.compile(r"[^\W_]+")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_HYPHENATED = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_NUMBER_EDGE = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")

_REPORT = re.compile(r"\s+(?:technical report|system card|report)$", re.IGNORECASE)
MAX_SUBJECT = 60  # letters of a title's subject
MIN_PART = 3  # letters of a part that a word is cut into
MAX_SPLIT = 24  # letters of a word that is cut
COMPOUNDS = 2**14  # words whose spellings are remembered, as most stand in many papers


def plain(text: str) -> str:
    """Return a text without its LaTeX, its invisible characters and its compatibility forms.

    >>> plain("$\\\\pi^3$ with CO₂")
    'π3 with CO2'
    """
    if _SIGNS.search(text):  # few texts have any of these
        text = _without_signs(text)
    if text.isascii():  # which has neither other forms nor invisible characters
        return text
    text = unicodedata.normalize("NFKC", text)
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def _without_signs(text: str) -> str:
    text = _GREEK_TEX.sub(lambda found: _letter(found[1]), text)
    text = _STARRED.sub(r"\1star", text)
    for sign, word in _SIGNED:
        text = sign.sub(word, text)
    # a tie and a backslash before a space stand for a space
    return _TEX.sub("", text.replace("~", " ").replace("\\ ", " "))


@lru_cache(maxsize=50_000)
def fold(text: str) -> str:
    """Return a text in lower case without marks on its letters, Greek letters spelled out.

    >>> fold("Łukasz Üstün, τ-Bench")
    'lukasz ustun, tau-bench'
    """
    bare = unicodedata.normalize("NFD", text.casefold()).translate(_LETTERS)
    bare = "".join(c for c in bare if not unicodedata.combining(c) or _RUN.match(c))
    return unicodedata.normalize("NFC", "".join(_GREEK.get(c, c) for c in bare))


def tokens(text: str) -> list[str]:
    """Return the folded words of a text as an index has them: runs of letters and digits.

    Text without spaces becomes pairs of characters, which follow each other.
    """
    return [word for compound in _find_compounds(plain(text)) for word in _split(compound)]


def _find_compounds(text: str) -> list[str]:
    """Return the words of a text, those that signs join as one."""
    found: list[str] = (_ASCII_COMPOUND if text.isascii() else _COMPOUND).findall(text)
    return found


@lru_cache(maxsize=COMPOUNDS)
def _split(compound: str) -> tuple[str, ...]:
    found = []
    for part in _JOINT.split(compound):
        found += _unspaced(fold(part)) or [fold(part)]
    return tuple(found)


def joined(text: str) -> str:
    """Return the words of a text as one: `finetuning` for "fine-tuning" and "Fine tuning"."""
    return "".join(tokens(text)) if not _RUN.search(text) else ""


def splits(word: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of words that a folded word may be in a text.

    >>> list(splits("sam2")), list(splits("fewshot"))
    ([('sam', '2')], [('few', 'shot'), ('fews', 'hot')])
    """
    edges = [found.start() for found in _NUMBER_EDGE.finditer(word)]
    if not edges and word.isalpha() and word.isascii() and len(word) <= MAX_SPLIT:
        edges = [*range(MIN_PART, len(word) - MIN_PART + 1)]
    yield from ((word[:edge], word[edge:]) for edge in edges)


def spellings(text: str) -> str:
    """Return the words by which a text is to be found beside those that it has.

    >>> spellings("Fine-tuning CogVideoX on τ-bench")
    'finetuning cog video cogvideo taubench tau'
    """
    written = {*_WORD.findall(text.lower())}
    compounds = _find_compounds(plain(text))
    # most words are plain ones, which have no other spelling
    others = [
        compound
        for compound in dict.fromkeys(compounds)
        if not (compound in written and compound.isascii() and compound.isalpha())
    ]
    found = dict.fromkeys(word for compound in others for word in _of_compound(compound))
    for name, version in pairwise(compounds):
        if version.isdigit() and not name.isascii():
            # "Tülu 3" as `tulu3`: no phrase finds the folded word beside its number
            found[joined(name + version)] = None
    split = dict.fromkeys(word for compound in others for word in _split(compound))
    found |= {word: None for word in split if word not in written}
    return " ".join(found)


def title_spellings(title: str) -> str:
    """Return the spellings of a title, and of what it calls its subject.

    >>> title_spellings("SAM 2: Segment Anything")
    'q1qsam2q1'
    """
    return f"{spellings(title)} {subject_word(plain(title).partition(':')[0])}".strip()


def subject_word(subject: str, *, prefix: bool = False) -> str:
    """Return the word that stands for a title's subject in an index, empty for a long one.

    It has an end that no stemmer takes off; with `prefix` it is what such words begin with. What
    kind of report a paper is does not belong to its subject.
    """
    whole = joined(_REPORT.sub("", subject))
    if not 0 < len(whole) <= MAX_SUBJECT:
        return ""
    return f"q1q{whole}" if prefix else f"q1q{whole}q1"


def name_words(names: Iterable[str]) -> str:
    """Return names as they are indexed: folded, and transcribed where that differs."""
    written = dict.fromkeys(
        spelling for name in names for spelling in (" ".join(tokens(name)), _transcribed(name))
    )
    return f" {BETWEEN_NAMES} ".join(filter(None, written))


@lru_cache(maxsize=COMPOUNDS)
def _of_compound(compound: str) -> tuple[str, ...]:
    return tuple(_spell(compound))


def _spell(compound: str) -> Iterator[str]:
    parts = _JOINT.split(compound)
    folded = [fold(part) for part in parts]
    if len(parts) > 1:
        yield "".join(folded)
        if len(parts) > 2:
            yield from (first + second for first, second in pairwise(folded))
    for part in parts:
        yield from _transcribed(part).split()
        yield from _humps(part)
    yield from (number.replace(".", "") for number in _VERSION.findall(compound))
    if not _HYPHENATED.fullmatch(compound):
        yield from folded  # PostgreSQL takes "k1.5" and "a/b" for one word


def _humps(part: str) -> Iterator[str]:
    """Yield the parts of a camelCase word, and what it starts with.

    >>> list(_humps("CogVideoX"))
    ['cog', 'video', 'cogvideo']
    """
    humps = [fold(hump) for hump in _HUMP.findall(part)]
    if len(humps) < 2 or not part.isascii():
        return
    yield from (hump for hump in humps if len(hump) > 1 and not hump.isdigit())
    for end in range(2, len(humps)):
        yield "".join(humps[:end])


def _unspaced(folded: str) -> list[str]:
    """Return the pairs of characters of a word of a script without spaces, none for another."""
    found = []
    for run in _RUN.findall(folded):
        found += [run[n : n + 2] for n in range(len(run) - 1)] or [run]
    return found


def _transcribed(name: str) -> str:
    lower = name.casefold()
    written = lower.translate(_TRANSCRIBED)
    return " ".join(tokens(written)) if written != lower else ""


def _letter(name: str) -> str:
    return next(letter for letter, spelled in _GREEK.items() if spelled == name)
