"""One table of all page URLs."""

from functools import partial

import litestar
from litestar import Router
from litestar.di import Provide

from server.web.api.files import MAX_IMPORT, get_export
from server.web.api.request import key_paths, provide_key
from server.web.api.routes import ADMIN, DEAR, EXPORT, READ
from server.web.pages.add import post_add, post_ask_again, post_fetch_again
from server.web.pages.entries import (
    post_entries,
    post_entry,
    post_plan,
    post_tags,
    post_undo,
    provide_done,
)
from server.web.pages.files import (
    get_imports,
    post_backup,
    post_fetch,
    post_import,
    post_import_undo,
)
from server.web.pages.insights import get_insights
from server.web.pages.layout import assets
from server.web.pages.list import get_filters, get_list, post_density, post_search
from server.web.pages.note_editor import (
    get_earlier,
    post_delete,
    post_note,
    post_preview,
    post_revive,
)
from server.web.pages.notes import get_notes
from server.web.pages.paper import (
    get_paper,
    post_citation_key,
    post_result,
    post_verdict,
    post_withdraw,
)
from server.web.pages.queue import get_queue, post_queue
from server.web.pages.ranking import get_ranking, post_preference, post_ranking
from server.web.pages.restoration import (
    get_kept_backup,
    get_restoration,
    post_kept_backup,
)
from server.web.pages.settings import (
    get_settings,
    post_citation_keys,
    post_code,
    post_feeds,
    post_looks,
    post_revoke,
    post_sign_out,
    post_token,
    post_zotero,
)
from server.web.pages.tags import get_suggestions, get_tags, post_tag
from server.web.pages.tasks import get_tasks, post_task
from server.web.pages.terms import get_term, get_terms, post_term
from server.web.pages.today import get_day, get_today, post_seen
from server.web.pages.trash import get_trash, post_empty, post_restore
from server.web.pages.triage import get_triage, post_triage

# as in the API, which scope a token needs; a browser's session has all
get = partial(litestar.get, opt={"scope": "read"})
post = partial(litestar.post, opt={"scope": "write"}, status_code=200)

pages = Router(
    "/",
    include_in_schema=False,
    dependencies={"paper_key": Provide(provide_key), "done": Provide(provide_done)},
    route_handlers=[
        assets,
        get("/", opt=READ | DEAR)(get_list),
        get("/filters", opt=READ | DEAR)(get_filters),
        post("/add")(post_add),
        get("/today", opt=READ | DEAR)(get_today),
        get("/days/{day:date}", opt=READ | DEAR)(get_day),
        post("/seen")(post_seen),
        get("/queue", opt=READ | DEAR)(get_queue),
        post("/queue")(post_queue),
        get("/triage")(get_triage),
        post("/triage")(post_triage),
        get("/terms", opt=READ | DEAR)(get_terms),
        get("/terms/{label:str}/{name:path}", opt=READ | DEAR)(get_term),
        post("/terms/{label:str}/{name:path}")(post_term),
        get("/notes", opt=READ | DEAR)(get_notes),
        get("/tasks", opt=READ | DEAR)(get_tasks),
        post("/notes/{uuid:uuid}/task")(post_task),
        get("/tags", opt=READ | DEAR)(get_tags),
        get("/tags/suggestions", opt=READ | DEAR)(get_suggestions),
        post("/tags")(post_tag),
        get("/trash")(get_trash),
        post("/trash/restore")(post_restore),
        post("/trash/empty")(post_empty),
        get("/insights", opt=READ | DEAR)(get_insights),
        get("/ranking")(get_ranking),
        post("/ranking")(post_ranking),
        post("/ranking/signals")(post_preference),
        get("/settings", opt=ADMIN)(get_settings),
        post("/settings/code", opt=ADMIN)(post_code),
        post("/settings/tokens", opt=ADMIN)(post_token),
        post("/settings/devices/{device:int}", opt=ADMIN)(post_revoke),
        post("/settings/feeds", opt=ADMIN)(post_feeds),
        post("/settings/citation-keys")(post_citation_keys),
        post("/settings/zotero")(post_zotero),
        post("/settings/looks")(post_looks),
        post("/settings/sign-out")(post_sign_out),
        post("/settings/import", request_max_body_size=MAX_IMPORT)(post_import),
        get("/settings/imports")(get_imports),
        post("/settings/imports/{number:int}/undo")(post_import_undo),
        post("/settings/backup", opt=ADMIN)(post_backup),
        get("/settings/restore", opt=ADMIN)(get_kept_backup),
        post("/settings/restore", opt=ADMIN)(post_kept_backup),
        get("/settings/restore/state", opt=ADMIN)(get_restoration),
        post("/settings/fetch")(post_fetch),
        get("/export", media_type="*/*", opt=EXPORT | DEAR)(get_export),
        post("/density")(post_density),
        post("/searches")(post_search),
        post("/entries")(post_entries),
        post("/entries/undo")(post_undo),
        get(key_paths("/papers/{key}"), opt=READ | DEAR)(get_paper),
        post(key_paths("/papers/{key}/verdict"))(post_verdict),
        post(key_paths("/papers/{key}/result"))(post_result),
        post(key_paths("/papers/{key}/citation-key"))(post_citation_key),
        post("/corrections/{uuid:uuid}/withdraw")(post_withdraw),
        post(key_paths("/papers/{key}/notes/{{uuid:uuid}}"))(post_note),
        post("/notes/preview")(post_preview),
        get("/notes/{uuid:uuid}/earlier")(get_earlier),
        post("/notes/{uuid:uuid}/delete")(post_delete),
        post("/notes/{uuid:uuid}/restore")(post_revive),
        post(key_paths("/papers/{key}/entry"))(post_entry),
        post(key_paths("/papers/{key}/tags"))(post_tags),
        post(key_paths("/papers/{key}/plan"))(post_plan),
        post(key_paths("/papers/{key}/fetch"))(post_fetch_again),
        post(key_paths("/papers/{key}/hugging-face"))(post_ask_again),
    ],
)
