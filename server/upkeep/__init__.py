"""The care of a store: backups, the way from one engine to the other, and whether all is well."""
