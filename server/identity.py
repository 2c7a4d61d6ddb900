"""Who a paper is: arXiv ids, normalized titles, paper keys. Pure."""

import hashlib
import re
import unicodedata

# https://info.arxiv.org/help/arxiv_identifier.html: YYMM.NNNN(N) since 2007-04, before it archive/YYMMNNN
_NEW = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD = r"[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
_ARXIV_ID = re.compile(rf"(?P<id>{_NEW}|{_OLD})(?:v[1-9]\d*)?")
_ADDRESS = re.compile(
    r"(?:https?://)?(?:(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|e-print)/|"
    r"(?:huggingface\.co|hf\.co)/papers/|(?:www\.)?alphaxiv\.org/abs/|(?:dx\.)?doi\.org/10\.48550/arxiv\.)"
    r"(?P<rest>[^\s?#]+)",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"(?:arxiv\s*:|10\.48550/arxiv\.)\s*", re.IGNORECASE)
_TITLE_KEY = re.compile(r"t-[0-9a-f]{20}")
_TEX_COMMAND = re.compile(r"\\[A-Za-z]+\s*|\\.")


def parse_arxiv_id(text: str) -> str | None:
    """Give the arXiv id without its version that `text` is: bare, `arXiv:`-prefixed, a DOI or an address; else None.

    >>> parse_arxiv_id("https://arxiv.org/pdf/2401.01234v2.pdf")
    '2401.01234'
    >>> parse_arxiv_id("arXiv:hep-th/9901001")
    'hep-th/9901001'
    """
    text = text.strip()
    if address := _ADDRESS.fullmatch(text.split("#")[0].split("?")[0]):
        text = re.sub(r"(?:\.pdf|\.md)?/?$", "", address["rest"])
    found = _ARXIV_ID.fullmatch(_PREFIX.sub("", text, count=1))
    return found["id"] if found else None


def normalize_title(title: str) -> str:
    """Fold a title to what two copies of it share: NFKC, no LaTeX, no punctuation, case and white space folded.

    Letters and digits of every script stay, so that a title of symbols alone is the only one that folds to nothing;
    such a title stands for itself.
    """
    title = " ".join(unicodedata.normalize("NFKC", title).split())
    plain = _TEX_COMMAND.sub(lambda command: "" if len(command[0]) > 2 else command[0][1:], title)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).casefold())
    words = "".join(c if _is_word(c) else " " for c in folded.replace("$", "").replace("{", "").replace("}", ""))
    return " ".join(words.split()) or " ".join(folded.split())


def title_key(title: str) -> str:
    """Give the key of a paper of which only the title is known: `t-` and 20 hex digits of its normalized title."""
    return "t-" + hashlib.blake2b(normalize_title(title).encode(), digest_size=10).hexdigest()


def fold_term(name: str) -> str:
    """Fold a term to what its spellings share, so that `CIFAR10`, `cifar-10` and `CIFAR 10` are one."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    joined = re.sub(r"[\s\-_\u2010-\u2015]+", "", folded) or folded.strip()
    return unicodedata.normalize("NFKC", joined)  # a mark may have come to stand behind a letter


def parse_key(text: str) -> str | None:
    """Give the paper key that a person or a client wrote, as an id, an address or a title's key; else None."""
    text = text.strip()
    return text if _TITLE_KEY.fullmatch(text) else parse_arxiv_id(text)


def paper_url(key: str) -> str | None:
    """Give the address where a paper can be read, None for one that is known by its title alone."""
    if _TITLE_KEY.fullmatch(key):
        return None
    return f"https://arxiv.org/abs/{key}" if "/" in key else f"https://huggingface.co/papers/{key}"


def _is_word(character: str) -> bool:
    # marks belong to their letters: without them "ü" as two code points and Devanagari vowels would fall apart
    return unicodedata.category(character)[0] in "LNM"
