"""The annotation store, its API, its pages, and the `papermargin` command."""
