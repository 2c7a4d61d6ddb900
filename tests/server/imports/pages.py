"""Small pages with the structure of huggingface.co's list pages and paper pages."""

import json
from html import escape
from typing import Any


def item(paper_id: str, title: str, **paper: Any) -> dict[str, Any]:
    told = {
        "id": paper_id,
        "title": title,
        "summary": f"On {title}.",
        "authors": [{"name": "Ada Lind"}],
        "upvotes": 8,
    }
    return {"paper": told | paper, "title": title, "numComments": 1}


def island(name: str, props: Any, inner: str) -> str:
    told = props if isinstance(props, str) else json.dumps(props)
    return (
        f'<div class="SVELTE_HYDRATER contents" data-target="{name}" '
        f'data-props="{escape(told)}">{inner}</div>'
    )


def card(paper_id: str, title: str, votes: int = 8, *, site: str = "") -> str:
    """A card as Svelte 5 renders it; `title` may hold markup, as a search's highlights do."""
    address = f"{site}/papers/{paper_id}"
    picture = '<img loading="lazy" src="thumbnail.png">'
    submitter = '<div class="leading-none">Submitted by kettle</div>'
    return f"""<!--[-1--><article class="relative flex flex-col overflow-hidden rounded-xl border">
      <a href="{address}" class="peer relative block">{picture}</a>
      <div class="pointer-events-none absolute right-2">{submitter}</div>
      <a href="/login?next=%2Fpapers%2F{paper_id}"><div class="leading-none">{votes}</div></a>
      <dialog class="z-40"><h3><a href="/join">Sign up</a></h3></dialog>
      <h3 class="mb-1"><a href="{address}" class="line-clamp-3 cursor-pointer">
        {title}</a></h3>
      <a href="/kettle"><span>Kettle Institute</span></a> <a href="{address}#community">4</a>
    </article><!--]-->"""


def list_page(props: Any, cards: list[str]) -> str:
    grid = (
        f'<div class="relative grid gap-5"><!--[0-->{"".join(cards)}</div>'
        '<a href="/papers/trending">Trending</a>'
    )
    head = "<head><title>Daily Papers</title></head>"
    return f"""<!doctype html><html>{head}<body class="DailyPapersPage">
      <div data-target="MainHeader" data-props="{{&quot;a&quot;:1}}"></div>
      <main>{island("DailyPapers", props, grid)}</main></body></html>"""


def paper_page(props: Any) -> str:
    first = '<span class="author"><a href="/ada">Ada Lind</a>,</span>'
    second = '<span class="author"><button>Jörg Müller</button></span>'
    shown = f"""<h1>Kettles
        that Sing</h1>
      {first}{second}
      <div><h2>Abstract</h2><div><p class="text-blue-700">Kettles sing, says a machine.</p></div>
      <p class="text-gray-600">We gain <a href="/papers?q=5">5%</a> over silence.</p></div>"""
    canonical = '<link rel="canonical" href="https://huggingface.co/papers/2608.16590">'
    return f"""<!doctype html><html><head>{canonical}</head>
      <body class="PaperPage">{island("PaperContent", props, shown)}
      <a href="https://arxiv.org/abs/2608.16590">View arXiv page</a>
      <h2>Collections including this paper</h2><article class="overview-card-wrapper">
      <h4><a href="/collections/x">Things that sing</a></h4></article>
      <article><h3><a href="/papers/2401.00001">A similar paper</a></h3></article></body></html>"""
