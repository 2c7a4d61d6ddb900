"""The chapters of the documentation, in Markdown, which the running server shows at /docs."""
