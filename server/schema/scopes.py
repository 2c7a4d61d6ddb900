"""What a token may be used for."""

from typing import Literal, get_args

Scope = Literal["read", "write", "export", "admin"]
"""`read` shows, `write` changes and imports, `export` takes everything out in one piece, `admin`
makes and revokes tokens, pairing codes and addresses of feeds. None includes another.
"""

SCOPES: tuple[Scope, ...] = get_args(Scope)
