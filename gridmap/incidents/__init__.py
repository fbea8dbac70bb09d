"""An incident's life: what was sent in, what is managed, and what the sender is answered."""

from gridmap.incidents.answer import Answer, Named
from gridmap.incidents.incident import Incident
from gridmap.incidents.life import OPEN_STATES, State
from gridmap.incidents.report import Channel, Report, body_hash, check_report

__all__ = ["OPEN_STATES", "Answer", "Channel", "Incident", "Named", "Report", "State", "body_hash", "check_report"]
