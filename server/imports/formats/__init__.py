"""Readers of file formats. Each module turns the bytes of one format into `SourcePaper`s."""
