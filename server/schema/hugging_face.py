"""What Hugging Face tells of a paper beside what the paper says of itself."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

Count = Annotated[int, Meta(ge=0, lt=2**31)]
_Moment = Annotated[datetime, Meta(tz=True)]


class Repositories(Struct, frozen=True, kw_only=True):
    """Repositories of a kind that refer to a paper: how many, and the ids of the first ones."""

    total: Count = 0
    first: list[str] = field(default_factory=list)


class LinkedRepositories(Struct, frozen=True, kw_only=True):
    """The models, datasets and Spaces of Hugging Face that refer to a paper, as of a time."""

    models: Repositories = field(default_factory=Repositories)
    datasets: Repositories = field(default_factory=Repositories)
    spaces: Repositories = field(default_factory=Repositories)
    observed: _Moment


class HuggingFaceFacts(Struct, frozen=True, kw_only=True):
    """What Hugging Face tells of a paper.

    A language model, whose name is `model` if it is known, wrote the `summary`, which is one line,
    and chose the `keywords`; they are as of the time `observed`. `stars` are those of the code's
    repository on GitHub.
    """

    summary: str | None = None
    keywords: list[str] = field(default_factory=list)
    model: str | None = None
    stars: Count | None = None
    links: LinkedRepositories | None = None
    observed: _Moment
