"""JSON columns: how their values are encoded, and strings decoded."""

from typing import Any

import msgspec


def encode(value: Any) -> str:
    """Encode structs for a JSON column."""
    return msgspec.json.encode(value).decode()


def decode_strings(text: str | bytes) -> Any:
    """Decode a JSON column of strings."""
    return msgspec.json.decode(text)
