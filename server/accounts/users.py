"""The users of a store: add one, find one by name."""

from datetime import datetime

from server.database.models.accounts import User
from server.database.transactions import writing
from server.days import list_zones
from server.errors import Invalid, NotFound
from server.schema.sources import fold


async def add_user(name: str, now: datetime) -> User:
    """Create a user. Raises `Invalid` if the name is taken, empty or too long."""
    name = fold(name)
    if not name or len(name) > 100:
        raise Invalid("a user's name has 1 to 100 characters")
    async with writing():
        if await User.exists(name=name):
            raise Invalid(f"user {name!r} already exists")
        return await User.create(name=name, created=now)


async def get_user(name: str, now: datetime, *, create: bool = False) -> User:
    """Return the user of a name; with `create`, add one that does not exist.

    Raises `NotFound` if there is no such user.
    """
    user = await User.get_or_none(name=name)
    if user is None and not create:
        raise NotFound(f"no user {name!r}; create one with papermargin user add {name}")
    return user or await add_user(name, now)


async def set_zone(user: int, zone: str) -> None:
    """Set the time zone of a user, or with "" go by the server's clock.

    Raises `Invalid` if there is no such time zone.
    """
    if zone and zone not in list_zones():
        raise Invalid(f"there is no time zone {zone!r}; an example is Europe/Berlin")
    async with writing(user):
        await User.filter(id=user).update(zone=zone or None)


async def set_thumbnails(user: int, *, shown: bool) -> None:
    """Set whether pages show a user pictures of papers."""
    async with writing(user):
        await User.filter(id=user).update(thumbnails=shown)


async def has_one_user() -> bool:
    """Return whether the store has exactly one user."""
    return await User.all().count() == 1
