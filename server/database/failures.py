"""Translate failures of SQLite and PostgreSQL into errors of ours, with a reason and advice.

The codes: https://sqlite.org/rescode.html and
https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from tortoise.exceptions import DBConnectionError

from server.errors import PapermarginError, StoreBusy, StoreError, StoreFull

_FULL = "the disk is full: nothing was written; make room and try again"
_BUSY = "another program is writing to the store: nothing was written; try again in a moment"
_READ_ONLY = "the store cannot be written to, because its file or disk is read-only"
_SILENT = "the database does not answer; it may be restarting"

Reason = tuple[type[StoreError], str]

_SQLITE: dict[int, Reason] = {
    sqlite3.SQLITE_BUSY: (StoreBusy, _BUSY),
    sqlite3.SQLITE_LOCKED: (StoreBusy, _BUSY),
    sqlite3.SQLITE_FULL: (StoreFull, _FULL),
    sqlite3.SQLITE_READONLY: (StoreError, _READ_ONLY),
    sqlite3.SQLITE_IOERR: (StoreError, "the disk of the store failed to read or write"),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "the file of the store cannot be opened"),
    sqlite3.SQLITE_CORRUPT: (StoreError, "the store is damaged: run papermargin doctor"),
    sqlite3.SQLITE_NOTADB: (StoreError, "the store is damaged: run papermargin doctor"),
}
_POSTGRES: dict[str, Reason] = {
    "53100": (StoreFull, _FULL),
    "25006": (StoreError, _READ_ONLY),
    "55P03": (StoreBusy, _BUSY),
    "40P01": (StoreBusy, _BUSY),
}
_POSTGRES_CLASSES: dict[str, Reason] = {
    "08": (StoreError, _SILENT),
    "53": (StoreBusy, "the database has too much to do; try again in a moment"),
    "57": (StoreError, _SILENT),
}


def explain(error: BaseException) -> StoreError | None:
    """Return what a failure of the database means, or None if it is not one of its environment.

    A lock, a full or read-only disk, damage and a lost connection are; a wrong statement is not.
    """
    for cause in _causes(error):
        if isinstance(cause, sqlite3.Error):
            # the low byte is the primary code, the others say where it came from
            return _make(_SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF))
        if code := getattr(cause, "sqlstate", None):
            return _make(_POSTGRES.get(code) or _POSTGRES_CLASSES.get(code[:2]))
        if isinstance(cause, DBConnectionError | ConnectionError) or _is_closed(cause):
            return StoreError(_SILENT)
    return None


@contextmanager
def explained() -> Iterator[None]:
    """Raise a failure that `explain` recognizes as the `StoreError` that it means.

    Errors of ours stay as they are: that of a site or mail server may come from a connection, too.
    """
    try:
        yield
    except PapermarginError:
        raise
    except Exception as error:
        if reason := explain(error):
            raise reason from error
        raise


def _make(reason: Reason | None) -> StoreError | None:
    return reason[0](reason[1]) if reason else None


def _is_closed(error: BaseException) -> bool:
    """Return whether asyncpg, an optional dependency, found its connection or pool closed.

    While the database ends a connection, its client may still be busy with the farewell.
    """
    name = type(error).__name__
    return type(error).__module__.startswith("asyncpg") and (
        "InterfaceError" in name or name == "InternalClientError"
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what an error wraps, innermost first: Tortoise passes it as an argument."""
    wrapped = [argument for argument in error.args if isinstance(argument, BaseException)]
    for inner in wrapped or ([error.__cause__] if error.__cause__ else []):
        yield from _causes(inner)
    yield error
