"""A vault of Markdown files, written and read back without losing an edit on either side."""
