"""The one row that changes with every register, a part of the schema: by it whoever keeps registers in memory sees whether they hold."""

from sqlalchemy import CheckConstraint, Column, Integer, String, Table

from gridmap.store.metadata import metadata

register_mark = Table(
    "register_mark",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),  # there is one row
    Column("mark", String(36), nullable=False),  # never the same twice, also where a change was undone
    CheckConstraint("one = 1", name="one"),
)
