"""A personal model out of one's corrections, and away with it again."""

from datetime import UTC, datetime
from typing import Any

import click

from nlp.personal import write_personal
from nlp.version import Provenance
from server.commands.intake import read_waiting
from server.commands.progress import progress_bar
from server.commands.settings import load_config, setting_options, with_store
from server.config import Config
from server.errors import Invalid, NotFound
from server.training import Trained, gather, train


@click.command("train")
@click.option("--forget", is_flag=True, help="remove the personal model: the packaged one reads again")
@setting_options("db", "database_url", "model")
def train_command(forget: bool, **options: Any) -> None:
    """Learn from the corrections in the store, and read all papers again if that makes the model better."""
    config = load_config(**options)
    path = config.model_choice.personal
    assert path is not None  # a store always has a place for it
    if forget:
        if not path.exists():
            raise NotFound(f"there is no personal model in {path}")
        path.unlink()
        click.echo(f"{path} is removed: the packaged model reads again")
    else:
        trained = _train(config)
        _print_scores(trained.model.provenance)
        if trained.refusal:
            raise Invalid(f"not installed: {trained.refusal}. Your corrections hold as rules all the same")
        write_personal(path, trained.model)
        click.echo(f"installed: {path}")
    with_store(config, lambda: read_waiting(config))


def _train(config: Config) -> Trained:
    material = with_store(config, gather)
    if not material.corrections:
        raise Invalid("there are no corrections in the store yet")
    with progress_bar("abstracts") as progress:
        return train(config.model, material, datetime.now(UTC), progress)


def _print_scores(made: Provenance) -> None:
    click.echo(f"{made.corrections} corrections on {made.papers} papers, {made.replayed} other papers replayed")
    click.echo(f"held-out corrected papers: strict F1 {made.f1_before:.3f} before, {made.f1_after:.3f} after")
    click.echo(f"corrections that come out right by themselves there: {made.honoured} of {made.held_out}")
    click.echo(f"agreement with the packaged model on other papers and surfaces: {made.agreement:.3f}")
