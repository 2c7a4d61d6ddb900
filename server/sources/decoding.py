"""From bytes to text and from text to JSON, with the place and the reason where it cannot be done."""

import codecs
import json
from typing import Any

from server.errors import SourceError

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode_text(data: bytes) -> str:
    """Give the text of a file in UTF-8, or in UTF-16 if it says so; a last character that was cut in half is dropped.

    Raises SourceError that names the line of the first byte that is neither.
    """
    encoding = "utf-16" if data.startswith(_UTF16_MARKS) else "utf-8"
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data, final=False)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(f"line {line}: not {encoding.upper()} text (byte 0x{data[error.start]:02x})") from error
    return text.removeprefix("\ufeff")


def decode_json(text: str) -> Any:
    """Give the value of a JSON text; raises SourceError that tells the place, and what was found there."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceError(_fault(text, error)) from error
    except (RecursionError, ValueError) as error:
        raise SourceError(f"JSON nested too deep, or a number too long ({error})") from error


def _fault(text: str, error: json.JSONDecodeError) -> str:
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return f"the JSON is cut off: it ends at line {text.rstrip().count(chr(10)) + 1} in the middle of a value"
    if text[error.pos] == "'":
        return f"line {error.lineno}: expected JSON, found a Python repr (single quotes)"
    return f"line {error.lineno}, column {error.colno}: not JSON ({error.msg[:1].lower()}{error.msg[1:]})"
