"""What a user makes of the ranking: words, terms and authors muted or pinned, and its settings."""

from msgspec import UNSET

from server.database.connection import fetch, moment
from server.database.models.ranking import RankingPreference, RankingSettings
from server.database.transactions import writing
from server.database.versioning import Edit, check, clean_name, fold_name, is_applied, record
from server.identifiers import fold_term
from server.schema.ranking import (
    STANDS_OUT,
    Preference,
    PreferenceEdit,
    RankingEdit,
    RankingState,
    SignalKind,
)

UNCHANGED = RankingState(enabled=True, least=STANDS_OUT, version=0)
"""The settings of a user who never changed them."""


def fold_signal(kind: SignalKind, name: str) -> str:
    """Return what all spellings of a signal's name share. Raises `Invalid`."""
    return fold_name(name, f"a {kind}")


async def read_settings(user: int) -> RankingState:
    """Return a user's settings of the ranking; version 0 if they were never changed."""
    rows = await fetch(
        "SELECT enabled, least, version FROM ranking_settings WHERE user_id = $1", user
    )
    if not rows:
        return UNCHANGED
    [row] = rows
    return RankingState(enabled=bool(row["enabled"]), least=row["least"], version=row["version"])


async def list_preferences(user: int) -> list[Preference]:
    """Return what a user muted and pinned, in alphabetical order."""
    rows = await RankingPreference.filter(user_id=user).order_by("fold", "kind")
    return [_preference_state(row) for row in rows]


async def read_muted_terms(user: int) -> set[str]:
    """Return the terms that a user muted, folded as `fold_term` folds them."""
    rows = await fetch(
        "SELECT name FROM ranking_preference WHERE user_id = $1 AND kind = 'term' "
        "AND choice = 'muted'",
        user,
    )
    return {fold_term(row["name"]) for row in rows}


async def put_settings(edit: Edit, data: RankingEdit) -> RankingState:
    """Change the settings of the ranking. Raises `Conflict` and `PreconditionMissing`."""
    async with writing(edit.user):
        row = await RankingSettings.get_or_none(user_id=edit.user)
        current = (
            RankingState(enabled=row.enabled, least=row.least, version=row.version)
            if row
            else UNCHANGED
        )
        enabled = current.enabled if data.enabled is UNSET else data.enabled
        least = current.least if data.least is UNSET else data.least
        if await is_applied(edit) or (enabled, least) == (current.enabled, current.least):
            return current
        check(edit, current.version, current)
        row = row or RankingSettings(user_id=edit.user)
        row.enabled, row.least = enabled, least
        row.version, row.updated = current.version + 1, edit.at
        await row.save()
        await record(edit, "ranking", "settings", paper=None, version=row.version)
        return RankingState(enabled=enabled, least=least, version=row.version)


async def put_preference(
    edit: Edit, kind: SignalKind, name: str, data: PreferenceEdit
) -> Preference:
    """Mute or pin a word, term or author, which need not be known yet.

    Raises `Invalid`, `Conflict` and `PreconditionMissing`.
    """
    name, fold = clean_name(name, f"a {kind}"), fold_signal(kind, name)
    async with writing(edit.user):
        row = await RankingPreference.get_or_none(user_id=edit.user, kind=kind, fold=fold)
        current = _preference_state(row) if row else _no_preference(kind, name)
        if await is_applied(edit) or current.choice == data.choice:
            return current
        check(edit, current.version, current)
        row = row or RankingPreference(
            user_id=edit.user, kind=kind, name=name, fold=fold, created=edit.at, version=0
        )
        row.choice = data.choice
        row.version, row.updated = current.version + 1, edit.at
        await row.save()
        await record_preference(edit, kind, row.name, row.version)
        return _preference_state(row)


async def forget_preference(edit: Edit, kind: SignalKind, name: str) -> Preference:
    """Take back that a word, term or author is muted or pinned.

    Raises `Invalid`, `Conflict` and `PreconditionMissing`.
    """
    fold = fold_signal(kind, name)
    async with writing(edit.user):
        row = await RankingPreference.get_or_none(user_id=edit.user, kind=kind, fold=fold)
        if row is None or await is_applied(edit):
            return _preference_state(row) if row else _no_preference(kind, name)
        check(edit, row.version, _preference_state(row))
        await row.delete()
        await record_preference(edit, kind, row.name, row.version + 1, deleted=True)
        return _no_preference(kind, row.name)


async def record_preference(
    edit: Edit, kind: str, name: str, version: int, *, deleted: bool = False
) -> None:
    """Add the change record of a word, term or author that was muted, pinned or left alone."""
    ref = f"{kind}:{name}"
    await record(edit, "ranking", ref, paper=None, version=version, deleted=deleted)


def _preference_state(row: RankingPreference) -> Preference:
    return Preference(
        kind=row.kind,  # type: ignore[arg-type]
        name=row.name,
        choice=row.choice,  # type: ignore[arg-type]
        version=row.version,
        updated=moment(row.updated),
    )


def _no_preference(kind: SignalKind, name: str) -> Preference:
    return Preference(kind=kind, name=name, choice=None, version=0)
