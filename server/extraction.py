"""The worker that keeps every paper's mentions current: one process beside the server's, with the model in it.

The queue is the set of papers whose `extraction_version` is not the model's, so it survives any restart, and a new
model re-reads everything by itself; a personal one is noticed where it lies. The model is loaded when the first paper
waits. A process, not a thread, because spaCy holds the interpreter for milliseconds at a time, and because a text that
should ever kill it kills nothing else.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import structlog
from tortoise.exceptions import BaseORMException

from nlp.spans import Extraction
from nlp.version import ModelChoice, model_version, personal_in_force
from server.errors import PapermarginError
from server.mentions import Reading, Unread, store_readings, unread
from server.rereading import ReadingReport

BATCH = 8  # papers that a page's own request may have to wait for, and that are stored in one short write
IDLE_SECONDS = 20.0  # between two looks for papers that another process brought in
LINE = 256 * 1024 * 1024  # bytes that an answer may have

log = structlog.get_logger()


class WorkerError(PapermarginError):
    """The worker ended, or could make nothing of the texts it was given."""


class Extractor:
    """The worker process, and what waits for it."""

    def __init__(
        self, choice: ModelChoice, changed: Callable[[], None] = lambda: None, *, enabled: bool = True
    ) -> None:
        self._choice = choice
        self._personal: str | None = None
        self._changed = changed
        self._enabled = enabled
        self._process: Process | None = None
        self._version: str | None = None
        self._turn = asyncio.Lock()
        self._urgent: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Say that papers may be waiting."""
        self._wake.set()

    async def close(self) -> None:
        """End the worker process, whatever it is doing, and those who wait for it."""
        for task in self._urgent:
            task.cancel()
        await asyncio.gather(*self._urgent, return_exceptions=True)
        await self._end()

    async def version(self) -> str:
        """Give the version of the model in force, which loads it. Raises `WorkerError`."""
        async with self._turn:
            await self._start()
        assert self._version is not None  # a started worker has told it
        return self._version

    async def run(self) -> None:
        """Read papers as they come, until cancelled."""
        while True:
            try:
                report = await self.read_all()
                if report.again:
                    log.info("papers were read again", changes=list(report.lines()))
            except (BaseORMException, OSError, WorkerError) as error:
                log.warning("extraction rests for a while", error=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)
            self._wake.clear()

    async def read_all(self, progress: Callable[[int], None] = lambda count: None) -> ReadingReport:
        """Read every paper that waits, and give what came of it; `progress` hears how many are done."""
        report = ReadingReport()
        if not await self._anything_waits():
            return report
        while batch := await unread(await self.version(), limit=BATCH):
            report.include(await self._read(batch))
            progress(report.papers)
        return report

    async def read_now(self, papers: list[int], seconds: float) -> bool:
        """Read some papers ahead of the queue, and tell whether that was done in time; it goes on if it was not."""
        if not self._enabled:
            return False
        task = asyncio.create_task(self._read_papers(papers))
        self._urgent.add(task)
        task.add_done_callback(self._urgent.discard)
        task.add_done_callback(_report)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        return bool(done) and task.exception() is None

    async def _read_papers(self, papers: list[int]) -> None:
        for start in range(0, len(papers), BATCH):
            await self._read(await unread(await self.version(), limit=BATCH, only=papers[start : start + BATCH]))

    async def _anything_waits(self) -> bool:
        # an empty queue is no reason to load the model, so its version is told by its files
        version = await asyncio.to_thread(model_version, self._choice)
        return bool(await unread(version, limit=1))

    async def _read(self, batch: list[Unread]) -> ReadingReport:
        report = ReadingReport()
        for version, readings in await self._extract(batch) if batch else []:
            report.include(await store_readings(readings, version, datetime.now(UTC)))
        self._changed()
        return report

    async def _extract(self, batch: list[Unread]) -> list[tuple[str, list[Reading]]]:
        """Read a batch, each part with the version of the model that read it.

        One that fails is read paper by paper, so that one text does not stop the others.
        """
        version = await self.version()
        try:
            version, extractions = await self._ask([paper.text for paper in batch])
        except WorkerError as error:
            if len(batch) == 1:
                log.warning("a paper cannot be read", key=batch[0].key, error=str(error))
                return [(version, [Reading(batch[0], error=str(error))])]
            return [part for paper in batch for part in await self._extract([paper])]
        return [(version, [Reading(*pair) for pair in zip(batch, extractions, strict=True)])]

    async def _ask(self, texts: list[str]) -> tuple[str, list[Extraction]]:
        async with self._turn:
            process = await self._start()
            assert self._version is not None  # a started worker has told it
            version = self._version
            assert process.stdin is not None and process.stdout is not None  # both are pipes
            try:
                process.stdin.write(msgspec.json.encode(texts) + b"\n")
                await process.stdin.drain()
                answer = await process.stdout.readline()
            except (OSError, ValueError) as error:
                answer, cause = b"", repr(error)
            else:
                cause = "the worker ended"
            if not answer.endswith(b"\n"):
                await self._end()
                raise WorkerError(cause)
        try:
            return version, msgspec.json.decode(answer, type=list[Extraction])
        except msgspec.ValidationError:
            raise WorkerError(msgspec.json.decode(answer)["error"]) from None

    async def _start(self) -> Process:
        personal = await asyncio.to_thread(personal_in_force, self._choice)
        taste = personal.taste if personal else None
        if taste != self._personal:
            await self._end()
        if self._process is None:
            self._personal = taste
            choice = [self._choice.model, *([str(self._choice.personal)] if self._choice.personal else [])]
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "nlp.worker", *choice, stdin=PIPE, stdout=PIPE, limit=LINE
            )
            assert self._process.stdout is not None  # it is a pipe
            greeting = await self._process.stdout.readline()
            if not greeting:
                await self._end()
                raise WorkerError("the model cannot be loaded (see the lines above)")
            self._version = msgspec.json.decode(greeting, type=str)
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.warning("papers of a page could not be read", error=repr(error))
