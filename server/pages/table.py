"""Every address of the pages in one table."""

from litestar import Router, get, post
from litestar.di import Provide

from server.pages.carrying import post_backup, post_fetch, post_import
from server.pages.entries import post_entries, post_entry, post_tags, post_undo
from server.pages.insights import get_insights
from server.pages.notes import get_notes
from server.pages.paper import get_paper, post_verdict, post_withdraw
from server.pages.reading import get_filters, get_list, post_density, post_search
from server.pages.settings import (
    get_settings,
    post_code,
    post_feeds,
    post_looks,
    post_revoke,
    post_sign_out,
)
from server.pages.shell import assets
from server.pages.tags import get_tags, post_tag
from server.pages.terms import get_term, get_terms, post_term
from server.pages.today import get_day, get_today, post_seen
from server.pages.trash import get_trash, post_empty, post_restore
from server.pages.writing import get_earlier, post_delete, post_note, post_preview, post_revive
from server.routes import MAX_IMPORT, both, get_export, provide_key

pages = Router(
    "/",
    include_in_schema=False,
    dependencies={"paper_key": Provide(provide_key)},
    route_handlers=[
        assets,
        get("/")(get_list),
        get("/filters")(get_filters),
        get("/today")(get_today),
        get("/days/{day:date}")(get_day),
        post("/seen", status_code=200)(post_seen),
        get("/terms")(get_terms),
        get("/terms/{label:str}/{name:path}")(get_term),
        post("/terms/{label:str}/{name:path}", status_code=200)(post_term),
        get("/notes")(get_notes),
        get("/tags")(get_tags),
        post("/tags", status_code=200)(post_tag),
        get("/trash")(get_trash),
        post("/trash/restore", status_code=200)(post_restore),
        post("/trash/empty", status_code=200)(post_empty),
        get("/insights")(get_insights),
        get("/settings")(get_settings),
        post("/settings/code", status_code=200)(post_code),
        post("/settings/devices/{device:int}", status_code=200)(post_revoke),
        post("/settings/feeds", status_code=200)(post_feeds),
        post("/settings/looks", status_code=200)(post_looks),
        post("/settings/sign-out", status_code=200)(post_sign_out),
        post("/settings/import", status_code=200, request_max_body_size=MAX_IMPORT)(post_import),
        post("/settings/backup", status_code=200)(post_backup),
        post("/settings/fetch", status_code=200)(post_fetch),
        get("/export", media_type="*/*")(get_export),
        post("/density", status_code=200)(post_density),
        post("/searches", status_code=200)(post_search),
        post("/entries", status_code=200)(post_entries),
        post("/entries/undo", status_code=200)(post_undo),
        get(both("/papers/{key}"))(get_paper),
        post(both("/papers/{key}/verdict"), status_code=200)(post_verdict),
        post("/corrections/{uuid:uuid}/withdraw", status_code=200)(post_withdraw),
        post(both("/papers/{key}/notes/{{uuid:uuid}}"), status_code=200)(post_note),
        post("/notes/preview", status_code=200)(post_preview),
        get("/notes/{uuid:uuid}/earlier")(get_earlier),
        post("/notes/{uuid:uuid}/delete", status_code=200)(post_delete),
        post("/notes/{uuid:uuid}/restore", status_code=200)(post_revive),
        post(both("/papers/{key}/entry"), status_code=200)(post_entry),
        post(both("/papers/{key}/tags"), status_code=200)(post_tags),
    ],
)
