"""The command `work`: read the abstracts that wait, on any machine that reaches the database."""

import asyncio
import signal
from contextlib import suppress
from typing import Any

import click
import structlog

from server.cli.options import load_config, setting_options
from server.config import Config
from server.database.connection import is_postgres, open_store
from server.database.failures import explained
from server.database.notifications import PAPERS, keep_listening
from server.extraction.shared_model import announce_model
from server.extraction.worker_client import Extractor
from server.logs import configure_logging

log = structlog.get_logger()


@click.command("work")
@click.option("--once", is_flag=True, help="end when no abstract waits that nobody else reads")
@setting_options("db", "database_url", "model", "log")
def work_command(once: bool, **options: Any) -> None:
    """Read abstracts beside the servers of the same store, until it is stopped.

    Any number of workers may run, on as many machines as reach the database. Each claims the papers
    that it reads; those of a worker that died are read by another one after a minute.
    """
    config = load_config(**options)
    configure_logging(config.log)
    asyncio.run(_work(config, once=once))


async def _work(config: Config, *, once: bool) -> None:
    """Read until a signal comes, or with `once` until nothing waits."""
    async with open_store(config):
        extractor = Extractor(config.model_choice)
        work = _read_once if once else _keep_reading
        reading = asyncio.create_task(work(extractor, config))
        _cancel_on_signal(reading)
        log.info("worker started", worker=extractor.name, store=config.store_name)
        try:
            with suppress(asyncio.CancelledError):
                await reading
        finally:
            await extractor.close()
        log.info("worker stopped", worker=extractor.name)


async def _keep_reading(extractor: Extractor, config: Config) -> None:
    """Read what waits, and what is added as soon as the database tells of it."""
    if not is_postgres():
        await extractor.run(config.model)
        return
    async with asyncio.TaskGroup() as both:
        both.create_task(keep_listening({PAPERS: extractor.wake}, lambda told: None))
        both.create_task(extractor.run(config.model))


async def _read_once(extractor: Extractor, config: Config) -> None:
    with explained():
        await announce_model(config.model_choice, config.model)
        report = await extractor.read_all()
    log.info("abstracts read", papers=report.papers)


def _cancel_on_signal(task: asyncio.Task[None]) -> None:
    """Cancel a task at the first SIGINT or SIGTERM; what it has claimed is free again at once."""
    loop = asyncio.get_running_loop()

    def stop(number: int, frame: Any) -> None:
        signal.signal(number, signal.SIG_DFL)  # a second one ends the process
        loop.call_soon_threadsafe(task.cancel)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
