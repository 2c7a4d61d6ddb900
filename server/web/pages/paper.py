"""The paper page: abstract with mentions, notes, corrections, related papers and history."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct
from uuid_utils.compat import uuid7

from nlp.spans import Label
from server.database.versioning import Edit
from server.identifiers import parse_arxiv_id
from server.papers.history import read_history
from server.papers.note_links import read_backlinks
from server.papers.page import read_paper
from server.papers.related import related
from server.papers.spans import anchors, cut_abstract
from server.papers.versions import read_versions
from server.reading_list import corrections
from server.reading_list.tags import tag_colours
from server.schema.papers import PaperPage
from server.schema.terms import CorrectionEdit, MendedResult
from server.terms.rows import surfaces_of
from server.web.api.request import Key
from server.web.pages.entries import Done
from server.web.pages.layout import PageRequest, read_form, redirect_back, render


class VerdictForm(Struct, kw_only=True):
    """A verdict on a term of a paper: it is wrong, or has another label."""

    label: Label
    term: str
    verdict: Literal["wrong", "METHOD", "DATASET", "METRIC", "TASK"]
    here: str = "/"


class ResultForm(Struct, kw_only=True):
    """A verdict on a number of a paper: it is wrong, or of this kind and these surfaces."""

    start: int
    end: int
    surface: str
    verdict: Literal["wrong", "own", "baseline", "change"]
    metric: str = ""
    dataset: str = ""
    method: str = ""
    here: str = "/"


class CitationKeyForm(Struct):
    """The key to cite a paper under; empty for none of the user's own."""

    key: str


class WithdrawForm(Struct):
    """The version of a correction to withdraw."""

    version: int
    here: str = "/"


async def get_paper(
    request: PageRequest, paper_key: Key, done: NamedDependency[Done]
) -> Response[str]:
    """Show a paper."""
    user = request.user.user
    page = await read_paper(paper_key, user)
    versions = await read_versions(page.key, user)
    return render(
        request,
        "paper.html",
        page=page,
        surfaces=surfaces_of(page.mentions, page.text),
        abstract=cut_abstract(page),
        anchored=anchors(page.abstract, page.notes),
        arxiv_id=parse_arxiv_id(page.key),
        colours=await tag_colours(user),
        related=await related(page.key, user),
        backlinks=await read_backlinks(page, user),
        history=await read_history(page.key, user),
        versions=versions,
        became={anchor.note: anchor for anchor in versions.notes},
        bibtex=await _write_bibtex(page),
        cited_as=_cited_as(page),
        new_note=uuid7(),
        done=done,
    )


async def post_verdict(request: PageRequest, paper_key: Key) -> Response[Any]:
    """Record a verdict on every mention of a term in a paper, whatever its spelling."""
    form = await read_form(request, VerdictForm)
    page = await read_paper(paper_key, request.user.user)
    text = page.text
    mentions = [m for m in page.mentions if (m.label, m.term) == (form.label, form.term)]
    for surface in sorted({text[mention.start : mention.end] for mention in mentions}):
        data = CorrectionEdit(verdict="wrong", surface=surface, label=form.label)
        if form.verdict != "wrong":
            data = CorrectionEdit(
                verdict="relabelled", surface=surface, label=form.label, to_label=form.verdict
            )
        await corrections.put_correction(_edit(request, base=0), page.key, uuid4(), data)
    return redirect_back(form.here)


async def post_result(request: PageRequest, paper_key: Key) -> Response[Any]:
    """Record a verdict on a result of a paper."""
    form = await read_form(request, ResultForm)
    mended = None
    if form.verdict != "wrong":
        parts = (form.metric or None, form.dataset or None, form.method or None)
        mended = MendedResult(form.verdict, *parts)
    data = CorrectionEdit(
        verdict="mended" if mended else "wrong",
        surface=form.surface,
        label="RESULT",
        start=form.start,
        end=form.end,
        mended=mended,
    )
    await corrections.put_correction(_edit(request, base=0), paper_key, uuid4(), data)
    return redirect_back(form.here)


async def post_citation_key(request: PageRequest, paper_key: Key) -> Response[Any]:
    """Cite a paper under a key of the user's own."""
    from server.reading_list.citation_keys import set_key  # noqa: PLC0415 - slow to import

    form = await read_form(request, CitationKeyForm)
    await set_key(Edit(user=request.user.user, at=datetime.now(UTC)), paper_key, form.key)
    return redirect_back(f"/papers/{paper_key}#citation")


async def post_withdraw(request: PageRequest, uuid: FromPath[UUID]) -> Response[Any]:
    """Withdraw a correction."""
    form = await read_form(request, WithdrawForm)
    await corrections.delete_correction(_edit(request, base=form.version), uuid)
    return redirect_back(form.here)


def _edit(request: PageRequest, *, base: int) -> Edit:
    return Edit(user=request.user.user, at=datetime.now(UTC), base=base)


def _cited_as(page: PaperPage) -> str:
    from server.exports.citation_keys import citation_key  # noqa: PLC0415 - slow to import

    return citation_key(page)


async def _write_bibtex(page: PaperPage) -> str:
    from server.exports.bibtex import render_bibtex  # noqa: PLC0415 - slow to import

    return "".join([part.decode() async for part in render_bibtex(_alone(page))]).strip()


async def _alone(page: PaperPage) -> AsyncIterator[PaperPage]:
    yield page
