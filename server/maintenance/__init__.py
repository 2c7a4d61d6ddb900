"""Backup, restore, health checks, and moving a store between SQLite and PostgreSQL."""
