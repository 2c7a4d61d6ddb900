"""Every address of the pages in one table."""

from litestar import Router, get, post
from litestar.di import Provide

from server.pages.entries import post_entries, post_entry, post_tags, post_undo
from server.pages.reading import get_list, post_density, post_search
from server.pages.shell import assets
from server.routes import both, provide_key

pages = Router(
    "/",
    include_in_schema=False,
    dependencies={"paper_key": Provide(provide_key)},
    route_handlers=[
        assets,
        get("/")(get_list),
        post("/density", status_code=200)(post_density),
        post("/searches", status_code=200)(post_search),
        post("/entries", status_code=200)(post_entries),
        post("/entries/undo", status_code=200)(post_undo),
        post(both("/papers/{key}/entry"), status_code=200)(post_entry),
        post(both("/papers/{key}/tags"), status_code=200)(post_tags),
    ],
)
