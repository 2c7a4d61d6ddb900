"""Decode bytes to text and text to JSON, with errors that name the place and the reason."""

import codecs
import json
import re
from typing import Any

from charset_normalizer import from_bytes

from server.errors import SourceError

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# how files name their own encoding: JabRef's header, XML, HTML, Emacs and Vim
_DECLARED = re.compile(
    rb"""(?:^%\s*encoding:|<\?xml[^>]*?encoding=|charset=|coding[:=])\s*["']?\s*(?P<name>[\w.\-]+)""",
    re.IGNORECASE | re.MULTILINE,
)
_DECLARED_WITHIN = 4096  # bytes
# what no text has, in whatever encoding of one or more bytes
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]|\x89PNG|%PDF-")
_HIGH = re.compile(rb"[\x80-\xff]+")
_ONE_BYTE = {"cp1252", "cp1251", "cp1250"}
_COMMON = {*range(0xA1, 0xA4), *range(0xB0, 0xD8)}  # of GB 2312: signs, and its first level
# of one and two bytes a character; others are not told apart from them by a few names
_GUESSED = ["cp1252", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1251", "cp1250"]


def decode_text(data: bytes) -> str:
    """Return the text of a file; a last character that was cut in half is dropped.

    It is UTF-8, or what a byte order mark or the file itself says, or what its letters make likely.
    Raises SourceError, which names the line, for what is not text.
    """
    if data.startswith(_UTF16_MARKS):
        return _decode(data, "utf-16")
    declared = _DECLARED.search(data[:_DECLARED_WITHIN])
    encodings = ["utf-8", *([declared["name"].decode("ascii")] if declared else [])]
    errors: list[SourceError] = []
    for encoding in encodings:
        try:
            return _decode(data, encoding)
        except SourceError as error:
            errors.append(error)
    guess = None if _BINARY.search(data) else from_bytes(data, cp_isolation=_GUESSED).best()
    if guess is None:
        raise errors[0]
    return _decode(data, (guess.encoding in _ONE_BYTE and _tell_script(data)) or guess.encoding)


def _tell_script(data: bytes) -> str | None:
    """Return the encoding of a Chinese or Russian text that is too short to be told by its letters.

    In GB 2312 all that is not ASCII stands in pairs of bytes, of which the first is that of a
    common character or of a sign. Russian has whole words of such bytes, and the languages of
    Latin letters mostly single ones.
    """
    runs = _HIGH.findall(data)
    first = [byte for run in runs for byte in run[::2]]
    common = sum(byte in _COMMON for byte in first)
    is_paired = all(len(run) % 2 == 0 and min(run) > 0xA0 for run in runs)
    if is_paired and common > 0.8 * len(first):
        return "gb18030"
    return "cp1251" if sum(map(len, runs)) > 2.5 * len(runs) else None


def _decode(data: bytes, encoding: str) -> str:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        text = decoder.decode(data, final=False)
    except LookupError as error:
        raise SourceError(f"the file names an unknown encoding, “{encoding}”") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"0x{data[error.start]:02x}"
        raise SourceError(f"line {line}: not {encoding.upper()} text (byte {byte})") from error
    return text.removeprefix("\ufeff")


def decode_json(text: str) -> Any:
    """Return the value of a JSON text. Raises `SourceError` with the place and the reason."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceError(_describe_error(text, error)) from error
    except (RecursionError, ValueError) as error:
        raise SourceError(f"JSON nested too deep, or a number too long ({error})") from error


def _describe_error(text: str, error: json.JSONDecodeError) -> str:
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        last = text.rstrip().count("\n") + 1
        return f"the JSON is cut off: it ends at line {last} in the middle of a value"
    if text[error.pos] == "'":
        return f"line {error.lineno}: expected JSON, found a Python repr (single quotes)"
    reason = error.msg[:1].lower() + error.msg[1:]
    return f"line {error.lineno}, column {error.colno}: not JSON ({reason})"
