"""The query language, its translation to SQL, and saved searches."""
