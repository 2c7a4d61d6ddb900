"""A local server that answers as Zotero's local API does, and fails where it is told to.

It follows the comments and the code of server_localAPI.js of Zotero's source: keys by consent,
`Zotero-Server-ID` (428 without, 412 for another), at most 50 objects a write, a version for each
object that is changed, and `successful`, `unchanged` and `failed` by their places in the request.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Object = dict[str, Any]


class Refusal(Exception):
    """One object of a write is refused with a status of HTTP."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class FakeZotero:
    """A library in memory, how it is set up, and what was asked of it."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.collections: dict[str, Object] = {}
        self.version = 0
        self.server_id: str | None = "LocalServer1"
        self.is_enabled = True
        self.consent = "always"  # or "once", or "deny"
        self.consents = 0
        self.keys: dict[str, bool] = {}
        self.writes: list[list[Object]] = []
        self.cut_after_write: int | None = None  # the number of the write whose answer is lost
        self.cut_before_write: int | None = None  # the number of the write that never arrives
        self.answer: str | None = None  # to every request, whatever it asks for
        self.refused: set[str] = set()  # keys of objects that cannot be written
        self.between_reading_and_writing: Any = None  # called before the next write
        self.after_reading: Any = None  # called after the items were handed over
        self.address = ""

    def put(self, key: str, **data: Any) -> None:
        """Add or change an object as the user of Zotero does."""
        self.version += 1
        known = self.objects.get(key, {"key": key, "tags": [], "collections": []})
        self.objects[key] = known | data | {"version": self.version}

    def raw_tags(self, key: str) -> list[Object]:
        """Return an object's tags as they are kept."""
        return list(self.objects[key]["tags"])

    def tags(self, key: str) -> set[str]:
        """Return the names of an object's tags."""
        return {tag["tag"] for tag in self.raw_tags(key)}

    def notes(self, parent: str) -> dict[str, str]:
        """Return the HTML of an item's notes that are not in the trash, by their keys."""
        return {
            key: each["note"]
            for key, each in self.objects.items()
            if each.get("parentItem") == parent and not each.get("deleted")
        }

    def listed(self) -> list[Object]:
        """Return all objects that are not in the trash, as the API lists them."""
        return [
            {"key": key, "version": each["version"], "library": {}, "data": each}
            for key, each in self.objects.items()
            if not each.get("deleted")
        ]

    def put_collection(self, key: str, name: str, parent: str | None = None) -> None:
        """Add or rename a collection as the user of Zotero does."""
        self.collections[key] = {"key": key, "name": name, "parentCollection": parent or False}

    def listed_collections(self) -> list[Object]:
        """Return all collections as the API lists them."""
        return [
            {"key": key, "version": self.version, "data": each}
            for key, each in self.collections.items()
        ]

    def write(self, objects: list[Object]) -> Object:
        """Write objects one by one, and return what became of each."""
        outcome: Object = {"successful": {}, "success": {}, "unchanged": {}, "failed": {}}
        for place, each in enumerate(objects):
            try:
                changed = self._write_one(each)
            except Refusal as refusal:
                message = {"key": each.get("key", ""), "code": refusal.code}
                outcome["failed"][str(place)] = message | {"message": str(refusal)}
                continue
            name = "successful" if changed else "unchanged"
            answer = {"key": each["key"], "data": self.objects[each["key"]]}
            outcome[name][str(place)] = answer if changed else each["key"]
        return outcome

    def _write_one(self, each: Object) -> bool:
        key, known = each["key"], self.objects.get(each["key"])
        if key in self.refused:
            raise Refusal(400, "it cannot be saved")
        if "version" not in each:
            raise Refusal(428, "Either If-Unmodified-Since-Version or 'version' property needed")
        if known is None and each["version"] > 0:
            raise Refusal(404, "item doesn't exist")
        if known is not None and known["version"] != each["version"]:
            raise Refusal(412, "item version mismatch")
        if known is None and "itemType" not in each:
            raise Refusal(400, "itemType property not provided")
        if each.get("parentItem") and each["parentItem"] not in self.objects:
            raise Refusal(409, "Parent item not found")
        data = {name: value for name, value in each.items() if name not in ("key", "version")}
        if known is not None and known | data == known:
            return False
        self.put(key, **data)
        return True


@contextmanager
def fake_zotero() -> Iterator[FakeZotero]:
    """Run a Zotero without any item."""
    zotero = FakeZotero()

    class Handler(_Handler):
        library = zotero

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    zotero.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield zotero
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    library: FakeZotero

    def do_GET(self) -> None:
        if not self.library.is_enabled:
            self._answer(403, "Local API is not enabled")
        elif urlsplit(self.path).path == "/api/users/0/items":
            listed, server_id = self.library.listed(), self.library.server_id
            if self.library.after_reading:
                self.library.after_reading, call = None, self.library.after_reading
                call()
            self._answer(200, listed, server_id)
        elif urlsplit(self.path).path == "/api/users/0/collections":
            self._answer(200, self.library.listed_collections())
        else:
            self._answer(404, "Not found")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        zotero = self.library
        if zotero.server_id is None:
            self._answer(501, "Method not implemented")
        elif self.headers.get("Zotero-Server-ID") is None:
            self._answer(428, "Zotero-Server-ID not provided")
        elif self.headers["Zotero-Server-ID"] != zotero.server_id:
            self._answer(412, "Zotero-Server-ID does not match this server")
        elif self.path == "/api/local/authorize":
            self._authorize(body)
        else:
            self._write(body)

    def _authorize(self, body: Object) -> None:
        zotero = self.library
        zotero.consents += 1
        if not body.get("appName"):
            self._answer(400, "appName is required")
        elif zotero.consent == "deny":
            self._answer(403, {"denied": True})
        else:
            key, remember = f"key{zotero.consents}", zotero.consent == "always"
            zotero.keys[key] = remember
            self._answer(200, {"key": key, "remember": remember})

    def _write(self, body: list[Object]) -> None:
        zotero = self.library
        key = self.headers.get("Zotero-API-Key", "")
        if key not in zotero.keys:
            self._answer(401, "Invalid or expired API key")
            return
        if not zotero.keys[key]:
            del zotero.keys[key]
        if len(body) > 50:
            self._answer(413, "Cannot add more than 50 items at a time")
            return
        if zotero.between_reading_and_writing:
            zotero.between_reading_and_writing()
            zotero.between_reading_and_writing = None
        if zotero.cut_before_write == len(zotero.writes) + 1:
            self.connection.close()
            return
        outcome = zotero.write(body)
        zotero.writes.append(body)
        if zotero.cut_after_write == len(zotero.writes):
            self.connection.close()  # the objects are written, but nobody hears of it
            return
        self._answer(200, outcome)

    def _answer(self, status: int, value: Any, server_id: str | None = None) -> None:
        value = self.library.answer or value
        data = (value if isinstance(value, str) else json.dumps(value)).encode()
        self.send_response(status)
        if server_id := server_id or self.library.server_id:
            self.send_header("Zotero-Server-ID", server_id)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""
