"""Papers, shared by all users, their earlier texts and names, and the listings they come from."""

from typing import Any

import msgspec
from tortoise import fields
from tortoise.models import Model

from nlp.spans import Mention, Result
from server.database.models.json_columns import decode_strings, encode
from server.schema.fetching import Proposal
from server.schema.hugging_face import HuggingFaceFacts

_MENTIONS = msgspec.json.Decoder(list[Mention])
_RESULTS = msgspec.json.Decoder(list[Result])
_PROPOSALS = msgspec.json.Decoder(list[Proposal])
_FACTS = msgspec.json.Decoder(HuggingFaceFacts)


def decode_mentions(text: str | bytes) -> list[Mention]:
    """Decode a JSON column of mentions."""
    return _MENTIONS.decode(text)


def decode_results(text: str | bytes) -> list[Result]:
    """Decode a JSON column of results."""
    return _RESULTS.decode(text)


def decode_facts(text: str | bytes) -> HuggingFaceFacts:
    """Decode a JSON column of what Hugging Face tells of a paper."""
    return _FACTS.decode(text)


def decode_proposals(text: str | bytes) -> list[Proposal]:
    """Decode a JSON column of papers that another one may be."""
    return _PROPOSALS.decode(text)


class Paper(Model):
    """A paper, shared by all users, with the mentions and results that the pipeline extracted.

    `issued` is the date as precise as its source wrote it, where `published` is always a day.
    `sources` maps the name of each field to the kind of source that it came from. `arxiv_version`
    is the last version at arXiv that is known to have this title and abstract. `summarized`,
    `stars`, `models`, `datasets` and `spaces` repeat what `hugging_face` has, for indexes.
    """

    id = fields.IntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)
    title = fields.TextField()
    normalized_title = fields.TextField()
    title_digest = fields.CharField(max_length=64, db_index=True)
    abstract = fields.TextField(default="")
    authors = fields.JSONField[list[str]](encoder=encode, decoder=decode_strings, default=list)
    author_count = fields.IntField(null=True)
    published = fields.DateField(null=True, db_index=True)
    issued = fields.CharField(max_length=64, null=True)
    upvotes = fields.IntField(null=True)
    comments = fields.IntField(null=True)
    code_url = fields.TextField(null=True)
    project_url = fields.TextField(null=True)
    doi = fields.TextField(null=True)
    organization = fields.TextField(null=True)
    categories = fields.JSONField[list[str]](encoder=encode, decoder=decode_strings, default=list)
    sources = fields.JSONField[dict[str, str]](
        encoder=encode, decoder=decode_strings, default=dict, db_default="{}"
    )
    hugging_face = fields.JSONField[HuggingFaceFacts | None](
        encoder=encode, decoder=decode_facts, null=True
    )
    summarized = fields.BooleanField(default=False, db_default=False)
    stars = fields.IntField(null=True)
    models = fields.IntField(null=True)
    datasets = fields.IntField(null=True)
    spaces = fields.IntField(null=True)
    arxiv_version = fields.SmallIntField(null=True)
    richness = fields.CharField(max_length=16)
    observed = fields.DatetimeField()
    created = fields.DatetimeField(auto_now_add=True)
    mentions = fields.JSONField[list[Mention]](
        encoder=encode, decoder=decode_mentions, default=list
    )
    results = fields.JSONField[list[Result]](encoder=encode, decoder=decode_results, default=list)
    title_spellings = fields.TextField(default="", db_default="")
    abstract_spellings = fields.TextField(default="", db_default="")
    author_words = fields.TextField(default="", db_default="")
    extraction_version = fields.CharField(max_length=64, null=True, db_index=True)
    extraction_error = fields.TextField(null=True)

    class Meta:
        table = "paper"
        indexes = (("created",),)


class FetchAttempt(Model):
    """The last attempt to fetch a paper that failed. It counts while the paper has no abstract.

    `answered` says that the sites answered and have no such paper; else they did not answer.
    """

    id = fields.IntField(primary_key=True)
    paper: Any = fields.OneToOneField(
        "papermargin.Paper", related_name="attempt", on_delete=fields.CASCADE
    )
    paper_id: int
    tried = fields.DatetimeField()
    answered = fields.BooleanField()
    reason = fields.TextField()
    proposals = fields.JSONField[list[Proposal]](
        encoder=encode, decoder=decode_proposals, default=list
    )

    class Meta:
        table = "fetch_attempt"


class PaperText(Model):
    """An earlier title and abstract of a paper, or those of a source that came in too late.

    `replaced` is when it ceased to be the paper's text; None if it never was.
    """

    id = fields.IntField(primary_key=True)
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="texts", on_delete=fields.CASCADE
    )
    paper_id: int
    title = fields.TextField()
    abstract = fields.TextField()
    arxiv_version = fields.SmallIntField(null=True)
    observed = fields.DatetimeField()
    replaced = fields.DatetimeField(null=True)

    class Meta:
        table = "paper_text"
        indexes = (("paper_id",),)


class Alias(Model):
    """An earlier key of a paper, so that old links and queued edits still find it."""

    id = fields.IntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="aliases", on_delete=fields.CASCADE
    )
    paper_id: int

    class Meta:
        table = "alias"


class Listing(Model):
    """A list of papers at a source, as it was observed."""

    id = fields.IntField(primary_key=True)
    kind = fields.CharField(max_length=16)
    name = fields.CharField(max_length=255)
    day = fields.DateField(null=True, db_index=True)
    observed = fields.DatetimeField()

    class Meta:
        table = "listing"
        unique_together = (("kind", "name"),)


class ListingPaper(Model):
    """A paper's position in a listing, counted from 0."""

    id = fields.IntField(primary_key=True)
    listing: Any = fields.ForeignKeyField(
        "papermargin.Listing", related_name="places", on_delete=fields.CASCADE
    )
    listing_id: int
    paper: Any = fields.ForeignKeyField(
        "papermargin.Paper", related_name="places", on_delete=fields.CASCADE
    )
    paper_id: int
    position = fields.IntField()

    class Meta:
        table = "listing_paper"
        unique_together = (("listing", "position"),)
        indexes = (("paper_id",),)
