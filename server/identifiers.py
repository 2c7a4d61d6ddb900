"""Identifiers: arXiv ids, DOIs, normalized titles, paper keys and folded term names."""

import hashlib
import re
import unicodedata
from functools import lru_cache

# https://info.arxiv.org/help/arxiv_identifier.html: archive/YYMMNNN before April 2007, then
# YYMM.NNNN, and YYMM.NNNNN since 2015
_MONTH = "(?:0[1-9]|1[0-2])"
_NEW = (
    rf"(?:(?:07(?:0[4-9]|1[0-2])|(?:0[89]|1[0-4]){_MONTH})\.\d{{4}}|"
    rf"(?:1[5-9]|[2-9]\d){_MONTH}\.\d{{5}})"
)
_OLD = r"[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
_ARXIV_ID = re.compile(rf"(?P<id>{_NEW}|{_OLD})(?:v(?P<version>[1-9]\d*))?")
_ADDRESS = re.compile(
    r"(?:https?://)?(?:(?:www\.|export\.|browse\.)?arxiv\.org/"
    r"(?:abs|pdf|html|e-print|ps|format|src)/|"
    r"(?:www\.)?ar5iv(?:\.labs\.arxiv)?\.org/(?:abs|html)/|(?:www\.)?scirate\.com/arxiv/|"
    r"(?:www\.)?semanticscholar\.org/arxiv/|(?:www\.)?emergentmind\.com/papers/|"
    r"(?:www\.)?arxiv-vanity\.com/papers/|"
    r"(?:huggingface\.co|hf\.co)/papers/|(?:www\.)?alphaxiv\.org/(?:abs|overview)/|"
    r"(?:dx\.)?doi\.org/10\.48550/arxiv\.)"
    r"(?P<rest>[^\s?#]+)",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"(?:arxiv\s*:|oai:arxiv\.org:|10\.48550/arxiv\.)\s*", re.IGNORECASE)
# a registrant may be divided, as in "10.1000.10/182": https://www.doi.org/doi-handbook/HTML/
_DOI = re.compile(
    r"(?:https?://(?:dx\.|www\.)?doi\.org/|doi:\s*)?"
    r"(?P<doi>10\.\d{4,9}(?:\.\d+)*/[^\s\"<>\x00-\x1f\x7f\ud800-\udfff]+)",
    re.IGNORECASE,
)
_TITLE_KEY = re.compile(r"t-[0-9a-f]{20}")
_TEX_COMMAND = re.compile(r"\\[A-Za-z]+\s*|\\.")


def parse_arxiv_id(text: str) -> str | None:
    """Parse an arXiv id, an `arXiv:` prefix, a DOI or an address; return the id without version.

    Returns None if `text` is none of these.

    >>> parse_arxiv_id("https://arxiv.org/pdf/2401.01234v2.pdf")
    '2401.01234'
    >>> parse_arxiv_id("arXiv:hep-th/9901001")
    'hep-th/9901001'
    """
    found = _match_arxiv_id(text)
    return found["id"] if found else None


def parse_arxiv_version(text: str) -> int | None:
    """Return the version that an arXiv id or an address names, or None if it names none.

    >>> parse_arxiv_version("http://arxiv.org/abs/2401.01234v2")
    2
    """
    found = _match_arxiv_id(text)
    # no paper has ten thousand versions, and the store's column is small
    return int(found["version"][:4]) if found and found["version"] else None


@lru_cache(maxsize=2**11)  # a chunk of papers asks for each title several times
def normalize_title(title: str) -> str:
    """Fold a title so that copies of it compare equal.

    Applies NFKC and drops LaTeX commands, punctuation, case and repeated white space. Letters and
    digits of every script stay. A title of symbols alone would become empty, so it keeps them.
    """
    title = " ".join(unicodedata.normalize("NFKC", title).split())
    plain = _TEX_COMMAND.sub(lambda command: "" if len(command[0]) > 2 else command[0][1:], title)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).casefold())
    words = "".join(
        c if _is_word(c) else " " for c in folded.replace("$", "").replace("{", "").replace("}", "")
    )
    return " ".join(words.split()) or " ".join(folded.split())


def title_key(title: str) -> str:
    """Return the key of a paper without an arXiv id: `t-` and 20 hex digits of a BLAKE2b hash."""
    return "t-" + hashlib.blake2b(normalize_title(title).encode(), digest_size=10).hexdigest()


@lru_cache(maxsize=2**14)  # the terms of a store recur in its papers
def fold_term(name: str) -> str:
    """Fold a term so that its spellings compare equal: `CIFAR10`, `cifar-10` and `CIFAR 10`."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    joined = re.sub(r"[\s\-_\u2010-\u2015]+", "", folded) or folded.strip()
    return unicodedata.normalize("NFKC", joined)  # joining may put a mark behind a letter


def parse_key(text: str) -> str | None:
    """Parse a paper key: an arXiv id in any form or a title key. Returns None for other texts."""
    text = text.strip()
    return text if _TITLE_KEY.fullmatch(text) else parse_arxiv_id(text)


def parse_doi(text: str) -> str | None:
    """Parse a DOI, alone or as an address, and return it folded: DOIs ignore case.

    Returns None if `text` is none.

    >>> parse_doi("https://doi.org/10.18653/V1/2023.acl-long.1")
    '10.18653/v1/2023.acl-long.1'
    """
    found = _DOI.fullmatch(text.strip())
    return found["doi"].casefold() if found else None


def paper_url(key: str) -> str | None:
    """Return the address of a paper on Hugging Face or arXiv, or None if it has no arXiv id."""
    if _TITLE_KEY.fullmatch(key):
        return None
    return f"https://arxiv.org/abs/{key}" if "/" in key else f"https://huggingface.co/papers/{key}"


def _match_arxiv_id(text: str) -> re.Match[str] | None:
    text = text.strip()
    if address := _ADDRESS.fullmatch(text.split("#")[0].split("?")[0]):
        text = re.sub(r"(?:\.pdf|\.md)?/?$", "", address["rest"])
    return _ARXIV_ID.fullmatch(_PREFIX.sub("", text, count=1))


def _is_word(character: str) -> bool:
    # marks (M) belong to their letters: without them, Devanagari vowels and a decomposed "ü" break
    return unicodedata.category(character)[0] in "LNM"
