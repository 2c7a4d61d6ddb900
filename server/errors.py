"""The tree of failures, each a sentence for a person and the data for a program.

PapermarginError
├── NotFound             no such paper, entry, note or tag (404)
├── Conflict             somebody else changed it since; carries the current state (412)
├── PreconditionMissing  a change of something that exists names no version (428)
├── Refused              who asks may not (401 or 403)
├── TooLarge             a note, tag, batch or body over its limit (413)
├── Invalid              input that cannot be taken as it is (422)
│   └── QueryError       a search query that cannot be read; knows the place
├── TooManyTries         a pairing code guessed too often (429)
├── SourceError          a file or an answer from outside that cannot be used
│   └── Unreachable      nothing answered: no network, time-out, or still failing after retries
├── MailError            an e-mail that its server does not take, or a mail server that does not answer
└── StoreError           the database cannot be opened, migrated, backed up or restored
"""

from typing import Any


class PapermarginError(Exception):
    """A failure that we understand; `str()` of it is one line for a person."""

    status = 500
    title = "Something went wrong"

    @property
    def extra(self) -> dict[str, Any]:
        """Members that a program needs beside the sentence."""
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
