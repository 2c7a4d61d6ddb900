"""`papermargin verify-export`: archive the store, import that into an empty one, and compare."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from msgspec.structs import asdict

from server.accounts.users import add_user
from server.archive.compare import find_differences
from server.archive.format import Archive, decode
from server.archive.read import import_archive
from server.archive.write import export_archive
from server.cli.options import get_user_id, load_config, store_options, with_store
from server.cli.progress import progress_bar
from server.config import Config
from server.errors import StoreError

_SHOWN = 20  # differences that are printed


@click.command("verify-export")
@store_options
def verify_export_command(**options: Any) -> None:
    """Check that an export is complete: import it into an empty store and compare the two."""
    config, now = load_config(**options), datetime.now(UTC)

    async def take_out() -> Archive:
        return await _take_out(await get_user_id(config), now, "records out")

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
        raise StoreError(
            f"the export does not bring everything back: {len(differences):,} differences"
        )
    counts = {name: len(part) for name, part in asdict(ours).items() if isinstance(part, list)}
    click.echo(
        ", ".join(f"{count:,} {name}" for name, count in counts.items())
        + ": all came back the same"
    )


async def _take_out(user: int, now: datetime, what: str) -> Archive:
    counts: Counter[str] = Counter()
    document = bytearray()
    with progress_bar(what) as progress:
        async for piece in export_archive(user, now, counts):
            document += piece
            progress(counts.total(), None)
    return decode(bytes(document))
