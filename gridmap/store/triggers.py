"""What tables do by themselves, on both databases: rows that nobody may change refuse it, and a change of a register changes the mark."""

from collections.abc import Iterator

from gridmap.store.dialect import POSTGRESQL

APPEND_ONLY = ("edition", "area", "history")
REGISTERS = ("edition", "worker", "post", "leave", "office", "issue_type", "rule", "rota", "calendar")
"""What changes the mark (`store.registers`)."""

REFUSE = """
CREATE OR REPLACE FUNCTION gridmap_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = TG_TABLE_NAME || ' is append only'; END $$
"""

MARK = """
CREATE OR REPLACE FUNCTION gridmap_register_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE register_mark SET mark = gen_random_uuid(); RETURN NULL; END $$
"""
FUNCTIONS = "proname IN ('gridmap_append_only', 'gridmap_register_changed')"


def triggers(dialect: str) -> Iterator[str]:
    """The statements that make them, where there are none."""
    if dialect == POSTGRESQL:
        yield from (REFUSE, MARK)
        yield from (each for table in APPEND_ONLY for each in _append_only(table))
        yield from (_marking(table) for table in REGISTERS)
    else:
        yield from (each for table in APPEND_ONLY for each in _sqlite(table))
        yield from (each for table in REGISTERS for each in _sqlite_marking(table))


def _append_only(table: str) -> tuple[str, str]:
    refuse = "EXECUTE FUNCTION gridmap_append_only()"
    return (
        f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
        f"CREATE TRIGGER {table}_all BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
    )


def _sqlite(table: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append only'); END"
        for verb in ("UPDATE", "DELETE")
    )


def _marking(table: str) -> str:
    when = "AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
    return f"CREATE TRIGGER {table}_changed {when} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION gridmap_register_changed()"


def _sqlite_marking(table: str) -> tuple[str, ...]:
    change = "UPDATE register_mark SET mark = lower(hex(randomblob(16)))"
    return tuple(
        f"CREATE TRIGGER {table}_changed_{verb.lower()} AFTER {verb} ON {table} BEGIN {change}; END"
        for verb in ("INSERT", "UPDATE", "DELETE")
    )
