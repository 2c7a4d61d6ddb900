"""The file of a SQLite store: its locks, and whether it can be a store at all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from server.config import Config
from server.errors import StoreError


@asynccontextmanager
async def serving_lock(config: Config) -> AsyncIterator[None]:
    """Hold the lock of the one server of a SQLite file; PostgreSQL allows several servers.

    Raises `StoreError` if another process has it, or if the file's disk is full or read-only.
    """
    if config.database_url:
        yield
        return
    lock = FileLock(lock_file(config.db))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise StoreError(
            f"another papermargin is serving {config.db}; stop it first, "
            "or give this one another --db"
        ) from None
    except OSError as error:
        raise StoreError(f"cannot write beside {config.db}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def lock_file(db: Path) -> Path:
    """Return the file that a server of `db` locks; it remains, empty, after the server ends."""
    return db.with_name(db.name + ".lock")


def is_served(config: Config) -> bool:
    """Return whether a server uses the SQLite file now; always False for PostgreSQL."""
    if config.database_url:
        return False
    lock = FileLock(lock_file(config.db))
    try:
        with lock.acquire(blocking=False):
            return False
    except Timeout:
        return True
    except OSError:  # where nothing can be written, no server has locked anything
        return False


def check_file(db: Path) -> None:
    """Raise `StoreError` unless a file is a database of SQLite, or can become one."""
    try:
        db.parent.mkdir(parents=True, exist_ok=True)
        # appending creates a missing file, proves that it can be written, and changes no byte
        with db.open("ab+") as file:
            file.seek(0)
            # an empty file is a store that is still to be made
            if file.read(16) not in (b"", b"SQLite format 3\x00"):
                raise StoreError(f"{db} is not a SQLite database")
    except OSError as error:
        raise StoreError(f"cannot open {db}: {error.strerror}") from error


def migration_lock(db: Path) -> FileLock:
    """Return the lock of whoever looks at the schema of a file or changes it."""
    return FileLock(db.with_name(db.name + ".migrating"), timeout=60)
