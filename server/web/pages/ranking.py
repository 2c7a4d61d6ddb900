"""What the ranking has learnt: the strongest signals, what is muted and pinned, settings."""

from datetime import UTC, datetime
from typing import Any, Literal

from litestar import Response
from msgspec import Struct

from server.database.versioning import Edit
from server.ranking.overview import read_ranking
from server.ranking.preferences import forget_preference, put_preference, put_settings
from server.schema.ranking import (
    LeastScore,
    PreferenceEdit,
    RankingEdit,
    Signal,
    SignalKind,
    SignalName,
)
from server.web.pages.layout import PageRequest, read_form, redirect_back, render

KINDS: tuple[SignalKind, ...] = ("word", "term", "author")
LEAST_SCORES = (1.0, 1.5, 2.0, 2.5, 3.0)


class RankingForm(Struct, kw_only=True):
    """The settings of the ranking."""

    enabled: bool
    least: LeastScore
    version: int = 0


class PreferenceForm(Struct, kw_only=True):
    """A word, term or author to mute, to pin, or to leave alone again."""

    do: Literal["muted", "pinned", "forget"]
    kind: SignalKind
    name: SignalName
    version: int = 0


async def get_ranking(request: PageRequest) -> Response[str]:
    """Show what the ranking has learnt."""
    ranking = await read_ranking(request.user.user)
    chosen = {(each.kind, each.name.casefold()) for each in ranking.preferences}
    sides = {
        side: {kind: _signals(signals, kind, chosen) for kind in KINDS}
        for side, signals in (("pros", ranking.pros), ("cons", ranking.cons))
    }
    least = ranking.settings.least
    return render(
        request,
        "ranking.html",
        ranking=ranking,
        sides=sides,
        kinds=KINDS,
        least_scores=sorted({*LEAST_SCORES, least}),
    )


async def post_ranking(request: PageRequest) -> Response[Any]:
    """Change the settings of the ranking."""
    form = await read_form(request, RankingForm)
    data = RankingEdit(enabled=form.enabled, least=form.least)
    await put_settings(_edit(request, form.version), data)
    return redirect_back("/ranking")


async def post_preference(request: PageRequest) -> Response[Any]:
    """Mute or pin a word, term or author, or take that back."""
    form = await read_form(request, PreferenceForm)
    edit = _edit(request, form.version)
    if form.do == "forget":
        await forget_preference(edit, form.kind, form.name)
    else:
        await put_preference(edit, form.kind, form.name, PreferenceEdit(choice=form.do))
    return redirect_back("/ranking#chosen")


def _signals(
    signals: list[Signal], kind: SignalKind, chosen: set[tuple[SignalKind, str]]
) -> list[Signal]:
    """Return the signals of a kind, without those that the user muted or pinned already."""
    return [
        signal
        for signal in signals
        if signal.kind == kind and (kind, signal.name.casefold()) not in chosen
    ]


def _edit(request: PageRequest, base: int) -> Edit:
    return Edit(user=request.user.user, at=datetime.now(UTC), base=base)
