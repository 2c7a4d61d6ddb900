"""`papermargin token`, as a process beside no server."""

import json
import subprocess
import sys
from pathlib import Path


def run(db: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "server", "token", *arguments, "--db", str(db)]
    return subprocess.run(line, check=False, capture_output=True, text=True, timeout=120)


def test_tokens_are_made_listed_and_revoked(tmp_path: Path, migrated_file: Path) -> None:
    db = tmp_path / "store.sqlite"
    db.write_bytes(migrated_file.read_bytes())
    made = run(db, "create", "script", "--scope", "read", "--scope", "export", "--days", "30")
    assert made.returncode == 0 and len(made.stdout.strip()) >= 43
    [token] = json.loads(run(db, "list", "--json").stdout)
    assert (token["name"], token["scopes"]) == ("script", ["read", "export"])
    assert run(db, "revoke", str(token["id"])).returncode == 0
    assert json.loads(run(db, "list", "--json").stdout) == []
    assert run(db, "revoke", str(token["id"])).returncode == 1
