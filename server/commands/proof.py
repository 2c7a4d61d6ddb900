"""The proof that an export is everything: out of the store, into an empty one, and out again."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from msgspec.structs import asdict

from server.archive.comparing import find_differences
from server.archive.packing import export_archive
from server.archive.unpacking import import_archive
from server.commands.progress import progress_bar
from server.commands.settings import load_config, reader_of, store_options, with_store
from server.config import Config
from server.errors import StoreError
from server.export.archive import Archive, decode
from server.tokens import add_user

_SHOWN = 20  # differences that are told one by one


@click.command("verify-export")
@store_options
def verify_export_command(**options: Any) -> None:
    """Prove that an export is everything: import it into an empty store, and hold the two against each other."""
    config, now = load_config(**options), datetime.now(UTC)

    async def take_out() -> Archive:
        return await _take_out(await reader_of(config), now, "records out")

    ours = with_store(config, take_out)

    async def there_and_back() -> Archive:
        user = (await add_user(config.user, now)).id
        await import_archive(ours, user, now)
        return await _take_out(user, now, "records back")

    with TemporaryDirectory(prefix="papermargin-") as folder:
        theirs = with_store(Config(db=Path(folder, "empty.sqlite")), there_and_back)
    differences = list(find_differences(ours, theirs))
    for difference in differences[:_SHOWN]:
        click.echo(difference, err=True)
    if differences:
        raise StoreError(f"the export does not bring everything back: {len(differences):,} differences")
    counts = {name: len(part) for name, part in asdict(ours).items() if isinstance(part, list)}
    click.echo(", ".join(f"{count:,} {name}" for name, count in counts.items()) + ": all came back the same")


async def _take_out(user: int, now: datetime, what: str) -> Archive:
    counts: Counter[str] = Counter()
    document = bytearray()
    with progress_bar(what) as progress:
        async for piece in export_archive(user, now, counts):
            document += piece
            progress(counts.total(), None)
    return decode(bytes(document))
