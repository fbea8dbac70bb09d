"""The databases: PostGIS and SQLite with one schema. The only room that imports SQLAlchemy.

Queries are functions by noun that take a transaction first: `editions`, `drafts`, `land`, `people`, `offices`, `catalogues`,
`incidents`. Reads may come straight here; writes go through flows.
"""

from gridmap.store.store import Store, Tx

__all__ = ["Store", "Tx"]
