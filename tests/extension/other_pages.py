"""Made-up pages with the structure of sites where the margin has to be allowed, and of a blog.

The tags and classes are those of the real sites, as far as the site modules read them, with their
order and their noise: links to other papers, navigation, machine-made summaries. No word is theirs.
"""

import html
import json

from tests.extension.pages import STYLE, Paper

ACL = "https://aclanthology.org"
ALPHAXIV = "https://www.alphaxiv.org"
OPENREVIEW = "https://openreview.net"
SEMANTIC_SCHOLAR = "https://www.semanticscholar.org"
BLOG = "https://notes.example.org"
OTHER_ID = "2401.00001"  # of a paper that only the references name


def acl_page(paper: Paper, doi: str = "", *, month: str = "2023/7") -> str:
    """A paper's page of the ACL Anthology, which Hugo makes: unquoted attributes, a `span` for the
    abstract.
    """
    anthology_id = doi.partition("/v1/")[2] or "2023.quiet-main.12"
    told = [
        ("title", paper.title),
        *(("author", name) for name in paper.authors),
        ("conference_title", "Proceedings of the Meeting of Quiet Linguists (Volume 1: Long)"),
        ("publication_date", month),
        ("pdf_url", f"{ACL}/{anthology_id}.pdf"),
        *([("doi", doi)] if doi else []),
    ]
    people = ", ".join(f"<a href=/people/x/>{name}</a>" for name in paper.authors)
    title = html.escape(paper.title)
    row = f"<dt>DOI:</dt><dd><a href=https://doi.org/{doi}>{doi}</a></dd>" if doi else ""
    body = (
        f"<section id=main><div><h2 id=title><a id=title href={ACL}/{anthology_id}.pdf>{title}</a>"
        f'</h2><p class=lead>{people}</p></div><hr><div class="row acl-paper-details"><div>'
        f'<div class="card bg-light"><div class="card-body acl-abstract"><h5 class=card-title>'
        f"Abstract</h5><span>{html.escape(paper.abstract)}</span></div></div>"
        f"<dl><dt>Anthology ID:</dt><dd>{anthology_id}</dd>{row}</dl></div></div></section>"
    )
    return _page(paper.title, _metas(told), f"<div id=content>{body}</div>", "ACL Anthology")


def openreview_page(paper: Paper, forum: str, *, told_forum: str = "") -> str:
    """A forum of OpenReview, which Next.js draws; `told_forum` is what stale tags still tell."""
    told = [
        ("title", paper.title),
        *(("author", name) for name in paper.authors),
        ("online_date", "2026/05/28"),
        ("pdf_url", f"{OPENREVIEW}/pdf?id={told_forum or forum}"),
        ("abstract", paper.abstract),
    ]
    people = ", ".join(
        f'<a title="~X1" href="/profile?id=~X1">{name}</a>' for name in paper.authors
    )
    value = (
        '<strong class="note-content-field disable-tex-rendering">{}:</strong> '
        '<div class="note-content-value markdown-rendered"><p>{}</p></div>'
    )
    body = (
        '<main id="content"><div class="forum-container"><div class="forum-note">'
        f'<div class="forum-title mt-2 mb-2"><h2 class="citation_title">{html.escape(paper.title)}'
        f'</h2><div class="forum-content-link"><a class="citation_pdf_url" href="/pdf?id={forum}">'
        f'PDF</a></div></div><div class="forum-authors mb-2"><h3>{people}</h3></div>'
        f'<div class="note-content"><div>{value.format("Keywords", "quiet, margins")}</div>'
        f"<div>{value.format('Abstract', html.escape(paper.abstract))}</div></div></div>"
        '<div class="note"><h4>Official Review</h4><div class="note-content">'
        f"{value.format('Summary', 'The paper is about one thing.')}</div></div></div></main>"
    )
    return _page(f"{paper.title} | OpenReview", _metas(told), body, "OpenReview")


