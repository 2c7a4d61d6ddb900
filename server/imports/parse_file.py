"""Parse files in processes of their own, with limits of time and memory, which can be killed.

A file comes from anywhere, and what a parser takes for it is hard to foretell: a megabyte of nested
brackets can keep one busy for hours. In a thread it could neither be stopped nor limited.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from io import BytesIO
from lzma import LZMAError
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

import anyio
from anyio import BrokenWorkerProcess, CapacityLimiter, to_process
from msgspec import Struct, field

from server.archive.format import Archive, decode, decode_checked
from server.errors import SourceError
from server.imports.decoding import decode_text
from server.imports.recognize import is_of_vault, parse, recognize
from server.schema.sources import Batch
from server.vault.read_edits import FileEdits, read_edits

try:
    import resource
except ImportError:  # Windows, where only the time is limited
    resource = None  # type: ignore[assignment]

MAX_SECONDS = 60.0  # for a small file
BYTES_A_SECOND = 1 << 20  # of a larger one, which a slow machine that is busy reads too
MAX_FILE = 1 << 30  # bytes
MAX_UNZIPPED = 1 << 29  # bytes
MAX_RATIO = 200  # of a zip's content to the zip; text in Markdown reaches 20
SMALL = 1 << 26  # bytes that a zip may hold whatever its ratio
MAX_MEMBERS = 200_000
ARCHIVE = "papermargin export"
BASE_MEMORY = 1 << 30  # bytes, for Python, its libraries and a small file
MEMORY_FACTOR = 16  # bytes for each byte of the file or zip

_ZIP = b"PK\x03\x04"
# what the decompressors raise for a damaged member, an unknown method and a password
_ZIP_FAULTS = (
    BadZipFile, NotImplementedError, RuntimeError, EOFError, ZlibError, LZMAError, OSError,
    ValueError,
)  # fmt: skip


class ParsedFile(Struct, kw_only=True):
    """What a file holds: papers, an archive, or the edits of a vault; `error` if it is unusable."""

    kind: str = ""
    batch: Batch | None = None
    archive: Archive | None = None
    edits: list[FileEdits] = field(default_factory=list)
    error: str | None = None


async def parse_file(
    data: bytes,
    *,
    name: str,
    observed: datetime,
    year: int,
    columns: Mapping[str, str] | None = None,
    seconds: float | None = None,
    memory: int | None = None,
) -> ParsedFile:
    """Parse a file in another process, which is killed after `seconds`, or if this is cancelled.

    `name` is the file's, `observed` when it was last changed, and `year` that of a copied page's
    dates without one. `columns` maps names of a table's columns to those that they have.
    `memory` is the limit in bytes. By default, both limits grow with the file.
    """
    seconds = seconds or MAX_SECONDS + len(data) / BYTES_A_SECOND
    memory = memory or BASE_MEMORY + MEMORY_FACTOR * len(data)
    too_much = f"reading it needs more than {memory >> 20:,} MB of memory, which is the limit"
    job = partial(_parse, data, name, observed, year, columns, memory)
    # as many processes as there are processors, shared by all imports; waiting is not counted
    async with to_process.current_default_process_limiter():
        try:
            with anyio.fail_after(seconds):
                parsed = await to_process.run_sync(
                    job, cancellable=True, limiter=CapacityLimiter(1)
                )
        except TimeoutError:
            limit = f"reading it took longer than {seconds:.0f} seconds, which is the limit"
            return ParsedFile(error=limit)
        except (BrokenWorkerProcess, MemoryError):
            return ParsedFile(error=too_much)
    if parsed.kind == ARCHIVE and parsed.error is None:
        # to hand it over from the other process would take five times as long
        parsed.archive = decode_checked(data)
    return parsed


def _parse(
    data: bytes,
    name: str,
    observed: datetime,
    year: int,
    columns: Mapping[str, str] | None,
    memory: int,
) -> ParsedFile:
    """Parse a file in this process. Raises MemoryError if that needs more than `memory` bytes."""
    parsed = ParsedFile()
    try:
        with _limited_memory(memory):
            if data.startswith(_ZIP):
                _parse_zip(data, parsed)
            else:
                _parse_plain(data, parsed, name, observed, year, columns)
    except SourceError as error:
        parsed.error = str(error)
    except MemoryError:
        raise
    except RecursionError:
        parsed.error = "it is nested too deeply to be read"
    except Exception as error:  # noqa: BLE001 - one bad file must not stop the others
        parsed.error = f"it cannot be read: {error!r}"
    return parsed


def _parse_plain(
    data: bytes,
    parsed: ParsedFile,
    name: str,
    observed: datetime,
    year: int,
    columns: Mapping[str, str] | None,
) -> None:
    found = recognize(data, columns)
    parsed.kind = found.kind
    if found.kind == "vault file":
        parsed.edits = read_edits(found.content)
    elif found.kind == ARCHIVE:
        decode(data)  # raises what is wrong with it
    else:
        parsed.batch = parse(found, name=name, observed=observed, year=year)


def _parse_zip(data: bytes, parsed: ParsedFile) -> None:
    parsed.kind = "vault zip"
    for text in _unzip(data):
        parsed.edits += read_edits(text)


def _unzip(data: bytes) -> list[str]:
    """Return the texts of a zipped vault's files.

    Raises SourceError for a zip that is broken, too large, or no vault.
    """
    try:
        with ZipFile(BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if info.filename.lower().endswith(".md")]
            _check_sizes(members, len(data))
            texts = [decode_text(archive.read(info)) for info in members]
    except _ZIP_FAULTS as error:
        raise SourceError(f"the zip cannot be read: {error}") from error
    found = [text for text in texts if is_of_vault(text)]
    if not found:
        raise SourceError("the zip has no file of a vault that Papermargin wrote")
    return found


def _check_sizes(members: list[ZipInfo], size: int) -> None:
    """Raise SourceError for a zip that holds too much.

    No more of a member is unpacked than its size in the directory.
    """
    unzipped = sum(info.file_size for info in members)
    if unzipped > MAX_UNZIPPED:
        raise SourceError(f"the zip holds more than {MAX_UNZIPPED:,} bytes")
    if len(members) > MAX_MEMBERS:
        raise SourceError(f"the zip holds more than {MAX_MEMBERS:,} files")
    if unzipped > max(SMALL, MAX_RATIO * size):
        raise SourceError(f"the zip holds more than {MAX_RATIO} times its own size")


@contextmanager
def _limited_memory(limit: int) -> Iterator[None]:
    """Limit this process's address space; MemoryError is raised, or the process ends, beyond it."""
    if resource is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with suppress(ValueError, OSError):  # a lower limit is in force, or the system has none
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
