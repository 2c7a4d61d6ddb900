"""Pictures, told by their own first bytes. Pure."""

from msgspec import Struct

from server.errors import SourceError

MAX_SIDE = 8_192  # pixels of a PNG; some browsers give up on larger ones

# the first bytes of the formats that every browser shows
_PNG = b"\x89PNG\r\n\x1a\n"
_SIGNATURES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


class Picture(Struct, frozen=True):
    """A picture and its media type, as its own bytes tell it."""

    data: bytes
    media_type: str


def read_picture(data: bytes) -> Picture:
    """Return a picture with its media type. Raises `SourceError` for anything else."""
    if data.startswith(_PNG):
        _check_size(data)
        return Picture(data, "image/png")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Picture(data, "image/webp")
    for signature, media_type in _SIGNATURES.items():
        if data.startswith(signature):
            return Picture(data, media_type)
    raise SourceError("this is no picture that browsers show")


def _check_size(data: bytes) -> None:
    # https://www.w3.org/TR/png-3/#11IHDR: the first chunk has width and height
    sides = [int.from_bytes(data[start : start + 4]) for start in (16, 20)]
    if data[12:16] != b"IHDR" or not all(0 < side <= MAX_SIDE for side in sides):
        raise SourceError("the picture is broken or too large")
