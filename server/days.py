"""The user's day: in their time zone, or by the clock where the server runs.

All moments are stored in UTC; a day is meant wherever a person reads or writes one.
"""

import time as clock
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_zone: ContextVar[ZoneInfo | None] = ContextVar("zone", default=None)


@cache
def list_zones() -> tuple[str, ...]:
    """Return the names of all time zones, for which hundreds of files are opened once."""
    return tuple(sorted(available_timezones()))


def use_zone(name: str | None) -> None:
    """Count days in a time zone, such as "Asia/Tokyo", for the rest of a request or command.

    None stands for the clock where the server runs (the `TZ` of its environment).
    """
    _zone.set(ZoneInfo(name) if name else None)


def zone_name() -> str:
    """Return the name of the user's time zone, or what tells that of the server's clock."""
    zone = _zone.get()
    return zone.key if zone else f"{clock.tzname} {clock.timezone}"


def local(moment: datetime) -> datetime:
    """Return a moment on the user's clock."""
    return moment.astimezone(_zone.get())


def day_of(moment: datetime) -> date:
    """Return the day of a moment."""
    return local(moment).date()


def today() -> date:
    """Return the day that it is now."""
    return day_of(datetime.now(UTC))


def midnight(day: date) -> datetime:
    """Return when a day begins, in UTC."""
    try:
        return datetime.combine(day, time(), _zone.get()).astimezone(UTC)
    except (OverflowError, ValueError):  # the first and the last day of all
        return datetime.combine(day, time(), UTC)
