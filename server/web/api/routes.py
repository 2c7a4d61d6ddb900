"""The table of all operations."""

from functools import partial

import litestar
from litestar import Router
from litestar.di import Provide
from litestar.openapi import ResponseSpec

from server.web.api import access, changes, files, papers, ranking, reading_list, terms
from server.web.api.files import MAX_IMPORT
from server.web.api.request import (
    READING_ERRORS,
    WRITING_ERRORS,
    key_paths,
    problems,
    provide_edit,
    provide_key,
)

# which scope a token needs, unless the route names another one
get = partial(litestar.get, responses=problems(*READING_ERRORS), opt={"scope": "read"})
put = partial(litestar.put, responses=problems(*WRITING_ERRORS), opt={"scope": "write"})
post = partial(litestar.post, responses=problems(*WRITING_ERRORS), opt={"scope": "write"})
delete = partial(litestar.delete, responses=problems(*WRITING_ERRORS), opt={"scope": "write"})
READ, WRITE = {"scope": "read"}, {"scope": "write"}
EXPORT, ADMIN = {"scope": "export"}, {"scope": "admin"}
# what reads much: a replica of the database may answer it, unless it writes
DEAR = {"replica": True}

api = Router(
    "/api/v1",
    dependencies={"paper_key": Provide(provide_key), "edit": Provide(provide_edit)},
    route_handlers=[
        post(
            "/pair",
            status_code=200,
            opt={"public": True},
            security=[{}],
            responses=problems(*WRITING_ERRORS, 429),
        )(access.pair),
        get("/me")(access.me),
        post("/overlay", status_code=200, opt=WRITE | DEAR)(papers.post_overlay),
        post("/lookup", status_code=200, opt=READ | DEAR)(papers.post_lookup),
        get("/papers", opt=READ | DEAR)(papers.get_papers),
        post("/papers", status_code=200)(papers.post_papers),
        get(key_paths("/papers/{key}"), opt=READ | DEAR)(papers.get_paper),
        get(key_paths("/papers/{key}/versions"))(papers.get_versions),
        get(key_paths("/papers/{key}/related"), opt=READ | DEAR)(papers.get_related),
        get(
            key_paths("/papers/{key}/thumbnail"),
            media_type="image/*",
            responses={
                200: ResponseSpec(bytes, media_type="image/*", description="the picture"),
                **problems(*READING_ERRORS),
            },
        )(papers.get_thumbnail),
        get(key_paths("/papers/{key}/citation-key"))(files.get_citation_key),
        put(key_paths("/papers/{key}/citation-key"))(files.put_citation_key),
        get(key_paths("/papers/{key}/entry"))(reading_list.get_entry),
        put(key_paths("/papers/{key}/entry"))(reading_list.put_entry),
        delete(key_paths("/papers/{key}/entry"), status_code=200)(reading_list.delete_entry),
        put(key_paths("/papers/{key}/queue"))(reading_list.put_queue),
        put(key_paths("/papers/{key}/corrections/{{uuid:uuid}}"))(terms.put_correction),
        delete(key_paths("/papers/{key}/corrections/{{uuid:uuid}}"), status_code=200)(
            terms.delete_correction
        ),
        get("/notes", opt=READ | DEAR)(reading_list.get_notes),
        get("/tasks", opt=READ | DEAR)(reading_list.get_tasks),
        put("/notes/{uuid:uuid}/task")(reading_list.put_task),
        get("/notes/{uuid:uuid}")(reading_list.get_note),
        put("/notes/{uuid:uuid}")(reading_list.put_note),
        delete("/notes/{uuid:uuid}", status_code=200)(reading_list.delete_note),
        get("/notes/{uuid:uuid}/revisions")(reading_list.get_revisions),
        get("/tags", opt=READ | DEAR)(reading_list.get_tags),
        get("/tags/{name:path}")(reading_list.get_tag),
        put("/tags/{name:path}")(reading_list.put_tag),
        delete("/tags/{name:path}", status_code=200)(reading_list.delete_tag),
        get("/tag-suggestions", opt=READ | DEAR)(ranking.get_tag_suggestions),
        post("/tag-merges", status_code=200)(reading_list.merge_tags),
        get("/terms", opt=READ | DEAR)(terms.get_terms),
        get("/terms/{label:str}/{name:path}", opt=READ | DEAR)(terms.get_term),
        put("/terms/{label:str}/{name:path}")(terms.put_term),
        delete("/terms/{label:str}/{name:path}", status_code=200)(terms.forget_term),
        get("/own-terms")(terms.get_own_terms),
        get("/searches")(terms.get_searches),
        get("/searches/{name:path}")(terms.get_search),
        put("/searches/{name:path}")(terms.put_search),
        delete("/searches/{name:path}", status_code=200)(terms.delete_search),
        get("/ranking")(ranking.get_ranking),
        put("/ranking")(ranking.put_ranking),
        put("/ranking/{kind:str}/{name:path}")(ranking.put_preference),
        delete("/ranking/{kind:str}/{name:path}", status_code=200)(ranking.forget_preference),
        put("/seen")(reading_list.put_seen),
        get("/changes")(changes.get_changes),
        get("/events")(changes.get_events),
        get("/suggestions", opt=READ | DEAR)(terms.get_suggestions),
        get("/trash")(reading_list.get_trash),
        post("/trash/restore", status_code=200)(reading_list.restore),
        delete("/trash", status_code=200)(reading_list.empty_trash),
        get("/export", media_type="*/*", opt=EXPORT | DEAR)(files.get_export),
        post("/citation-keys", status_code=200)(files.post_citation_keys),
        post("/import", status_code=200, request_max_body_size=MAX_IMPORT)(files.post_import),
        get("/imports")(files.get_imports),
        post("/imports/{number:int}/undo", status_code=200)(files.post_import_undo),
        get("/devices", opt=ADMIN)(access.get_devices),
        delete("/devices/{device:int}", opt=ADMIN)(access.revoke_device),
        post("/pairing-codes", opt=ADMIN)(access.new_code),
        post("/tokens", opt=ADMIN)(access.new_token),
        post("/feed-address", opt=ADMIN)(access.renew_feed_address),
    ],
)
