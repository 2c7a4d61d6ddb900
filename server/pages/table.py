"""Every address of the pages in one table."""

from litestar import Router, post
from litestar.di import Provide

from server.pages.entries import post_entry, post_tags
from server.pages.shell import assets
from server.routes import both, provide_key

pages = Router(
    "/",
    include_in_schema=False,
    dependencies={"paper_key": Provide(provide_key)},
    route_handlers=[
        assets,
        post(both("/papers/{key}/entry"), status_code=200)(post_entry),
        post(both("/papers/{key}/tags"), status_code=200)(post_tags),
    ],
)
