"""Merge an archive's preferences and settings of the ranking into the store."""

from server.archive.counts import Tally
from server.archive.format import ArchivedPreference, ArchivedRanking
from server.database.connection import writing
from server.database.models import RankingPreference, RankingSettings
from server.database.versioning import Edit, record
from server.ranking.preferences import fold_signal, record_preference


async def merge_preferences(
    edit: Edit, preferences: list[ArchivedPreference], tally: Tally
) -> None:
    """Merge what is muted and pinned; where the store has another choice, that one stays."""
    async with writing():
        rows = await RankingPreference.filter(user_id=edit.user)
        known = {(row.kind, row.fold): row.choice for row in rows}
        for archived in preferences:
            fold = fold_signal(archived.kind, archived.name)
            if choice := known.get((archived.kind, fold)):
                tally.count(equal=choice == archived.choice)
                continue
            known[archived.kind, fold] = archived.choice
            await RankingPreference.create(
                user_id=edit.user,
                kind=archived.kind,
                name=archived.name,
                fold=fold,
                choice=archived.choice,
                version=archived.version,
                created=archived.created,
                updated=archived.updated,
            )
            await record_preference(edit, archived.kind, archived.name, archived.version)
            tally.created += 1


async def merge_settings(edit: Edit, settings: list[ArchivedRanking], tally: Tally) -> None:
    """Take over the settings, unless the user changed those of the store already."""
    async with writing():
        row = await RankingSettings.get_or_none(user_id=edit.user)
        for archived in settings:
            if row:
                same = (row.enabled, row.least) == (archived.enabled, archived.least)
                tally.count(equal=same)
                continue
            await RankingSettings.create(
                user_id=edit.user,
                enabled=archived.enabled,
                least=archived.least,
                version=archived.version,
                updated=archived.updated,
            )
            await record(edit, "ranking", "settings", paper=None, version=archived.version)
            tally.created += 1
