"""Merge an archive's preferences and settings of the ranking into the store."""

from server.archive.counts import Tally, made_step
from server.archive.format import ArchivedPreference, ArchivedRanking
from server.database.models.ranking import RankingPreference, RankingSettings
from server.database.versioning import Edit, record
from server.ranking.preferences import fold_signal, record_preference
from server.schema.imports import Step


async def merge_preferences(
    edit: Edit, preferences: list[ArchivedPreference], tally: Tally, steps: list[Step]
) -> None:
    """Merge what is muted and pinned; where the store has another choice, that one stays."""
    rows = await RankingPreference.filter(user_id=edit.user)
    known = {(row.kind, row.fold): row.choice for row in rows}
    for archived in preferences:
        fold = fold_signal(archived.kind, archived.name)
        if choice := known.get((archived.kind, fold)):
            tally.count(equal=choice == archived.choice)
            continue
        known[archived.kind, fold] = archived.choice
        made = await RankingPreference.create(
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
        steps.append(made_step("ranking_preference", made, f"{archived.kind}:{archived.name}"))
        tally.created += 1


async def merge_settings(
    edit: Edit, settings: list[ArchivedRanking], tally: Tally, steps: list[Step]
) -> None:
    """Take over the settings, unless the user changed those of the store already."""
    row = await RankingSettings.get_or_none(user_id=edit.user)
    for archived in settings:
        if row:
            same = (row.enabled, row.least) == (archived.enabled, archived.least)
            tally.count(equal=same)
            continue
        made = await RankingSettings.create(
            user_id=edit.user,
            enabled=archived.enabled,
            least=archived.least,
            version=archived.version,
            updated=archived.updated,
        )
        await record(edit, "ranking", "settings", paper=None, version=archived.version)
        steps.append(made_step("ranking_settings", made, "settings"))
        tally.created += 1
