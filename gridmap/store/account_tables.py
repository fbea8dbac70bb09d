"""The tables of who may do what, a part of the schema: accounts, their grants and tokens, and how often something was tried."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table, Text, UniqueConstraint

from gridmap.access import Role
from gridmap.account import AccountKind, TokenKind
from gridmap.store.dialect import Code, Instant
from gridmap.store.metadata import metadata, one_of

account = Table(
    "account",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", Code, nullable=False, unique=True),
    Column("kind", String(10), nullable=False),
    Column("worker", ForeignKey("worker.id"), unique=True),
    Column("password", Text),
    Column("issuer", Text),
    Column("subject", Text),
    Column("made_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    UniqueConstraint("issuer", "subject"),
    one_of("kind", AccountKind),
)

access_grant = Table(
    "access_grant",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("role", String(20), nullable=False),
    Column("area", Code),
    Column("office", ForeignKey("office.code")),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("proposed_by", Text, nullable=False),
    Column("confirmed_by", Text),
    Column("reason", Text, nullable=False),
    CheckConstraint("until > since", name="until"),
    one_of("role", Role),
)

token = Table(
    "token",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_at", Instant),
    one_of("kind", TokenKind),
)

throttle = Table(
    "throttle",
    metadata,
    Column("bucket", String(64), primary_key=True),
    Column("empty_at", Instant, nullable=False),
)
