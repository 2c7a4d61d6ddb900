"""The open store: which file it is, whether it may be written to, and who tells of its writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tortoise.context import TortoiseContext, require_context

from server.database.group_commit import GroupCommit
from server.database.teller import Teller
from server.errors import StoreMoved


class StoreContext(TortoiseContext):
    """An open store; of a SQLite file also which file it is, by device and inode.

    `paused` says why nothing can be written for the time being. `teller` tells of what is written,
    on PostgreSQL; `group_commit` lets writes share transactions, on SQLite.
    """

    def __init__(self) -> None:
        super().__init__()
        self.path: Path | None = None
        self.identity: tuple[int, int] | None = None
        self.paused: str | None = None
        self.teller: Teller | None = None
        self.group_commit: GroupCommit | None = None

    def hold(self, db: Path) -> None:
        """Remember the file that was just opened. Raises `StoreMoved` if it is already gone."""
        self.path, self.identity = db, _identify(db)
        self.check_in_place()

    def check_in_place(self) -> None:
        """Raise `StoreMoved` if the path of a SQLite store leads to another file, or to none.

        Whatever is written then would be lost when the server ends.
        """
        if self.path is None:
            return
        found = _identify(self.path)
        if found is None or found != self.identity:
            what = "is gone" if found is None else "was replaced by another file"
            raise StoreMoved(
                f"{self.path} {what} while the server had it open: nothing is written until the "
                f"server is restarted; what it holds is saved in {rescue_file(self.path)}"
            )


@contextmanager
def pause_writes(reason: str) -> Iterator[None]:
    """Refuse writes that begin within the block, with a reason."""
    context = open_context()
    context.paused = reason
    try:
        yield
    finally:
        context.paused = None


def check_in_place() -> None:
    """Raise `StoreMoved` if the file of the open store was moved, deleted or replaced."""
    open_context().check_in_place()


def open_context() -> StoreContext:
    """Return the open store."""
    context = require_context()
    assert isinstance(context, StoreContext)  # `open_store` makes no other
    return context


def is_moved() -> bool:
    """Return whether the file of the open store was moved, deleted or replaced."""
    try:
        check_in_place()
    except StoreMoved:
        return True
    return False


def rescue_file(db: Path) -> Path:
    """Return where a server saves what it holds when `db` is moved, deleted or replaced."""
    return db.with_name(db.name + ".rescued")


def _identify(db: Path) -> tuple[int, int] | None:
    try:
        found = db.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
