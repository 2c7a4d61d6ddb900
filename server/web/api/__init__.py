"""The JSON API: a short handler for each operation, and one table of all URLs (`routes`)."""
