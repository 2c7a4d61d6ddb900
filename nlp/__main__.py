"""The command `python -m nlp`: train the packaged models, measure one, run experiments."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import click
from rich.console import Console

from nlp.training.corpus import read_texts
from nlp.training.evaluate import report
from nlp.training.labels import (
    DEV_RESULTS,
    FRESH,
    ROLES,
    read_marked,
    read_training_results,
    with_results,
)
from nlp.training.role_weights import (
    FOLDS,
    examples,
    fit_roles,
    join_roles,
    print_role_scores,
    write_roles,
)
from nlp.training.term_pairs import JUDGED, print_scores, read_pairs

STAGES = (
    "vectors",
    "teacher",
    "teacher-silver",
    "peer",
    "peer-silver",
    "student",
    "minilm",
    "results",
    "package",
    "accurate-package",
    "reader",
)
EXPERIMENTS = ("scierc", "tdmsci", "sizes", "folds")

DATA = click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="The folder with abstracts.train.jsonl, abstracts.dev.jsonl and public/.",
)
CONFIG = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path(__file__).parent / "training" / "config.cfg",
    help="The training settings. Default: those of the packaged models.",
)


@click.group()
def main() -> None:
    """Work on the pipeline that finds methods, datasets, metrics and tasks."""


@main.command()
@DATA
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(__file__).with_name("model"),
    help="The folder to write the model to. Default: that of the packaged model.",
)
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/nlp"),
    show_default=True,
    help="The folder of the stages' outputs.",
)
@CONFIG
@click.option(
    "--stage",
    "stages",
    type=click.Choice(STAGES),
    multiple=True,
    help="Run only this stage. May be repeated.",
)
def train(data: Path, out: Path, work: Path, config: Path, stages: tuple[str, ...]) -> None:
    """Train both models, in about two hours on one core.

    Needs the packages of papermargin[train].
    """
    training = _import_training("nlp.training.train")
    run = training.TrainingRun(data, work, out, click.echo, config)
    training.run_stages(run, stages or STAGES)


@main.command()
@DATA
@CONFIG
@click.argument("names", type=click.Choice(EXPERIMENTS), nargs=-1, required=True)
def experiment(data: Path, config: Path, names: tuple[str, ...]) -> None:
    """Train small models and print their scores; nothing is kept.

    "scierc" and "tdmsci" use public labels, "sizes" growing numbers of texts, "folds" five folds.
    """
    experiments = _import_training("nlp.training.experiments")
    for name in names:
        experiments.run_experiment(name, data, click.echo, config=config)


@main.command()
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="A JSON Lines file of labelled texts.",
)
@click.option(
    "--model",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of a model. Default: the packaged one.",
)
@click.option("--accurate", is_flag=True, help="Run MiniLM too.")
@click.option(
    "--fresh",
    is_flag=True,
    help="Measure saved texts beside --data in its place, those that are labelled for that.",
)
@click.option(
    "--mistakes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Also print the most frequent kinds of mistakes. FILE holds the texts trained on.",
    metavar="FILE",
)
@click.option(
    "--folds",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Also measure the results and roles of FILE, the texts trained on, in five folds.",
    metavar="FILE",
)
def evaluate(
    data: Path,
    model: Path | None,
    accurate: bool,
    fresh: bool,
    mistakes: Path | None,
    folds: Path | None,
) -> None:
    """Print the scores of a model on a file of labelled texts.

    These are the scores of mentions by label, of the parts of results, of merging terms, and how
    far confidences can be trusted. Kinds of results and roles are known for the abstracts that are
    labelled in this package.
    """
    texts = (
        read_marked(data.parent, FRESH) if fresh else with_results(read_texts(data), DEV_RESULTS)
    )
    if len(texts) < 2:
        raise click.ClickException(
            f"{data} has {len(texts)} labelled texts; at least two are needed"
        )
    report(
        texts,
        model,
        Console(),
        accurate=accurate,
        training=read_texts(mistakes) if mistakes else (),
        folds=read_training_results(folds) if folds else (),
    )


@main.command()
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=JUDGED,
    help="A file of judged pairs: label, verdict and two surfaces a line, separated by tabs. "
    "Default: those in this package.",
)
def terms(data: Path) -> None:
    """Print how well surfaces are merged to terms, on pairs that a person judged.

    The verdicts are "same", "parent" (the first surface is a kind of the second) and "different".
    """
    print_scores(read_pairs(data), Console())


@main.command()
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="A JSON Lines file of labelled texts, abstracts.train.jsonl.",
)
@click.option(
    "--labels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=ROLES,
    help="A JSON Lines file of the roles in these texts. Default: those in this package.",
)
@click.option("--write", is_flag=True, help="Also fit all texts, and replace the packaged weights.")
def roles(data: Path, labels: Path, write: bool) -> None:
    """Print how often the roles of methods and datasets are right, by cross-validation.

    Raises ClickException if too few of the texts have labels.
    """
    texts = join_roles(read_texts(data), labels)
    if len(texts) < FOLDS:
        raise click.ClickException(f"{data} has {len(texts)} texts with roles, too few for folds")
    print_role_scores(texts, Console())
    if write:
        write_roles(fit_roles(example for text in texts for example in examples(text)))


def _import_training(module: str) -> ModuleType:
    """Import a module that needs torch.

    Raises ClickException if the packages for training are missing.
    """
    if find_spec("torch") is None:
        raise click.ClickException("training needs the packages of papermargin[train]")
    return import_module(module)


if __name__ == "__main__":
    main()
