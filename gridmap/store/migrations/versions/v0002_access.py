"""Accounts, grants, tokens, contacts, what the public sees; and one chained history in place of the incidents' log.

Written out, not taken from `schema`: what was once migrated must stay as it was. A test holds the two together.
"""

from alembic import op
from sqlalchemy import JSON, CheckConstraint, Column, Double, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text

from gridmap.store.chain import rechain
from gridmap.store.dialect import POSTGRESQL, Code, Instant, Key

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == POSTGRESQL
    for make in (_reporters, _history, _accounts):
        make()
    if postgresql:
        for table in ("incident", "public_incident"):
            op.execute(f"CREATE INDEX ix_{table}_point ON {table} USING gist (ST_SetSRID(ST_MakePoint(lon, lat), 4326))")
    for column in ("worker", "backup", "office"):  # by these, too, what somebody may see is found
        op.create_index(f"ix_incident_{column}", "incident", [column])
    _move_log()


def _one_of(column: str, *words: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def _deferred(target: str) -> ForeignKey:
    return ForeignKey(target, deferrable=True, initially="DEFERRED")


def _reporters() -> None:
    op.create_table(
        "contact",
        Column("report", String(36), _deferred("report.id"), primary_key=True),
        Column("contact", Text, nullable=False),
        Column("masked", Text, nullable=False),
        Column("kept_until", Instant, nullable=False, index=True),
    )
    # Stays empty: whoever reported what is there already was told of no public map.
    op.create_table(
        "public_incident",
        Column("incident", String(36), _deferred("incident.id"), primary_key=True),
        Column("issue", Code, nullable=False),
        Column("state", String(20), nullable=False),
        Column("day", String(10), nullable=False),
        Column("edition", Integer, nullable=False),
        Column("village", Code, nullable=False),
        Column("lon", Double, nullable=False),
        Column("lat", Double, nullable=False),
        Index("ix_public_incident_lon_lat", "lon", "lat"),
    )


def _history() -> None:
    op.create_table(
        "history",
        Column("id", Key, primary_key=True, autoincrement=False),
        Column("at", Instant, nullable=False),
        Column("actor", Text, nullable=False),
        Column("what", String(40), nullable=False),
        Column("subject", Text, nullable=False),
        Column("incident", String(36), _deferred("incident.id"), index=True),
        Column("from_state", String(20)),
        Column("to_state", String(20)),
        Column("facts", JSON, nullable=False),
        Column("hash", String(64), nullable=False),
    )
    op.create_table(
        "history_head",
        Column("one", Integer, primary_key=True, autoincrement=False),
        Column("id", Key, nullable=False),
        Column("hash", String(64), nullable=False),
        CheckConstraint("one = 1", name="one"),
    )


def _accounts() -> None:
    op.create_table(
        "account",
        Column("id", String(36), primary_key=True),
        Column("name", Code, nullable=False, unique=True),
        Column("kind", String(10), nullable=False),
        Column("worker", Code, ForeignKey("worker.id"), unique=True),
        Column("password", Text),
        Column("issuer", Text),
        Column("subject", Text),
        Column("made_at", Instant, nullable=False),
        Column("disabled_at", Instant),
        UniqueConstraint("issuer", "subject"),
        _one_of("kind", "person", "system"),
    )
    roles = ("resident", "worker", "leader", "handler", "dispatcher", "planner", "supervisor", "auditor", "administrator", "operator")
    op.create_table(
        "access_grant",
        Column("id", String(36), primary_key=True),
        Column("account", String(36), ForeignKey("account.id"), nullable=False, index=True),
        Column("role", String(20), nullable=False),
        Column("area", Code),
        Column("office", Code, ForeignKey("office.code")),
        Column("since", Instant, nullable=False),
        Column("until", Instant),
        Column("proposed_by", Text, nullable=False),
        Column("confirmed_by", Text),
        Column("reason", Text, nullable=False),
        CheckConstraint("until > since", name="until"),
        _one_of("role", *roles),
    )
    op.create_table(
        "token",
        Column("id", String(36), primary_key=True),
        Column("account", String(36), ForeignKey("account.id"), nullable=False, index=True),
        Column("kind", String(20), nullable=False),
        Column("hash", String(64), nullable=False, unique=True),
        Column("label", Text, nullable=False),
        Column("made_at", Instant, nullable=False),
        Column("seen_at", Instant, nullable=False),
        Column("until", Instant, nullable=False),
        Column("ended_at", Instant),
        _one_of("kind", "session", "browser", "phone", "key", "invitation"),
    )
    op.create_table("throttle", Column("bucket", String(64), primary_key=True), Column("empty_at", Instant, nullable=False))


def _move_log() -> None:
    """The log becomes the first rows of the history, chained now: what happened to them before nobody can prove."""
    op.execute(text("INSERT INTO history_head (one, id, hash) VALUES (1, 0, '')"))
    op.execute(
        text(
            "INSERT INTO history (id, at, actor, what, subject, incident, from_state, to_state, facts, hash) "
            "SELECT row_number() OVER (ORDER BY id), at, actor, what, 'incident:' || incident, incident, from_state, to_state, facts, '' "
            "FROM incident_log"
        )
    )
    rechain(op.get_bind())
    op.drop_table("incident_log")
