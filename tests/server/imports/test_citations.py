"""What a bibliography says of a paper is kept, and written back as it was."""

import pytest

from server.archive.format import decode
from server.archive.read import import_archive
from server.archive.write import export_archive
from server.config import Config
from server.exports.formats import FORMATS, FormatName
from server.imports.files import import_data
from server.papers.list import read_papers
from server.papers.page import read_paper
from tests.server.material import NOW, second_user

pytestmark = pytest.mark.anyio

ENTRY = r"""@inproceedings{moss2024Tea,
  title = {Tea and Pots},
  author = {van der Berg, Jan and Moss, Jr., Bo and {Barnes and Noble, Inc.}},
  date = {2024-03},
  booktitle = {Proc. of the Tea \& Pots Conf.},
  pages = {5--17},
  publisher = {Steam Press},
  url = {https://example.org/tea_pots},
  file = {:C\:/tea.pdf:PDF},
  keywords = {hot},
}
"""


async def export(form: FormatName, user: int = 1) -> str:
    return b"".join([piece async for piece in FORMATS[form].render(read_papers(user))]).decode()


async def test_a_bibtex_entry_keeps_type_key_names_date_venue_and_unknown_fields(
    store: Config,
) -> None:
    await import_data(ENTRY.encode(), "refs.bib", 1, NOW)
    written = await export("bibtex")
    for line in (
        "@inproceedings{moss2024Tea,",
        "van der Berg, Jan and Moss, Jr., Bo and {Barnes and Noble, Inc.}",
        "date = {2024-03}",
        "month = mar",
        r"booktitle = {Proc. of the Tea \& Pots Conf.}",
        "pages = {5--17}",
        "url = {https://example.org/tea_pots}",
        r"file = {:C\:/tea.pdf:PDF}",
    ):
        assert line in written
    ada = await second_user()
    await import_data(written.encode(), "again.bib", ada, NOW)
    assert await export("bibtex", ada) == written


async def test_a_year_alone_stays_a_year_in_every_export(store: Config) -> None:
    await import_data(b"@misc{k, title={Tea}, year={2024}, keywords={hot}}", "x.bib", 1, NOW)
    bibtex = await export("bibtex")
    assert "date = {2024}" in bibtex
    assert "month" not in bibtex
    assert "PY  - 2024\n" in await export("ris")
    assert '"date-parts":[[2024]]' in await export("csl")
    assert ",2024," in await export("csv")


async def test_ris_and_csl_write_the_venue_and_the_parts_of_names(store: Config) -> None:
    await import_data(ENTRY.encode(), "refs.bib", 1, NOW)
    ris, csl = await export("ris"), await export("csl")
    for line in (
        "TY  - CPAPER",
        "ID  - moss2024Tea",
        "AU  - van der Berg, Jan",
        "AU  - Moss, Bo, Jr.",
        "SP  - 5",
        "EP  - 17",
        "PB  - Steam Press",
    ):
        assert line in ris
    assert '"non-dropping-particle":"van der"' in csl
    assert '"literal":"Barnes and Noble, Inc."' in csl
    assert '"container-title":"Proc. of the Tea & Pots Conf."' in csl


async def test_an_archive_carries_citations(store: Config) -> None:
    await import_data(ENTRY.encode(), "refs.bib", 1, NOW)
    archive = decode(b"".join([piece async for piece in export_archive(1, NOW)]))
    ada = await second_user()
    report = await import_archive(archive, ada, NOW)
    assert report.citations.created == 1
    page = await read_paper(archive.papers[0].key, ada)
    assert page.issued == "2024-03"
    assert page.citation == archive.citations[0].data


async def test_other_people_s_citations_are_their_own(store: Config) -> None:
    await import_data(ENTRY.encode(), "refs.bib", 1, NOW)
    [page] = [page async for page in read_papers(1)]
    assert (await read_paper(page.key, await second_user())).citation is None
