"""The command `train`: make a personal model from corrections, or remove it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from nlp.personal.model import encode_personal, write_personal
from nlp.version import Provenance
from server.cli.imports import extract_waiting
from server.cli.options import load_config, setting_options, with_store
from server.cli.progress import progress_bar
from server.config import Config
from server.errors import Invalid, NotFound
from server.extraction.personal_model import Trained, gather, train
from server.extraction.shared_model import agreed_model, install_for_all


@click.command("train")
@click.option(
    "--forget", is_flag=True, help="remove the personal model and go back to the packaged one"
)
@setting_options("db", "database_url", "model")
def train_command(forget: bool, **options: Any) -> None:
    """Train the extraction model on your corrections; install it only if it gets better."""
    config = load_config(**options)
    if forget:
        _forget(config)
    else:
        trained = _train(config)
        _print_scores(trained.model.provenance)
        if trained.refusal:
            raise Invalid(
                f"not installed: {trained.refusal}. Your corrections hold as rules all the same"
            )
        _install(config, trained)
    with_store(config, lambda: extract_waiting(config))


def _train(config: Config) -> Trained:
    material = with_store(config, gather)
    if not material.corrections:
        raise Invalid("there are no corrections in the store yet")
    choice = with_store(config, lambda: agreed_model(config.model_choice)) or config.model_choice
    with progress_bar("abstracts") as progress:
        return train(choice.model, material, datetime.now(UTC), progress)


def _install(config: Config, trained: Trained) -> None:
    if config.database_url:
        content = encode_personal(trained.model)
        with_store(config, lambda: install_for_all(content, config.model_choice.model))
        click.echo(f"installed for all servers of {config.store_name}")
        return
    write_personal(_path(config), trained.model)
    click.echo(f"installed: {_path(config)}")


def _forget(config: Config) -> None:
    path = _path(config)
    if config.database_url:
        if not with_store(config, lambda: install_for_all(None, config.model_choice.model)):
            raise NotFound(f"there is no personal model in {config.store_name}")
        click.echo("the personal model is removed: the packaged model reads again")
        return
    if not path.exists():
        raise NotFound(f"there is no personal model in {path}")
    path.unlink()
    click.echo(f"{path} is removed: the packaged model reads again")


def _path(config: Config) -> Path:
    path = config.model_choice.personal
    assert path is not None  # `Config` always sets it
    return path


def _print_scores(made: Provenance) -> None:
    before, after = f"{made.f1_before:.3f} before", f"{made.f1_after:.3f} after"
    reproduced = f"{made.honoured} of {made.held_out}"
    click.echo(
        f"{made.corrections} corrections on {made.papers} papers, "
        f"{made.replayed} other papers replayed\n"
        f"held-out corrected papers: strict F1 {before}, {after}\n"
        f"corrections that come out right by themselves there: {reproduced}\n"
        f"agreement with the packaged model on other papers and surfaces: {made.agreement:.3f}"
    )
