"""Clients of the web sites that papers are fetched from."""
