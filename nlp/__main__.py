"""`python -m nlp`: make the packaged model again, or measure one."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import click
from rich.console import Console

from nlp.corpus import read_texts
from nlp.evaluate import report

STAGES = (
    "vectors",
    "teacher",
    "teacher-silver",
    "peer",
    "peer-silver",
    "student",
    "results",
    "package",
    "accurate-package",
)
TRIALS = ("scierc", "tdmsci", "sizes", "folds")


CONFIG = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path(__file__).with_name("config.cfg"),
    help="The settings that decide the weights; default: those of the packaged model.",
)


@click.group()
def main() -> None:
    """Work on the model that finds methods, datasets, metrics and tasks."""


@main.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(__file__).with_name("model"))
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), default=Path("build/nlp"))
@CONFIG
@click.option("--stage", "stages", type=click.Choice(STAGES), multiple=True, help="Only this stage; may be repeated.")
def train(data: Path, out: Path, work: Path, config: Path, stages: tuple[str, ...]) -> None:
    """Make the model from a data folder; about two hours on one core, and the packages of papermargin[train]."""
    course = _course("nlp.train")
    course.run(course.Workshop(data, work, out, click.echo, config), stages or STAGES)


@main.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@CONFIG
@click.argument("names", type=click.Choice(TRIALS), nargs=-1, required=True)
def trial(data: Path, config: Path, names: tuple[str, ...]) -> None:
    """Learn anew in small, and print the scores: in public labels, with fewer texts, over folds. Nothing is kept."""
    trials = _course("nlp.trials")
    for name in names:
        trials.run(name, data, click.echo, config=config)


@main.command()
@click.option("--data", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option(
    "--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Default: the packaged one."
)
@click.option("--accurate", is_flag=True, help="Let the packaged model ask MiniLM too.")
@click.option(
    "--mistakes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Also print the most frequent kinds of mistakes; FILE holds the texts that the model has learnt.",
    metavar="FILE",
)
def evaluate(data: Path, model: Path | None, accurate: bool, mistakes: Path | None) -> None:
    """Print how well a model, the packaged one by default, does on a file of labelled texts."""
    texts = read_texts(data)
    if len(texts) < 2:
        raise click.ClickException(f"{data} has {len(texts)} labelled texts; at least two are needed")
    report(texts, model, Console(), accurate=accurate, learnt=read_texts(mistakes) if mistakes else ())


def _course(module: str) -> ModuleType:
    """Import what only training needs, torch above all."""
    if find_spec("torch") is None:
        raise click.ClickException("training needs the packages of papermargin[train]")
    return import_module(module)


if __name__ == "__main__":
    main()
