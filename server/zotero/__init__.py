"""Syncs the reading list with the Zotero that runs on the same computer, both ways."""
