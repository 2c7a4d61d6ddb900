"""The command `zotero sync`, as a person types it."""

import json
import time
from pathlib import Path

from click.testing import CliRunner
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.__main__ import main
from server.config import Config
from tests.server.process import serve
from tests.server.zotero.fake_zotero import FakeZotero, fake_zotero


def papermargin(db: Path, zotero: FakeZotero, *arguments: str, code: int = 0) -> str:
    """Run the command on a store and a Zotero, and return what it prints."""
    EXECUTOR_CACHE.clear()
    environment = {"PAPERMARGIN_DB": str(db), "PAPERMARGIN_ZOTERO_URL": zotero.address}
    result = CliRunner().invoke(main, arguments, env=environment)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result.output


def test_a_library_comes_in_and_goes_out(tmp_path: Path, migrated_file: Path) -> None:
    db = tmp_path / "store.sqlite"
    db.write_bytes(migrated_file.read_bytes())
    with fake_zotero() as zotero:
        zotero.put("AAAA2222", itemType="preprint", title="Moss", archiveID="arXiv:2601.00001")
        told = papermargin(db, zotero, "zotero", "sync", "--dry-run")
        assert told == "here: new paper: “Moss”\n"
        assert "status, rating or tags" in papermargin(db, zotero, "zotero", "sync")
        papermargin(db, zotero, "tag", "2601.00001", "+ferns")
        assert "in Zotero: “Moss”: tags" in papermargin(db, zotero, "zotero", "sync")
        assert zotero.tags("AAAA2222") == {"ferns", "papermargin:status/inbox"}
        assert papermargin(db, zotero, "zotero", "sync") == "nothing to do\n"
        report = json.loads(papermargin(db, zotero, "zotero", "sync", "--json"))
        assert report["there"] == [] and report["is_read_only"] is False
        zotero.is_enabled = False
        assert "Error: Zotero lets no other" in papermargin(db, zotero, "zotero", "sync", code=1)


def test_a_server_syncs_by_its_schedule(tmp_path: Path, migrated_file: Path) -> None:
    db, log = tmp_path / "store.sqlite", tmp_path / "log"
    db.write_bytes(migrated_file.read_bytes())
    with fake_zotero() as zotero:
        zotero.put("AAAA2222", itemType="preprint", title="Moss", archiveID="arXiv:2601.00001")
        address = ["--zotero-url", zotero.address, "--zotero-collections"]
        papermargin(db, zotero, "zotero", "sync")  # asks for the key
        zotero.put("AAAA2222", tags=[{"tag": "ferns"}])
        with serve(Config(db=db), log, "--zotero-minutes", "0.01", *address):
            _await_tag(zotero, "papermargin:status/inbox")
    assert zotero.consents == 1


def _await_tag(zotero: FakeZotero, tag: str) -> None:
    end = time.monotonic() + 60
    while tag not in zotero.tags("AAAA2222") and time.monotonic() < end:
        time.sleep(0.05)
    assert tag in zotero.tags("AAAA2222")
