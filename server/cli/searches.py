"""The commands `searches`, `searches save` and `searches delete`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args

import click
from msgspec import UNSET
from rich.table import Table

from server.cli.options import get_user_id, load_config, store_options, with_store
from server.cli.printing import console, json_option, print_json
from server.database.versioning import Edit
from server.papers.saved_counts import list_searches
from server.schema.searches import FoundSearch, SearchEdit, SearchState, Sort
from server.search.saved import delete_search, put_search


@click.group("searches", invoke_without_command=True)
@json_option
@store_options
@click.pass_context
def searches_command(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """List your saved searches with the number of papers each finds; save or delete one."""
    if context.invoked_subcommand:
        return
    config = load_config(**options)

    async def work() -> list[FoundSearch]:
        return await list_searches(await get_user_id(config), datetime.now(UTC))

    found = with_store(config, work)
    if as_json:
        print_json(found)
        return
    table = Table("name", "papers", "new", "digest", "query", box=None, pad_edge=False)
    for search in found:
        counts = ["?" if count is None else str(count) for count in (search.papers, search.new)]
        table.add_row(search.name, *counts, "yes" if search.digest else "", search.query)
    console().print(table)


@searches_command.command("save")
@click.argument("name")
@click.argument("query", nargs=-1)
@click.option("--sort", type=click.Choice(get_args(Sort)), help="the order of its papers")
@click.option(
    "--digest/--no-digest", default=None, help="include new papers that match it in the digest"
)
@json_option
@store_options
def _save(
    name: str,
    query: tuple[str, ...],
    sort: Sort | None,
    digest: bool | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Save a QUERY under a NAME, or change the search of that name."""
    data = SearchEdit(
        query=" ".join(query) if query else UNSET,
        sort=sort if sort is not None else UNSET,
        digest=digest if digest is not None else UNSET,
    )
    _write(lambda edit: put_search(edit, name, data), as_json=as_json, **options)


@searches_command.command("delete")
@click.argument("name")
@json_option
@store_options
def _delete(name: str, as_json: bool, **options: Any) -> None:
    """Move a saved search to the trash."""
    _write(lambda edit: delete_search(edit, name), as_json=as_json, **options)


def _write(write: Callable[[Edit], Any], *, as_json: bool, **options: Any) -> None:
    config = load_config(**options)

    async def work() -> SearchState:
        # a person at the command line means the current version, whatever it is
        state: SearchState = await write(
            Edit(user=await get_user_id(config), at=datetime.now(UTC), force=True)
        )
        return state

    state = with_store(config, work)
    if as_json:
        print_json(state)
    else:
        click.echo(f"{state.name}: {state.query}" + ("  (in the trash)" if state.deleted else ""))
