"""Run the extraction worker: a process with the model, which keeps all mentions up to date.

The queue is the set of papers whose `extraction_version` is not the model's, so it survives
restarts, and a new model re-reads all papers. Which model that is, all servers agree on. Each batch
is claimed first, so that several processes and machines read one queue together. The model
is loaded when the first paper waits. It runs in a process, not a thread, because spaCy holds the
interpreter lock for milliseconds at a time, and so that a text that crashes it does not crash the
server.
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
from nlp.version import ModelChoice, ModelName, model_version, personal_in_force
from server.database.failures import explained
from server.errors import PapermarginError, StoreMoved
from server.extraction.claims import claim, is_any_free, new_worker_name, renewed
from server.extraction.report import ReadingReport
from server.extraction.save import PaperExtraction, Unread, store_readings, unread
from server.extraction.shared_model import agreed_model, announce_model

BATCH = 8  # papers stored in one short transaction, for which a request may have to wait
IDLE_SECONDS = 20.0  # between two looks for papers that another process added
PAUSE_SECONDS = 0.05  # before another try to claim what others are claiming or reading
LINE = 256 * 1024 * 1024  # bytes, the longest answer of the worker

log = structlog.get_logger()


class WorkerError(PapermarginError):
    """The worker ended, or failed on the texts that it was given."""


class Extractor:
    """The worker process and its queue."""

    def __init__(
        self,
        choice: ModelChoice,
        changed: Callable[[], None] = lambda: None,
        *,
        enabled: bool = True,
    ) -> None:
        self.name = new_worker_name()
        self._choice = choice
        self._loaded: tuple[ModelChoice, str | None] | None = None
        self._changed = changed
        self._enabled = enabled
        self._process: Process | None = None
        self._version: str | None = None
        self._turn = asyncio.Lock()
        self._urgent: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look for waiting papers now."""
        self._wake.set()

    async def close(self) -> None:
        """Kill the worker process and cancel the requests that wait for it."""
        for task in self._urgent:
            task.cancel()
        await asyncio.gather(*self._urgent, return_exceptions=True)
        await self._end()

    async def version(self) -> str:
        """Load the model and return its version. Raises `WorkerError` if it cannot be loaded."""
        async with self._turn:
            await self._start()
        assert self._version is not None  # a started worker has sent it
        return self._version

    async def run(self, wanted: ModelName | None = None) -> None:
        """Extract from papers as they come, until cancelled, with the `wanted` model if any.

        Raises `StoreMoved` if the store's file is gone.
        """
        is_announced = False
        while True:
            try:
                with explained():
                    if not is_announced:
                        await announce_model(self._choice, wanted)
                        is_announced = True
                    report = await self.read_all()
                if report.papers:
                    log.info("abstracts read", papers=report.papers)
                if report.again:
                    log.info("papers re-extracted", changes=list(report.lines()))
            except StoreMoved as error:
                log.warning("extraction ends", error=str(error))
                raise
            except (BaseORMException, OSError, PapermarginError) as error:
                log.warning("extraction failed, will try again", error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._wake.wait()
            self._wake.clear()

    async def read_all(self, progress: Callable[[int], None] = lambda count: None) -> ReadingReport:
        """Extract from all papers that wait and that no other worker reads.

        `progress` is called with how many are done.
        """
        report = ReadingReport()
        while await self._is_any_free():
            while claimed := await claim(self.name, await self.version(), limit=BATCH):
                report.include(await self._read(claimed))
                progress(report.papers)
            await asyncio.sleep(PAUSE_SECONDS)
        return report

    async def read_now(self, papers: list[int], seconds: float) -> bool:
        """Extract from some papers ahead of the queue; return whether it was done in `seconds`.

        If not, it continues in the background.
        """
        if not self._enabled:
            return False
        task = asyncio.create_task(self._read_papers(papers))
        self._urgent.add(task)
        task.add_done_callback(self._urgent.discard)
        task.add_done_callback(_log_failure)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        return bool(done) and task.exception() is None

    async def _read_papers(self, papers: list[int]) -> None:
        if await agreed_model(self._choice) is None:
            return
        version = await self.version()
        while left := await unread(version, limit=BATCH, only=papers):
            claimed = await claim(self.name, version, limit=BATCH, only=[one.id for one in left])
            if claimed:
                await self._read(claimed)
            else:  # another worker reads them, or lost them and will be followed by this one
                await asyncio.sleep(PAUSE_SECONDS)
            version = await self.version()

    async def _is_any_free(self) -> bool:
        choice = await agreed_model(self._choice)
        # the version is read from the model's files, since an empty queue is no reason to load it
        return choice is not None and await is_any_free(
            await asyncio.to_thread(model_version, choice)
        )

    async def _read(self, claimed: list[int]) -> ReadingReport:
        """Extract from claimed papers, store what is found and end the claims."""
        report = ReadingReport()
        async with renewed(self.name, claimed):
            batch = await unread(await self.version(), limit=BATCH, only=claimed)
            for version, readings in await self._extract(batch) if batch else []:
                now = datetime.now(UTC)
                report.include(await store_readings(readings, version, now, worker=self.name))
        self._changed()
        return report

    async def _extract(self, batch: list[Unread]) -> list[tuple[str, list[PaperExtraction]]]:
        """Extract from a batch; return each part with the version of the model that read it.

        If a batch fails, its papers are read one by one, so that one text does not stop the others.
        """
        version = await self.version()
        try:
            version, extractions = await self._request([paper.text for paper in batch])
        except WorkerError as error:
            if len(batch) == 1:
                log.warning("extraction of a paper failed", key=batch[0].key, error=str(error))
                return [(version, [PaperExtraction(batch[0], error=str(error))])]
            return [part for paper in batch for part in await self._extract([paper])]
        return [
            (version, [PaperExtraction(*pair) for pair in zip(batch, extractions, strict=True)])
        ]

    async def _request(self, texts: list[str]) -> tuple[str, list[Extraction]]:
        async with self._turn:
            process = await self._start()
            assert self._version is not None  # a started worker has sent it
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
            # a worker that dies leaves half a line
            if not answer.endswith(b"\n"):
                await self._end()
                raise WorkerError(cause)
        try:
            return version, msgspec.json.decode(answer, type=list[Extraction])
        except msgspec.ValidationError:
            raise WorkerError(msgspec.json.decode(answer)["error"]) from None

    async def _start(self) -> Process:
        choice = await agreed_model(self._choice)
        if choice is None:
            raise WorkerError("another version of Papermargin reads the abstracts of this store")
        personal = await asyncio.to_thread(personal_in_force, choice)
        wanted = choice, personal.weights_digest if personal else None
        # another model was chosen, or a personal one installed or removed, while the worker ran
        if wanted != self._loaded:
            await self._end()
        if self._process is None:
            self._loaded = wanted
            files = [str(choice.personal)] if choice.personal else []
            command = [sys.executable, "-m", "nlp.worker", choice.model, *files]
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, limit=LINE
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


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.warning("extraction for an overlay failed", error=repr(error))
