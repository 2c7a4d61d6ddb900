"""The command `config`: the settings in force, and the extraction model."""

from collections.abc import Iterator
from typing import Any

import click
from rich.table import Table

from nlp.version import (
    ModelChoice,
    model_version,
    packaged_bytes,
    personal_in_force,
    read_packaged,
    read_provenance,
)
from server.cli.options import load_config, setting_options
from server.cli.printing import console
from server.config import HELP, explain_config


@click.command("config")
@setting_options(*HELP)
def config_command(**options: Any) -> None:
    """Print all settings with their origin, and which extraction model is in use."""
    config = load_config(**options)
    table = Table("setting", "value", "from", "what it is", box=None)
    for setting in explain_config(config, click.get_current_context().obj, options):
        table.add_row(setting.name, setting.value, setting.origin, HELP[setting.name])
    console().print(table)
    made = Table(
        box=None, show_header=False, title="the model that reads abstracts", title_justify="left"
    )
    for name, value in _model(config.model_choice):
        made.add_row(name, value)
    console().print(made)


def _model(choice: ModelChoice) -> Iterator[tuple[str, str]]:
    """Yield the rows that describe the packaged model and the personal one."""
    packaged = read_packaged(choice.model)
    scores = ", ".join(f"{label} {score:.3f}" for label, score in packaged["strict_f1"].items())
    yield "version", model_version(choice)
    yield (
        "packaged",
        f"{choice.model}, {packaged_bytes(choice.model) / 1e6:.1f} MB, made {packaged['made']}",
    )
    yield "strict F1", f"{scores} (on the held-out abstracts)"
    yield "data", ", ".join(f"{name} {digest[:8]}" for name, digest in packaged["data"].items())
    yield "personal", _personal(choice)


def _personal(choice: ModelChoice) -> str:
    """Describe the model that `papermargin train` made, and say if and why it is not in use."""
    if not (choice.personal and choice.personal.exists()):
        return "none (papermargin train makes one)"
    made = read_provenance(choice.personal)
    if made is None:
        return f"{choice.personal} cannot be read: papermargin train --forget removes it"
    summary = (
        f"{choice.personal}, made {made.made} of {made.corrections} corrections "
        f"on {made.papers} papers, strict F1 on those held out "
        f"{made.f1_before:.3f} before, {made.f1_after:.3f} after"
    )
    if personal_in_force(choice):
        return summary
    return (
        f"{summary}; not in force, since it learnt from another packaged model: "
        "papermargin train makes it anew"
    )
