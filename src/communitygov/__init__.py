"""Rules as code for how communities are governed.

Load a place's rules, carry them out, explain a result, change the rules, and simulate the change. The names below
are the library's face; what stands behind them is imported when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from communitygov.vocabulary.errors import (
    CommunityGovError,
    DataError,
    DocumentError,
    MissingExtra,
    NotInForce,
    ProfileNotFound,
    UsageError,
)
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.certification.awards import awards, listing
    from communitygov.certification.certify import certify
    from communitygov.certification.explain import explain as explain_certification
    from communitygov.certification.explain_watch import explain_watch
    from communitygov.certification.register import plaque_events, register_on
    from communitygov.certification.watch import watch
    from communitygov.certification.year import yearly
    from communitygov.deliberation.audit import audit
    from communitygov.deliberation.budget import share_budget
    from communitygov.deliberation.budget_explain import explain_budget
    from communitygov.deliberation.budget_rules import BudgetRule
    from communitygov.deliberation.count import decide
    from communitygov.deliberation.decide import decide_all
    from communitygov.deliberation.explain import explain as explain_decision
    from communitygov.deliberation.explain import explain_counts
    from communitygov.deliberation.meeting import hold_meetings
    from communitygov.deliberation.meeting_explain import explain_meeting
    from communitygov.deliberation.pabulib import read_pb, write_pb
    from communitygov.deliberation.proceedings import Proceedings
    from communitygov.deliberation.ranked import RankedRule, count_ranked
    from communitygov.deliberation.ranked_explain import explain_ranked
    from communitygov.grid.adjust import adjust
    from communitygov.grid.changes import load_changes
    from communitygov.grid.charge import in_charge
    from communitygov.grid.check import check_grid
    from communitygov.grid.counts import against
    from communitygov.grid.explain import explain_route, explain_unit
    from communitygov.grid.names import match_names
    from communitygov.grid.routing import route, router
    from communitygov.grid.units import load_holders, load_units
    from communitygov.grid.workload import workload
    from communitygov.index.explain import explain as explain_score
    from communitygov.index.score import present, score
    from communitygov.measures.measure import measure, meets
    from communitygov.measures.standards import check_standards
    from communitygov.plugins.finding import find_profiles, load_profile
    from communitygov.procedure.attendance import attendance
    from communitygov.procedure.case import Actor, open_case
    from communitygov.procedure.due import due
    from communitygov.procedure.explain import explain_case
    from communitygov.procedure.judge import judge
    from communitygov.procedure.logs import read_log, read_mapping
    from communitygov.procedure.migrate import migrate
    from communitygov.procedure.public import explain_public, public_of
    from communitygov.procedure.rates import rates
    from communitygov.procedure.record import load as load_case
    from communitygov.procedure.record import save as save_case
    from communitygov.procedure.waits import waits
    from communitygov.profile.profile import Profile, Reform, RuleSet
    from communitygov.profile.reading import read_profile, read_reform
    from communitygov.provisions.disclosure import check_disclosures
    from communitygov.provisions.disclosure_explain import explain_disclosure
    from communitygov.provisions.funding import differences, fund
    from communitygov.provisions.funding_explain import explain_funding
    from communitygov.provisions.matching import explain_match, match
    from communitygov.provisions.points import award as award_points
    from communitygov.provisions.points_explain import explain_points
    from communitygov.simulation.ambiguity import ambiguities
    from communitygov.simulation.order_model import read_order_model
    from communitygov.simulation.orders import simulate_orders
    from communitygov.simulation.plan import plan
    from communitygov.simulation.run import simulate
    from communitygov.simulation.variants import Variant, as_it_stands
    from communitygov.simulation.worlds import World
    from communitygov.vocabulary.crosswalk import carry

__version__ = "0.1.0"

_LATER = {
    "Actor": "communitygov.procedure.case",
    "BudgetRule": "communitygov.deliberation.budget_rules",
    "Proceedings": "communitygov.deliberation.proceedings",
    "Profile": "communitygov.profile.profile",
    "RankedRule": "communitygov.deliberation.ranked",
    "Reform": "communitygov.profile.profile",
    "RuleSet": "communitygov.profile.profile",
    "Variant": "communitygov.simulation.variants",
    "World": "communitygov.simulation.worlds",
    "adjust": "communitygov.grid.adjust",
    "against": "communitygov.grid.counts",
    "ambiguities": "communitygov.simulation.ambiguity",
    "as_it_stands": "communitygov.simulation.variants",
    "attendance": "communitygov.procedure.attendance",
    "audit": "communitygov.deliberation.audit",
    "award_points": "communitygov.provisions.points:award",
    "awards": "communitygov.certification.awards",
    "carry": "communitygov.vocabulary.crosswalk",
    "certify": "communitygov.certification.certify",
    "check_disclosures": "communitygov.provisions.disclosure",
    "check_grid": "communitygov.grid.check",
    "check_standards": "communitygov.measures.standards",
    "count_ranked": "communitygov.deliberation.ranked",
    "decide": "communitygov.deliberation.count",
    "decide_all": "communitygov.deliberation.decide",
    "differences": "communitygov.provisions.funding",
    "due": "communitygov.procedure.due",
    "explain_budget": "communitygov.deliberation.budget_explain",
    "explain_case": "communitygov.procedure.explain",
    "explain_certification": "communitygov.certification.explain:explain",
    "explain_counts": "communitygov.deliberation.explain",
    "explain_decision": "communitygov.deliberation.explain:explain",
    "explain_disclosure": "communitygov.provisions.disclosure_explain",
    "explain_funding": "communitygov.provisions.funding_explain",
    "explain_match": "communitygov.provisions.matching",
    "explain_meeting": "communitygov.deliberation.meeting_explain",
    "explain_points": "communitygov.provisions.points_explain",
    "explain_public": "communitygov.procedure.public",
    "explain_ranked": "communitygov.deliberation.ranked_explain",
    "explain_route": "communitygov.grid.explain",
    "explain_score": "communitygov.index.explain:explain",
    "explain_unit": "communitygov.grid.explain",
    "explain_watch": "communitygov.certification.explain_watch",
    "find_profiles": "communitygov.plugins.finding",
    "fund": "communitygov.provisions.funding",
    "hold_meetings": "communitygov.deliberation.meeting",
    "in_charge": "communitygov.grid.charge",
    "judge": "communitygov.procedure.judge",
    "listing": "communitygov.certification.awards",
    "load_case": "communitygov.procedure.record:load",
    "load_changes": "communitygov.grid.changes",
    "load_holders": "communitygov.grid.units",
    "load_profile": "communitygov.plugins.finding",
    "load_units": "communitygov.grid.units",
    "match": "communitygov.provisions.matching",
    "match_names": "communitygov.grid.names",
    "measure": "communitygov.measures.measure",
    "meets": "communitygov.measures.measure",
    "migrate": "communitygov.procedure.migrate",
    "open_case": "communitygov.procedure.case",
    "plan": "communitygov.simulation.plan",
    "plaque_events": "communitygov.certification.register",
    "present": "communitygov.index.score",
    "public_of": "communitygov.procedure.public",
    "rates": "communitygov.procedure.rates",
    "read_log": "communitygov.procedure.logs",
    "read_mapping": "communitygov.procedure.logs",
    "read_order_model": "communitygov.simulation.order_model",
    "read_pb": "communitygov.deliberation.pabulib",
    "read_profile": "communitygov.profile.reading",
    "read_reform": "communitygov.profile.reading",
    "register_on": "communitygov.certification.register",
    "route": "communitygov.grid.routing",
    "router": "communitygov.grid.routing",
    "save_case": "communitygov.procedure.record:save",
    "score": "communitygov.index.score",
    "share_budget": "communitygov.deliberation.budget",
    "simulate": "communitygov.simulation.run",
    "simulate_orders": "communitygov.simulation.orders",
    "waits": "communitygov.procedure.waits",
    "watch": "communitygov.certification.watch",
    "workload": "communitygov.grid.workload",
    "write_pb": "communitygov.deliberation.pabulib",
    "yearly": "communitygov.certification.year",
}
"""Where each name is imported from, and what it is called there if that is another name."""

__all__ = [
    "Actor",
    "BudgetRule",
    "CommunityGovError",
    "DataError",
    "DocumentError",
    "MissingExtra",
    "NotInForce",
    "Period",
    "Problem",
    "Proceedings",
    "Profile",
    "ProfileNotFound",
    "RankedRule",
    "Reform",
    "RuleSet",
    "Title",
    "UsageError",
    "Variant",
    "World",
    "adjust",
    "against",
    "ambiguities",
    "as_it_stands",
    "attendance",
    "audit",
    "award_points",
    "awards",
    "carry",
    "certify",
    "check_disclosures",
    "check_grid",
    "check_standards",
    "count_ranked",
    "decide",
    "decide_all",
    "differences",
    "due",
    "explain_budget",
    "explain_case",
    "explain_certification",
    "explain_counts",
    "explain_decision",
    "explain_disclosure",
    "explain_funding",
    "explain_match",
    "explain_meeting",
    "explain_points",
    "explain_public",
    "explain_ranked",
    "explain_route",
    "explain_score",
    "explain_unit",
    "explain_watch",
    "find_profiles",
    "fund",
    "hold_meetings",
    "in_charge",
    "judge",
    "listing",
    "load_case",
    "load_changes",
    "load_holders",
    "load_profile",
    "load_units",
    "match",
    "match_names",
    "measure",
    "meets",
    "migrate",
    "open_case",
    "plan",
    "plaque_events",
    "present",
    "public_of",
    "rates",
    "read_log",
    "read_mapping",
    "read_order_model",
    "read_pb",
    "read_profile",
    "read_reform",
    "register_on",
    "route",
    "router",
    "save_case",
    "score",
    "share_budget",
    "simulate",
    "simulate_orders",
    "waits",
    "watch",
    "workload",
    "write_pb",
    "yearly",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        module, _, own = _LATER[name].partition(":")
        return getattr(import_module(module), own or name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
