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
    from communitygov.certification.register import plaque_events, register_on
    from communitygov.certification.watch import watch
    from communitygov.certification.year import yearly
    from communitygov.index.score import present, score
    from communitygov.measures.measure import measure, meets
    from communitygov.plugins.finding import find_profiles, load_profile
    from communitygov.profile.profile import Profile, Reform, RuleSet
    from communitygov.profile.reading import read_profile, read_reform

__version__ = "0.1.0"

_LATER = {
    "Profile": "communitygov.profile.profile",
    "Reform": "communitygov.profile.profile",
    "RuleSet": "communitygov.profile.profile",
    "awards": "communitygov.certification.awards",
    "certify": "communitygov.certification.certify",
    "find_profiles": "communitygov.plugins.finding",
    "listing": "communitygov.certification.awards",
    "load_profile": "communitygov.plugins.finding",
    "measure": "communitygov.measures.measure",
    "meets": "communitygov.measures.measure",
    "plaque_events": "communitygov.certification.register",
    "present": "communitygov.index.score",
    "read_profile": "communitygov.profile.reading",
    "read_reform": "communitygov.profile.reading",
    "register_on": "communitygov.certification.register",
    "score": "communitygov.index.score",
    "watch": "communitygov.certification.watch",
    "yearly": "communitygov.certification.year",
}

__all__ = [
    "CommunityGovError",
    "DataError",
    "DocumentError",
    "MissingExtra",
    "NotInForce",
    "Period",
    "Problem",
    "Profile",
    "ProfileNotFound",
    "Reform",
    "RuleSet",
    "Title",
    "UsageError",
    "awards",
    "certify",
    "find_profiles",
    "listing",
    "load_profile",
    "measure",
    "meets",
    "plaque_events",
    "present",
    "read_profile",
    "read_reform",
    "register_on",
    "score",
    "watch",
    "yearly",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
