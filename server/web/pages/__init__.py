"""The web pages, rendered on the server: each module is one page or one kind of page."""
