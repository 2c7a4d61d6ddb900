"""Every address of the pages in one table."""

from litestar import Router

from server.pages.shell import assets

pages = Router("/", include_in_schema=False, route_handlers=[assets])
