"""The row that changes with every register, by which a process knows whether what it keeps of them still holds.

Written out, not taken from `schema`: what was once migrated must stay as it was. A test holds the two together.
"""

from uuid import uuid4

from alembic import op
from sqlalchemy import CheckConstraint, Column, Integer, String, text

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "register_mark",
        Column("one", Integer, primary_key=True, autoincrement=False),
        Column("mark", String(36), nullable=False),
        CheckConstraint("one = 1", name="one"),
    )
    # No mark is the same in two databases: a process that served one of them before it was restored keeps nothing of it.
    op.execute(text("INSERT INTO register_mark (one, mark) VALUES (1, :mark)").bindparams(mark=str(uuid4())))
