"""Which desk: the office that must act for one report, by rows; and rows proposed from what offices did before."""

from gridmap.routing.desks import Desks, Route, Rung, grounds, route
from gridmap.routing.proposal import Answer, Proposal, RuleBook, clashes

__all__ = ["Answer", "Desks", "Proposal", "Route", "RuleBook", "Rung", "clashes", "grounds", "route"]
