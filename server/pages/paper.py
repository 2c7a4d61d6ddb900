"""One paper: its text with what was read out of it, what one wrote beside it, what it is close to, what was done."""

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
from server import library
from server.closeness import related
from server.edits import Edit
from server.history import read_history
from server.identity import parse_arxiv_id
from server.margin import tag_colours
from server.pages.shell import Reading, back, read_form, render
from server.papers import read_paper
from server.passages import anchors, cut_abstract
from server.wire import CorrectionEdit, PaperPage

Key = NamedDependency[str]


class VerdictForm(Struct, kw_only=True):
    """A verdict on a term of a paper: it is none, or one of another label."""

    label: Label
    term: str
    verdict: Literal["wrong", "METHOD", "DATASET", "METRIC", "TASK"]
    here: str = "/"


class WithdrawForm(Struct):
    """A correction to be taken back."""

    version: int
    here: str = "/"


async def get_paper(request: Reading, paper_key: Key) -> Response[str]:
    """Show a paper."""
    reader = request.user.user
    page = await read_paper(paper_key, reader)
    return render(
        request,
        "paper.html",
        page=page,
        abstract=cut_abstract(page),
        anchored=anchors(page.abstract, page.notes),
        arxiv_id=parse_arxiv_id(page.key),
        colours=await tag_colours(reader),
        related=await related(page.key, reader),
        history=await read_history(page.key, reader),
        bibtex=await _write_bibtex(page),
        new_note=uuid7(),
    )


async def post_verdict(request: Reading, paper_key: Key) -> Response[Any]:
    """Keep a verdict on every mention of a term in a paper, however it is written there."""
    form = await read_form(request, VerdictForm)
    page = await read_paper(paper_key, request.user.user)
    text = f"{page.title}\n{page.abstract}"
    mentions = [m for m in page.mentions if (m.label, m.term) == (form.label, form.term)]
    for surface in sorted({text[mention.start : mention.end] for mention in mentions}):
        wish = CorrectionEdit(verdict="wrong", surface=surface, label=form.label)
        if form.verdict != "wrong":
            wish = CorrectionEdit(verdict="relabelled", surface=surface, label=form.label, to_label=form.verdict)
        await library.put_correction(_edit(request, base=0), page.key, uuid4(), wish)
    return back(request, {"here": form.here})


async def post_withdraw(request: Reading, uuid: FromPath[UUID]) -> Response[Any]:
    """Take a correction back."""
    form = await read_form(request, WithdrawForm)
    await library.delete_correction(_edit(request, base=form.version), uuid)
    return back(request, {"here": form.here})


def _edit(request: Reading, *, base: int) -> Edit:
    return Edit(user=request.user.user, at=datetime.now(UTC), base=base)


async def _write_bibtex(page: PaperPage) -> str:
    from server.export.bibtex import render_bibtex  # noqa: PLC0415 - a server starts without it

    return "".join([part.decode() async for part in render_bibtex(_alone(page))]).strip()


async def _alone(page: PaperPage) -> AsyncIterator[PaperPage]:
    yield page
