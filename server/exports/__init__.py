"""Export formats. Each module renders papers into one format and reads nothing from the store."""
