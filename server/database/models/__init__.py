"""The tables as models. The migrations in `migrations/` create them on SQLite and PostgreSQL."""

MODULES = (
    "server.database.models.accounts",
    "server.database.models.papers",
    "server.database.models.terms",
    "server.database.models.reading_list",
    "server.database.models.imports",
    "server.database.models.ranking",
    "server.database.models.changes",
)
"""The modules with models, in the order in which their tables refer to each other.

They are several because Tortoise parses the whole module for each of its models at every start.
"""
