"""The version of the code: what was concluded by other code is concluded anew."""

from functools import cache
from pathlib import Path

import nlp
import server
from nlp.version import digest_files


@cache
def code_version() -> str:
    """Return a digest of all modules of this program: in a clone, no other version changes."""
    folders = [Path(package.__path__[0]) for package in (server, nlp)]
    return " ".join(digest_files(folder, folder.rglob("*.py")) for folder in folders)
