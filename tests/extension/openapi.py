"""Print the server's OpenAPI structures as JSON, from which the extension's types are generated.

`npm run api-types --prefix tests/extension` pipes this into openapi-typescript. Paths are left out:
the extension uses the structures only, and the generated file stays a tenth of the size.
"""

import json
import sys
from pathlib import Path
from typing import Any

from server.config import Config
from server.web.app import create_app
from server.web.docs import read_openapi


def read_schemas() -> dict[str, Any]:
    """Return the OpenAPI document of the server's app with its component schemas only.

    Nothing is served and no database is opened. Titles are dropped, since they repeat the names.
    """
    document = read_openapi(create_app(Config(db=Path("unused.sqlite"))))
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        schema.pop("title", None)
    return {
        "openapi": document["openapi"],
        "info": {"title": document["info"]["title"], "version": document["info"]["version"]},
        "paths": {},
        "components": {"schemas": schemas},
    }


if __name__ == "__main__":
    json.dump(read_schemas(), sys.stdout)
