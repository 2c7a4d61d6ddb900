"""Asking a site politely: one request at a time, patience with its failures, and an end to that."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from json import JSONDecodeError
from typing import ClassVar, TypeVar

import anyio
import httpx
import tenacity
from msgspec import Struct

from server.errors import SourceError, Unreachable
from server.schema.sources import fold

AGENT = f"papermargin/{version('papermargin')} (a personal reading list)"
# RateLimit: "api";r=0;t=42 means 0 requests left and 42 s until there are more
_RESET = re.compile(r";\s*t=(\d{1,9})")
_SECONDS = re.compile(r"\d{1,9}")
T = TypeVar("T")


class Patience(Struct, frozen=True, kw_only=True):
    """How long to go on asking; all but `tries` in seconds.

    `answer` is for one answer, `in_all` for a request with its waits (the last answer may take
    longer), `gap` the least time between the end of a request and the start of the next.
    """

    tries: int = 5
    first_wait: float = 1.0
    longest_wait: float = 60.0
    answer: float = 30.0
    in_all: float = 240.0
    gap: float = 0.0


class Refusal(SourceError):
    """The site understood and said no: an answer of 4xx, whose number is `code`."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class _Busy(Unreachable):
    """The site answered 429 or 5xx and asks to come back in `wait` seconds, 0 where it does not
    say.
    """

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class Site:
    """A web site at `base_url`, asked through `client`, one request at a time.

    Each kind of site has a `name` in messages, and its own `patience` unless another is given.
    """

    name: ClassVar[str]
    patience: ClassVar[Patience] = Patience()

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        *,
        patience: Patience | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = client
        self._patience = patience or self.patience
        self._sleep = sleep
        self._turn = anyio.Lock()
        self._free_at = 0.0

    async def get(
        self, path: str, params: dict[str, str], read: Callable[[httpx.Response], T]
    ) -> T:
        """Return what `read` makes of the answer; an answer of which it raises SourceError is asked
        for again.

        Raises Unreachable if nothing usable came within the site's patience, Refusal for an answer
        of 4xx.
        """
        asking = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type((httpx.RequestError, TimeoutError, SourceError))
            # asking again helps neither against a refusal nor against an address that is wrong
            & tenacity.retry_if_not_exception_type((Refusal, httpx.UnsupportedProtocol)),
            wait=self._wait,
            stop=tenacity.stop_after_attempt(self._patience.tries)
            | tenacity.stop_before_delay(self._patience.in_all),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return await asking(self._ask, path, params, read)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Unreachable(
                f"{self.name} did not answer within {self._patience.answer:g} s"
            ) from error
        except httpx.InvalidURL as error:
            raise SourceError(
                f"{self.name} cannot be asked at “{self._base_url}”: {fold(str(error))}"
            ) from error
        except httpx.RequestError as error:
            raise Unreachable(
                f"{self.name} did not answer: {fold(str(error)) or type(error).__name__}"
            ) from error

    async def _ask(
        self, path: str, params: dict[str, str], read: Callable[[httpx.Response], T]
    ) -> T:
        async with self._turn:
            if (early := self._free_at - anyio.current_time()) > 0:
                await self._sleep(early)
            try:
                # httpx counts its time-outs anew for every chunk, so that a drip would never end
                with anyio.fail_after(self._patience.answer):
                    response = await self._client.get(
                        self._base_url + path,
                        params=params,
                        headers={"User-Agent": AGENT},
                        timeout=self._patience.answer,
                        follow_redirects=True,
                    )
            finally:
                self._free_at = anyio.current_time() + self._patience.gap
        if response.status_code == 429 or response.status_code >= 500:
            raise self._busy(response)
        if not response.is_success:
            raise Refusal(
                f"{self.name} answered {response.status_code}: {_reason(response)}",
                response.status_code,
            )
        try:
            return read(response)
        except SourceError as error:
            raise SourceError(f"{self.name}'s answer cannot be used: {error}") from error

    def _busy(self, response: httpx.Response) -> _Busy:
        wait = _asked_wait(response)
        asks = f" and asks to wait {wait:.0f} s" if wait else ""
        return _Busy(f"{self.name} did not answer: it is busy ({response.status_code}){asks}", wait)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        patience = self._patience
        back_off = tenacity.wait_exponential(
            multiplier=patience.first_wait, max=patience.longest_wait
        )
        # so that many installations do not come back in the same second
        jitter = tenacity.wait_random(0, patience.first_wait)
        error = state.outcome.exception() if state.outcome else None
        return max(back_off(state) + jitter(state), error.wait if isinstance(error, _Busy) else 0.0)


def _asked_wait(response: httpx.Response) -> float:
    """Return the seconds that Retry-After (a number or a date) or RateLimit asks to wait."""
    after = response.headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(after):
        return float(after)
    try:
        return max(0.0, (parsedate_to_datetime(after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone
        reset = _RESET.search(response.headers.get("RateLimit", ""))
        return float(reset[1]) if reset else 0.0


def _reason(response: httpx.Response) -> str:
    """Return what the site says went wrong: its JSON `error`, or the standard's phrase."""
    try:
        said = response.json()
    except (JSONDecodeError, UnicodeDecodeError):
        said = None
    error = said.get("error") if isinstance(said, dict) else None
    return fold(str(error))[:200] if error else response.reason_phrase
