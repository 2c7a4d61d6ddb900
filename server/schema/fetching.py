"""Attempts to fetch a paper that is known by its id or title alone."""

from datetime import datetime

from msgspec import Struct


class Proposal(Struct):
    """A paper of arXiv with a similar title."""

    key: str
    title: str


class FetchAttempt(Struct):
    """When a paper was last looked for on the web, and why it was not fetched.

    Either the sites `answered` and have no such paper, only similar ones, or they did not answer.
    """

    tried: datetime
    answered: bool
    reason: str
    proposals: list[Proposal] = []
