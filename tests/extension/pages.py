"""Made-up pages with the structure of the real ones: lists of both generations, papers, arXiv."""

import html
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STYLE = (Path(__file__).parent / "pages.css").read_text()

_SUBJECTS = [
    (
        "Low-rank adapters for patient image models",
        "LoRA",
        "ImageNet",
        "accuracy",
        "image classification",
        "92.4%",
    ),
    (
        "Asking less: question answering with short contexts",
        "RAG",
        "TriviaQA",
        "F1",
        "question answering",
        "71.3",
    ),
    (
        "A diffusion model that knows when to stop",
        "diffusion model",
        "COCO",
        "FID",
        "image generation",
        "6.8",
    ),
    (
        "Translating between quiet languages",
        "Transformer",
        "WMT14",
        "BLEU",
        "machine translation",
        "31.2",
    ),
    (
        "Reward models that admit doubt",
        "GRPO",
        "GSM8K",
        "accuracy",
        "mathematical reasoning",
        "84.1%",
    ),
    (
        "Graphs that forget their neighbours",
        "graph neural network",
        "OGB",
        "AUC",
        "link prediction",
        "91.3%",
    ),
    (
        "Speech from a single whispered word",
        "wav2vec 2.0",
        "LibriSpeech",
        "WER",
        "speech recognition",
        "2.9",
    ),
]


@dataclass
class Paper:
    """A made-up paper; `title` and `abstract` may be overridden with hostile text."""

    key: str
    title: str = ""
    abstract: str = ""
    authors: list[str] = field(default_factory=lambda: ["Ada Quill", "Ben Marginalia"])

    def item(self) -> dict[str, Any]:
        """The paper as the page's own JSON has it."""
        authors = [{"_id": "0", "name": name, "hidden": False} for name in self.authors]
        paper = {
            "id": self.key,
            "title": self.title,
            "summary": self.abstract,
            "authors": authors,
            "publishedAt": "2026-06-01T00:00:00.000Z",
            "upvotes": 7,
        }
        return {
            "paper": paper,
            "title": self.title,
            "summary": self.abstract,
            "numComments": 1,
            "upvoted": False,
        }


def papers(series: int, count: int) -> list[Paper]:
    """Give made-up papers whose ids no other series has."""
    made = []
    for place in range(count):
        title, method, dataset, metric, task, value = _SUBJECTS[place % len(_SUBJECTS)]
        abstract = (
            f"We look at {task} once more. Our model builds on {method} and is trained on "
            f"{dataset} alone, and needs no second pass. {method} achieves {value} {metric} on "
            f"{dataset}. A study of {task} with and without {method} shows what brings the gain."
        )
        made.append(
            Paper(
                f"26{1 + place % 12:02d}.{series:02d}{place:03d}",
                f"{title}, part {place + 1}",
                abstract,
            )
        )
    return made


def list_page(
    listed: list[Paper],
    *,
    generation: int = 5,
    shown: list[Paper] | None = None,
    props: dict[str, Any] | None = None,
    script: str = "",
    search: str = "",
    dark: bool = False,
) -> str:
    """Make a list page.

    Generation 4 wraps each card, 5 has comment anchors, and 0 has other tags and class names.
    """
    facts = {"dateString": "2026-06-03", "periodType": "day", "isTrending": False, "query": {}} | (
        props or {}
    )
    facts["dailyPapers"] = [paper.item() for paper in listed]
    cards = "".join(
        _card(paper, generation, search) for paper in (listed if shown is None else shown)
    )
    grid = {4: "relative grid gap-5", 5: "relative grid gap-5 contain", 0: "shelf"}[generation]
    body = (
        f'<section class="container"><div class="head"><h1>Daily Papers</h1>'
        f'<ul><li><button id="weekly">Weekly</button></li></ul>'
        f'<a href="/papers/trending">Trending</a><a '
        'href="/papers/date/2026-06-02">Previous</a></div>'
        f'<div class="{grid}" id="grid">{cards}<div class="nav"><a '
        f'href="/papers/date/2026-06-02">Previous</a></div></div></section>'
    )
    return _page(
        "DailyPapersPage", f"<main>{_island('DailyPapers', facts, body)}</main>", script, dark
    )


def _card(paper: Paper, generation: int, search: str) -> str:
    title = html.escape(paper.title)
    if search:
        title = title.replace(search, f'<span class="highlight">{search}</span>')
    link = f"/papers/{paper.key}"
    if generation == 0:
        return (
            f'<div class="tile"><div class="cover"><a href="{link}"><img alt=""></a></div><div '
            'class="words">'
            f'<h2 class="name"><a href="{link}">{title}</a></h2><p>By <a '
            'href="/somebody">somebody</a> · '
            f'<a href="{link}#community">4</a></p></div></div>'
        )
    inner = (
        f'<article class="card"><a href="{link}" class="thumb"><img alt="" loading="lazy"></a>'
        f'<div class="badge">Submitted by somebody</div><div class="foot"><a '
        f'href="/login?next=%2Fpapers%2F{paper.key}" '
        f'class="vote"><div class="leading-none">7</div></a><div class="w-full"><h3><a '
        f'href="{link}" '
        f'class="title">{title}</a>'
        f'</h3><div class="meta"><a href="{link}">· 2 authors</a><a '
        f'href="{link}#community">4</a></div></div></div></article>'
    )
    return f"<div>{inner}</div>" if generation == 4 else f"<!--[-->{inner}<!--]-->"


