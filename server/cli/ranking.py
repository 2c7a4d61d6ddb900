"""The command `ranking`, which shows what was learnt of the list, and its subcommands."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, get_args

import click
from msgspec import UNSET
from rich.table import Table

from server.cli.options import get_user_id, load_config, store_options, with_store
from server.cli.printing import console, json_option, print_json
from server.database.versioning import Edit
from server.ranking.overview import read_ranking
from server.ranking.preferences import forget_preference, put_preference, put_settings
from server.ranking.refresh import bring_up_to_date
from server.schema.ranking import Preference, PreferenceEdit, Ranking, RankingEdit, SignalKind

_kind_argument = click.argument("kind", type=click.Choice(get_args(SignalKind)))
_name_argument = click.argument("name", nargs=-1, required=True)


@click.group("ranking", invoke_without_command=True)
@json_option
@store_options
@click.pass_context
def ranking_command(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Show what the ranking has learnt of your list; mute or pin something, or switch it off."""
    if context.invoked_subcommand:
        return
    config = load_config(**options)

    async def work() -> Ranking:
        user = await get_user_id(config)
        await bring_up_to_date(user)
        return await read_ranking(user)

    ranking = with_store(config, work)
    if as_json:
        print_json(ranking)
    else:
        _print_ranking(ranking)


@ranking_command.command("mute")
@_kind_argument
@_name_argument
@json_option
@store_options
def _mute(kind: SignalKind, name: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Ignore a word, term or author in the ranking."""
    edit = PreferenceEdit(choice="muted")
    _choose(lambda by: put_preference(by, kind, " ".join(name), edit), as_json=as_json, **options)


@ranking_command.command("pin")
@_kind_argument
@_name_argument
@json_option
@store_options
def _pin(kind: SignalKind, name: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Rank papers with a word, term or author higher."""
    edit = PreferenceEdit(choice="pinned")
    _choose(lambda by: put_preference(by, kind, " ".join(name), edit), as_json=as_json, **options)


@ranking_command.command("forget")
@_kind_argument
@_name_argument
@json_option
@store_options
def _forget(kind: SignalKind, name: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Undo the muting or pinning of a word, term or author."""
    _choose(lambda by: forget_preference(by, kind, " ".join(name)), as_json=as_json, **options)


@ranking_command.command("set")
@click.option("--on/--off", "enabled", default=None, help="switch the ranking on or off")
@click.option(
    "--least", type=click.FloatRange(-10, 10), help="the lowest score of a paper that stands out"
)
@json_option
@store_options
def _set(enabled: bool | None, least: float | None, as_json: bool, **options: Any) -> None:
    """Switch the ranking on or off, or set the score from which papers stand out."""
    data = RankingEdit(
        enabled=UNSET if enabled is None else enabled, least=UNSET if least is None else least
    )
    state = _write(lambda by: put_settings(by, data), **options)
    if as_json:
        print_json(state)
    else:
        click.echo(f"{'on' if state.enabled else 'off'}, papers stand out from {state.least:g}")


def _choose(
    write: Callable[[Edit], Awaitable[Preference]], *, as_json: bool, **options: Any
) -> None:
    state = _write(write, **options)
    if as_json:
        print_json(state)
    else:
        click.echo(f"{state.kind} {state.name}: {state.choice or 'neither muted nor pinned'}")


def _write(write: Callable[[Edit], Awaitable[Any]], **options: Any) -> Any:
    config = load_config(**options)

    async def work() -> Any:
        # a person at the command line means the current version, whatever it is
        edit = Edit(user=await get_user_id(config), at=datetime.now(UTC), force=True)
        return await write(edit)

    return with_store(config, work)


def _print_ranking(ranking: Ranking) -> None:
    settings = ranking.settings
    if not settings.enabled:
        click.echo("The ranking is off: papermargin ranking set --on")
    else:
        click.echo(
            f"Learnt from {ranking.papers} papers. Papers stand out from {settings.least:g}."
        )
    table = Table("adds", "kind", "name", "papers", box=None, pad_edge=False)
    for signal in [*ranking.pros, *ranking.cons]:
        table.add_row(f"{signal.effect:+.2f}", signal.kind, signal.name, str(signal.papers))
    for each in ranking.preferences:
        table.add_row(each.choice, each.kind, each.name, "")
    console().print(table)
