"""Which desk: the office that must act for one report, by rows; and rows proposed from what offices did before."""

from gridmap.routing.desks import Desks, Last, Route, Rung, grounds, route
from gridmap.routing.proposal import Answer, Proposal, RuleBook, clashes

__all__ = ["Answer", "Desks", "Last", "Proposal", "Route", "RuleBook", "Rung", "clashes", "grounds", "route"]
