"""Hugging Face's pictures of papers, each fetched with one request that follows no redirect."""

import anyio
import httpx

from server.errors import SourceError, Unreachable
from server.imports.pictures import Picture, read_picture
from server.imports.sites.http import AGENT, Refusal
from server.schema.sources import fold

MAX_PICTURE = 4_000_000  # bytes
SECONDS = 10.0
_NAME = "Hugging Face's pictures"


class ThumbnailSite:
    """The site at `base_url` that has the pictures; it takes several requests at once."""

    def __init__(self, base_url: str, *, seconds: float = SECONDS) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = httpx.AsyncClient()
        self._seconds = seconds

    async def fetch(self, arxiv_id: str) -> Picture:
        """Return the picture of a paper.

        Raises `Refusal` for an answer of 3xx or 4xx, `Unreachable` if the site does not answer or
        is busy, and `SourceError` for an answer that is no picture or too large.
        """
        address = f"{self._base_url}/social-thumbnails/papers/{arxiv_id}.png"
        try:
            # httpx counts its time-outs anew for every piece, so that a drip would never end
            with anyio.fail_after(self._seconds):
                return read_picture(await self._read(address))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Unreachable(f"{_NAME} did not answer within {self._seconds:g} s") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise SourceError(f"{_NAME} cannot be asked at “{self._base_url}”") from error
        except httpx.RequestError as error:
            reason = fold(str(error)) or type(error).__name__
            raise Unreachable(f"{_NAME} did not answer: {reason}") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _read(self, address: str) -> bytes:
        data = bytearray()
        async with self._client.stream(
            "GET",
            address,
            headers={"User-Agent": AGENT, "Accept": "image/*"},
            follow_redirects=False,  # which could lead to a host of this computer's network
        ) as response:
            _check(response)
            async for piece in response.aiter_bytes():
                data += piece
                if len(data) > MAX_PICTURE:
                    raise SourceError(f"{_NAME} sent more than {MAX_PICTURE:,} bytes")
        return bytes(data)


def _check(response: httpx.Response) -> None:
    code = response.status_code
    if code == 429 or code >= 500:
        raise Unreachable(f"{_NAME} are busy ({code})")
    if code != 200:
        raise Refusal(f"{_NAME} answered {code} {response.reason_phrase}", code)
    if not response.headers.get("Content-Type", "").lower().startswith("image/"):
        raise SourceError(f"{_NAME} answered with something else")