def trending_page(listed: list[Paper]) -> str:
    """A page of detailed cards, each with an abstract that names the next paper."""
    names = [*listed[1:], listed[0]]
    cards = "".join(
        f'<article class="card"><h3><a '
        f'href="/papers/{paper.key}">{html.escape(paper.title)}</a></h3>'
        f"<p>{html.escape(paper.abstract)} "
        f'It follows <a href="/papers/{other.key}">{html.escape(other.title)}</a>.</p><ul><li>Ada '
        f"Quill</li></ul></article>"
        for paper, other in zip(listed, names, strict=True)
    )
    facts = {
        "isTrending": True,
        "periodType": "day",
        "query": {},
        "dailyPapers": [paper.item() for paper in listed],
    }
    return _page(
        "DailyPapersPage",
        f"<main>{_island('DailyPapers', facts, f'<div class=stack>{cards}</div>')}</main>",
        "",
        False,
    )


def paper_page(paper: Paper, *, markup: str = "", dark: bool = False, script: str = "") -> str:
    """A paper's own page; `markup` replaces the abstract's paragraph by another shape of the same
    words.
    """
    text = markup or html.escape(paper.abstract)
    body = (
        f'<div><a href="/papers">Papers</a></div><h1>{html.escape(paper.title)}</h1><div>Published '
        "on Jun 1</div>"
        f'<div><h2>Abstract</h2><div><div class="ai"><p>A short summary that a machine '
        "wrote.</p></div><p "
        f'class="abstract">{text}</p></div></div>'
        f'<div><a class="btn" href="https://arxiv.org/abs/{paper.key}">View arXiv page</a></div>'
        f'<h3 id="community">Community</h3><div>See also <a href="/papers/2401.00001">another '
        "paper</a></div>"
    )
    facts = {"paper": paper.item()["paper"], "comments": []}
    article = '<article><a href="/collections/x"><h4>A collection</h4></a></article>'
    return _page(
        "PaperPage",
        f"<main><section "
        f'class="container">{_island("PaperContent", facts, body)}{article}</section></main>',
        script,
        dark,
    )


def arxiv_page(paper: Paper, *, version: int = 1) -> str:
    """An abstract page of arXiv."""
    address = f"https://arxiv.org/abs/{paper.key}v{version}"
    metas = "".join(
        f'<meta name="citation_{name}" content="{html.escape(value, quote=True)}">'
        for name, value in [
            ("title", paper.title),
            ("author", "Quill, Ada"),
            ("author", "Marginalia, Ben"),
            ("date", "2026/06/01"),
            ("arxiv_id", paper.key),
            ("abstract", paper.abstract),
        ]
    )
    wrapped = html.escape(paper.abstract).replace(". ", ".\n      ")
    return (
        f"<!doctype html><html "
        f"lang=en><head><title>{html.escape(paper.title)}</title>{metas}"
        f'<meta property="og:url" content="{address}"><style>{STYLE}</style></head><body>'
        f"{_header('arXiv')}"
        f'<main><div id="abs"><h1 class="title mathjax"><span '
        f'class="descriptor">Title:</span>{html.escape(paper.title)}</h1>'
        f'<blockquote class="abstract mathjax">\n      <span '
        f'class="descriptor">Abstract:</span>{wrapped}\n    '
        f"</blockquote></div></main><footer>About · Help</footer></body></html>"
    )


def arxiv_text(paper: Paper) -> str:
    """A paper as HTML at arXiv, as LaTeXML makes it: no `main`, formulas with their source."""
    formula = (
        '<math class="ltx_Math"><semantics><mi>n</mi><annotation encoding="application/x-tex">'
        "\\mathcal{n}</annotation></semantics></math>"
    )
    filler = "<p class=ltx_p>Nothing of note happens in this paragraph of the paper.</p>" * 30
    return (
        f"<!doctype html><html lang=en><head><title>{html.escape(paper.title)}</title>"
        f'<style>{STYLE}</style></head><body>{_header("arXiv")}<div class="ltx_page_main">'
        '<div class="ltx_page_content"><article class="ltx_document">'
        f'<h1 class="ltx_title ltx_title_document">{html.escape(paper.title)}'
        '<span class="ltx_note">Work in progress</span></h1><div class="ltx_abstract">'
        f'<h6>Abstract</h6><p class="ltx_p">{html.escape(paper.abstract)}</p></div>{filler}'
        '<section class="ltx_section"><h2 class="ltx_title">1 Introduction</h2>'
        f'<p class="ltx_p">Moths count in the dark, for every {formula} of them.</p>'
        "</section></article></div></div></body></html>"
    )


def collection_page(listed: list[Paper]) -> str:
    """A collection at Hugging Face, which has papers beside models, and no JSON of a list."""
    model = '<article class="card"><h4><a href="/quiet/model">quiet/model</a></h4></article>'
    cards = "".join(
        f'<article class="card"><a href="/papers/{paper.key}"><h4>{html.escape(paper.title)}</h4>'
        "</a><div>Paper · Published Jun 1</div></article>"
        for paper in listed
    )
    main = f'<main><div class="grid">{model}{cards}</div></main>'
    return _page("CollectionPage", main, "", False)


def _header(site: str) -> str:
    links = f'<a href="/">{site}</a><a class="account" href="/login">Log in</a>'
    return f'<header class="top">{links}</header>'


def _island(name: str, props: dict[str, Any], body: str) -> str:
    return (
        f'<div class="SVELTE_HYDRATER contents" data-target="{name}" '
        f'data-props="{html.escape(json.dumps(props), quote=True)}">{body}</div>'
    )


def _page(kind: str, body: str, script: str, dark: bool) -> str:
    return (
        f'<!doctype html><html lang="en"{" class=dark" if dark else ""}><head><meta '
        'charset="utf-8"><meta '
        f'name="viewport" '
        f'content="width=device-width"><title>Papers</title><style>{STYLE}</style></head><body '
        f'class="{kind}">{_header("Hugging Face")}{body}'
        f"<script>{script}</script></body></html>"
    )