def semanticscholar_page(paper: Paper, *, arxiv: bool = True, doi: str = "") -> str:
    """A paper's page of Semantic Scholar, whose references link to another paper."""
    told = [
        ("title", paper.title),
        ("publication_date", "2026"),
        *(("author", name) for name in paper.authors),
    ]
    if arxiv:
        told.append(("pdf_url", f"https://arxiv.org/pdf/{paper.key}.pdf"))
    facts = {"@context": "http://schema.org", "@graph": [[{"@type": "ScholarlyArticle"}]]}
    data = f'<script class="schema-data" type="application/ld+json">{json.dumps(facts)}</script>'
    place = f'<section class="doi"><a class="doi__link" href="https://doi.org/{doi}">{doi}</a></section>'
    source = (
        '<div class="alternate-sources"><a class="icon-button" data-test-id="icon-button" '
        f'href="https://arxiv.org/pdf/{paper.key}.pdf">View PDF on arXiv</a></div>'
    )
    body = (
        '<main id="main-content"><div data-test-id="paper-detail-page">'
        f'<h1 data-test-id="paper-detail-title">{html.escape(paper.title)}</h1>'
        '<ul class="flex-row-vcenter paper-meta"><li data-test-id="corpus-id">Corpus ID: 7</li>'
        f'<li data-test-id="paper-doi">{place if doi else ""}</li></ul>'
        '<div data-test-id="text-truncator-abstract"><span data-test-id="text-truncator-text">'
        f"{html.escape(paper.abstract)}</span></div>{source if arxiv else ''}"
        '<div class="card references"><h2>1 References</h2><div class="cl-paper-row"><a '
        'data-heap-id="citation_title" href="/paper/x"><h3>An older thing</h3></a>'
        f'<a href="https://arxiv.org/abs/{OTHER_ID}">[PDF]</a></div></div></div></main>'
    )
    return _page(f"{paper.title} | Semantic Scholar", _metas(told) + data, body, "Semantic Scholar")


def alphaxiv_page(paper: Paper) -> str:
    """A paper's discussion at alphaXiv: no `citation_` tags, but a description and JSON-LD."""
    facts = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "headline": paper.title,
        "abstract": paper.abstract,
        "author": [{"@type": "Person", "name": name} for name in paper.authors],
        "datePublished": "2026-06-01T00:00:00.000Z",
    }
    head = (
        f'<meta name="description" content="View recent discussion. Abstract: '
        f'{html.escape(paper.abstract, quote=True)}">'
        f'<meta property="og:title" content="{html.escape(paper.title, quote=True)} | alphaXiv">'
        f'<script type="application/ld+json">{json.dumps(facts)}</script>'
    )
    body = (
        f'<main><div class="flex"><h1>{html.escape(paper.title)}</h1>'
        f"<p>{html.escape(paper.abstract)}</p><div>Comments (0)</div></div></main>"
    )
    return _page(f"{paper.title} | alphaXiv", head, body, "alphaXiv")


def blog_page(listed: list[Paper], *, doi: str = "") -> str:
    """A page of anybody's that links to papers in several ways, and names others in its text."""
    forms = [
        "https://arxiv.org/abs/{}",
        "https://export.arxiv.org/pdf/{}v2.pdf",
        "https://huggingface.co/papers/{}#community",
        "https://www.alphaxiv.org/abs/{}v1",
        "https://doi.org/10.48550/arXiv.{}",
        "https://www.semanticscholar.org/arxiv/{}",
    ]
    items = "".join(
        f'<li><a href="{forms[place % len(forms)].format(paper.key)}">{html.escape(paper.title)}'
        "</a> was a good read.</li>"
        for place, paper in enumerate(listed)
    )
    last = listed[-1].key
    more = f'<p>And <a href="https://doi.org/{doi}">this one</a>.</p>' if doi else ""
    body = (
        f"<main><h1>What I read</h1><ul>{items}</ul>{more}<p>Compare arXiv:{last}v3 with "
        f"arXiv:{OTHER_ID}, and <a href=https://arxiv.org/list/cs.CL/new>what is new</a>.</p>"
        f"<pre><script>'arXiv:{last}'</script></pre><textarea>arXiv:{last}</textarea></main>"
    )
    return _page("What I read", "", body, "Notes")


def _metas(told: list[tuple[str, str]]) -> str:
    return "".join(
        f'<meta content="{html.escape(content, quote=True)}" name="citation_{name}">'
        for name, content in told
    )


def _page(title: str, head: str, body: str, site: str) -> str:
    looks = f"<style>{STYLE} #content, main {{ max-width: 820px; margin: 24px 40px; }}</style>"
    return (
        f'<!doctype html><html lang=en><head><meta charset="utf-8"><title>{html.escape(title)}'
        f'</title>{head}{looks}</head><body><header class="top"><a href="/">{site}</a>'
        f'<a class="account" href="/login">Log in</a></header>{body}</body></html>'
    )
