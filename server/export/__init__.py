"""Ways out: each module renders what a person has into one format; nothing here reads the store."""
