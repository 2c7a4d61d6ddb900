"""Expected failures: each has a sentence for a person, an HTTP status and data for a program.

PapermarginError
├── NotFound                 no such paper, entry, note or tag (404)
├── Conflict                 the version given is stale; carries the current state (412)
│   └── PreconditionMissing  a change of something that exists names no version (428)
├── Refused                  not signed in (401) or not allowed (403)
├── TooLarge                 a note, tag, batch or body is over its limit (413)
├── Invalid                  the input has the right shape but cannot be accepted (422)
│   └── QueryError           a search query cannot be parsed; carries the position
├── TooManyTries             too many wrong pairing codes (429)
├── Cancelled                the client went away before its request was done (499)
├── SourceError              an imported file or an answer from another site cannot be used (502)
│   └── Unreachable          no answer: no network, a time-out, or failures after all retries
├── MailError                the mail server does not answer or rejects an e-mail (502)
└── StoreError               the database cannot be opened, read, written or backed up (503)
    ├── StoreBusy            another program holds its lock
    ├── StoreFull            its disk is full (507)
    └── StoreMoved           its file on disk is no longer the one that is open
"""

from typing import Any


class PapermarginError(Exception):
    """An expected failure; `str()` of it is one line for a person."""

    status = 500
    title = "Something went wrong"
    retry_after: int | None = None  # seconds, where trying again can help

    @property
    def extra(self) -> dict[str, Any]:
        """Further members of the problem details (RFC 9457), for programs."""
        return {}


class NotFound(PapermarginError):
    status = 404
    title = "Not found"


class Conflict(PapermarginError):
    status = 412
    title = "Changed in the meantime"

    def __init__(self, message: str, current: Any) -> None:
        super().__init__(message)
        self.current = current

    @property
    def extra(self) -> dict[str, Any]:
        return {"current": self.current}


class PreconditionMissing(Conflict):
    status = 428
    title = "Version needed"


class Refused(PapermarginError):
    status = 401
    title = "Not allowed"

    def __init__(self, message: str, *, status: int = 401) -> None:
        super().__init__(message)
        self.status = status


class TooLarge(PapermarginError):
    status = 413
    title = "Too large"


class Invalid(PapermarginError):
    status = 422
    title = "Not usable as it is"


class QueryError(Invalid):
    title = "The query cannot be read"

    def __init__(self, message: str, *, query: str, position: int) -> None:
        super().__init__(message)
        self.query = query
        self.position = position

    @property
    def extra(self) -> dict[str, Any]:
        return {"query": self.query, "position": self.position}


class TooManyTries(PapermarginError):
    status = 429
    title = "Too many tries"


class Cancelled(PapermarginError):
    status = 499  # nginx's for a closed request; nobody reads it
    title = "Cancelled"


class SourceError(PapermarginError):
    status = 502
    title = "The source gave nothing usable"


class Unreachable(SourceError):
    title = "The source does not answer"


class MailError(PapermarginError):
    status = 502
    title = "The e-mail was not taken"


class StoreError(PapermarginError):
    status = 503
    title = "The store is not usable"
    retry_after = 30


class StoreBusy(StoreError):
    retry_after = 5


class StoreFull(StoreError):
    status = 507
    title = "The disk is full"
    retry_after = 60


class StoreMoved(StoreError):
    title = "The store's file was moved or replaced"
    retry_after = 60
