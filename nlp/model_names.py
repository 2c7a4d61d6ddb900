"""Split the name of a model into its base, size, context length and variant. Pure.

"Qwen2.5-VL-7B-Instruct" is the model Qwen2.5-VL in the size 7B and the variant "instruct". Versions
("2.5", "VL") belong to the base, since other versions are other models.
"""

import re
from collections.abc import Callable

from msgspec import Struct

_NUMBER = r"\d+(?:\.\d+)?"
# "8B", "8x7B", "30B-A3B", "7B/24B"; small letters only after a separator, since "YOLOv8m" is a name
_SIZE = re.compile(
    rf"(?<=\w)[-\s_]?(?<![\d.])(?P<size>{_NUMBER}(?:x\d+)?[BM](?:/{_NUMBER}[BM])*(?![\w.])(?:-A\d+B)?)"
    rf"|(?<=\w)[-\s_](?P<small>{_NUMBER}(?:x\d+)?[bm])(?![\w.])"
)
# "-128K" or "-1M" after a size counts tokens
_CONTEXT = re.compile(rf"(?<=[\d.][BMbm])((?:[-\s]\w+)?)[-\s](?P<context>{_NUMBER}[Kk]|1M)$")
_VARIANT = re.compile(r"[-\s](?P<variant>instruct|chat|it|base)$", re.IGNORECASE)
_DATE = re.compile(r"[-\s](?P<date>20\d\d-?[01]\d-?[0-3]\d)$")
_SPELLED_OUT = {"it": "instruct"}


class ModelName(Struct, frozen=True):
    """The parts of a model's name; None for those that it does not have.

    `size` counts parameters ("7B"), `context` tokens ("128K"). `variant` is a way of tuning
    ("instruct", "chat", "base") or the date of a release, in lower case.
    """

    base: str
    size: str | None = None
    context: str | None = None
    variant: str | None = None


def split_model_name(name: str) -> ModelName:
    """Split a name into its parts.

    A variant is split off only from a name with a version or a size: "WebGen-Instruct" is not a
    variant of "WebGen".

    >>> split_model_name("Qwen2.5-VL-7B-Instruct")
    ModelName(base='Qwen2.5-VL', size='7B', context=None, variant='instruct')
    """
    found: dict[str, str] = {}
    remember = _remembering(found)
    base, sizes = _SIZE.subn(remember, _CONTEXT.sub(remember, name))
    if sizes or any(map(str.isdigit, base)):
        base = _VARIANT.sub(remember, _DATE.sub(remember, base))
    base = base.strip(" -")
    if not base:
        return ModelName(name)
    size = found.get("size") or found.get("small")
    variant = (found.get("variant") or found.get("date") or "").lower()
    return ModelName(
        base,
        size and size.upper().replace("X", "x"),
        found.get("context"),
        _SPELLED_OUT.get(variant, variant) or None,
    )


def _remembering(found: dict[str, str]) -> Callable[[re.Match[str]], str]:
    """Return a replacement for `re.sub` that removes a match and keeps its named groups.

    An unnamed group is left in the text.
    """

    def replace(match: re.Match[str]) -> str:
        found.update({name: part for name, part in match.groupdict().items() if part})
        return match[1] if match.re is _CONTEXT else ""

    return replace
