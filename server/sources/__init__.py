"""Where papers come from: each module turns one kind of outside into `SourcePaper`s."""
