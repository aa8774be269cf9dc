"""Persistence: typed tables, engine, migrations, and a content-addressed store of masks."""
