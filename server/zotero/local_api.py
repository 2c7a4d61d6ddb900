"""Zotero's local API: read the library, ask for permission, and write.

It is described at https://www.zotero.org/support/dev/web_api/v3/local_api, and its writes, which
Zotero has since version 10, in the comments of its source
(https://github.com/zotero/zotero, chrome/content/zotero/xpcom/server/server_localAPI.js):

- Reads need no key. A write needs `Zotero-API-Key`, else the answer is 401. A key is given by
  `POST /api/local/authorize`, for which Zotero asks the user; "Allow" gives a key that is good for
  one write, "Always Allow" one that stays good.
- Every answer has a `Zotero-Server-ID`, which a write has to repeat: 428 without it, 412 if it is
  that of another library. Zotero 7 to 9, which cannot be written, have none.
- A write has at most 50 objects. Each has the version that it starts from; one that changed in the
  meantime is refused with 412, and the others are written.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
from msgspec import Struct, field

from server.errors import Refused, SourceError, Unreachable
from server.schema.sources import fold

APP = "Papermargin"
MOST = 50  # objects of one write
READ_SECONDS = 60.0
CONSENT_SECONDS = 300.0  # until the user has answered Zotero's dialog

_ITEMS = "/api/users/0/items"
_COLLECTIONS = "/api/users/0/collections"

T = TypeVar("T")


class Written(Struct):
    """The keys of objects that are now as they were to be, and why others are not."""

    done: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def open_zotero(
    keys: Path, address: str, *, may_ask: bool = True
) -> AsyncIterator["LocalApi"]:
    """Yield the Zotero at an address; `keys` is the file that keeps the keys it gave.

    Without `may_ask` its user is never asked for permission: a write without a key is refused.
    """
    async with httpx.AsyncClient(trust_env=False) as client:
        yield LocalApi(client, keys, address, may_ask=may_ask)


class LocalApi:
    """A running Zotero. `library` identifies it; it is empty for one that cannot be written."""

    def __init__(
        self, client: httpx.AsyncClient, keys: Path, address: str, *, may_ask: bool
    ) -> None:
        self.library = ""
        self._client = client
        self._address = address.rstrip("/")
        self._keys = keys
        self._may_ask = may_ask
        self._key = ""

    async def read_items(self) -> list[Any]:
        """Return all items of the user's own library.

        Raises `Unreachable` if no Zotero answers, `SourceError` if it refuses or answers nonsense.
        """
        answer = await self._send("GET", f"{_ITEMS}?includeTrashed=0")
        self.library = answer.headers.get("Zotero-Server-ID", "")
        return self._decode(answer, list)

    async def read_collections(self) -> list[Any]:
        """Return all collections of the user's own library. Raises as `read_items` does."""
        return self._decode(await self._send("GET", _COLLECTIONS), list)

    async def write(self, objects: list[dict[str, Any]]) -> Written:
        """Write at most `MOST` objects, and ask the user for permission if it is needed.

        Raises `Refused` if the user denies it, `Unreachable` if Zotero ends in between, and
        `SourceError` if it refuses the whole write.
        """
        self._key = self._key or self._load_key() or await self._authorize()
        answer = await self._post(objects)
        if answer.status_code == 401:  # a key for one write is used up, or was revoked
            self._key = await self._authorize()
            answer = await self._post(objects)
        self._check(answer)
        return _read_outcome(self._decode(answer, dict), objects)

    async def _post(self, objects: list[dict[str, Any]]) -> httpx.Response:
        headers = {"Zotero-API-Key": self._key, "Zotero-Server-ID": self.library}
        return await self._send("POST", _ITEMS, body=objects, headers=headers, check=False)

    async def _authorize(self) -> str:
        """Ask for a key; Zotero asks the user. Raises `Refused` if they deny it, or may not be."""
        if not self._may_ask:
            raise Refused(
                "Zotero was only read, because it has not yet allowed the writes for good: sync "
                "once by hand, and choose Always Allow"
            )
        answer = await self._send(
            "POST",
            "/api/local/authorize",
            body={"appName": APP},
            headers={"Zotero-Server-ID": self.library},
            seconds=CONSENT_SECONDS,
            check=False,
        )
        if answer.status_code == 403:
            raise Refused("Zotero was not allowed to be written: nothing was changed in it")
        self._check(answer)
        given = self._decode(answer, dict)
        if given.get("remember"):
            self._save_key(str(given["key"]))
        return str(given["key"])

    async def _send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
        seconds: float = READ_SECONDS,
        check: bool = True,
    ) -> httpx.Response:
        try:
            answer = await self._client.request(
                method,
                self._address + path,
                json=body,
                headers={"Zotero-API-Version": "3"} | (headers or {}),
                timeout=seconds,
            )
        except (httpx.RequestError, httpx.InvalidURL) as error:
            what = fold(str(error)) or type(error).__name__
            raise Unreachable(f"Zotero does not answer at {self._address}: {what}") from error
        if check:
            self._check(answer)
        return answer

    def _check(self, answer: httpx.Response) -> None:
        if answer.status_code == 403:
            raise SourceError(
                "Zotero lets no other program in: tick Settings → Advanced → Allow other "
                "applications on this computer to communicate with Zotero"
            )
        if answer.status_code == 412:
            raise SourceError("another Zotero library is open than before: start the sync again")
        if not answer.is_success:
            raise SourceError(f"Zotero answered {answer.status_code}: {fold(answer.text)[:200]}")

    def _decode(self, answer: httpx.Response, kind: type[T]) -> T:
        try:
            value = answer.json()
        except ValueError:
            value = None
        if not isinstance(value, kind):
            raise SourceError(f"what answers at {self._address} is no Zotero")
        return value

    def _load_key(self) -> str:
        return self._read_keys().get(self.library, "")

    def _save_key(self, key: str) -> None:
        self._keys.parent.mkdir(parents=True, exist_ok=True)
        self._keys.touch(mode=0o600)
        self._keys.write_text(json.dumps(self._read_keys() | {self.library: key}))

    def _read_keys(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._keys.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError):
            return {}


def _read_outcome(outcome: dict[str, Any], objects: list[dict[str, Any]]) -> Written:
    """Read which objects were written: they are named by their places in the request."""
    written = Written()
    for part in ("successful", "unchanged"):
        written.done |= {objects[place]["key"] for place in _places(outcome.get(part), objects)}
    failed = outcome.get("failed") or {}
    for place in _places(failed, objects):
        failure = failed[str(place)]
        reason = f"{failure.get('code')}: {fold(str(failure.get('message')))[:200]}"
        if failure.get("code") == 412:
            reason = "it was changed in Zotero meanwhile; the next sync merges it"
        written.failed[objects[place]["key"]] = reason
    return written


def _places(part: Any, objects: list[dict[str, Any]]) -> Iterator[int]:
    for place in part or {}:
        if str(place).isdigit() and int(place) < len(objects):
            yield int(place)
