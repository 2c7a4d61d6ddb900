"""Papers: ingest and merge them, and read cards, lists, pages, days and the overlay."""
