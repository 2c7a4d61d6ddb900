"""The reading list as web pages, rendered here: each module is one page or one kind of page."""
