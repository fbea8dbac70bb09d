"""What Alembic runs: within the connection and transaction that `gridmap.store.migrate` hands over."""

from alembic import context

from gridmap.store.schema import metadata

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    version_table=attributes["version_table"],
    target_metadata=metadata,
    # SQLite can do it too, once the driver's own BEGIN is turned off.
    transactional_ddl=True,
)
context.run_migrations()
