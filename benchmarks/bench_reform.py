"""How long laying a parsed reform over a profile takes, and how little that depends on the profile's size.

Prints the time for the Shijingshan profile and for one twenty times as large, and the ratio of the two. Nothing is
asserted: a machine that is busy is no fault of the code.

    python benchmarks/bench_reform.py [times as large]
"""

import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from attrs import evolve

from communitygov.documents.node import Node
from communitygov.documents.reading import read_text
from communitygov.plugins.finding import load_profile
from communitygov.profile.profile import Profile, Reform
from communitygov.profile.reading import read_profile, read_reform

ROOT = Path(__file__).resolve().parent.parent
SHIJINGSHAN = ROOT / "profiles" / "shijingshan" / "src" / "communitygov_shijingshan"
REFORM = ROOT / "examples" / "stricter-five-star.yaml"
ROUNDS = 200


def renamed(node: Node, suffix: str, ids: frozenset[str]) -> Node:
    """Return a tree in which every id, and every reference to one, ends in a suffix."""
    if node.children is not None:
        pairs = node.children.items()
        return evolve(node, children={key + suffix * (key in ids): renamed(one, suffix, ids) for key, one in pairs})
    if node.items is not None:
        return evolve(node, items=tuple(renamed(item, suffix, ids) for item in node.items))
    return evolve(node, value=f"{node.value}{suffix}") if node.value in ids else node


def enlarged(profile: Profile, times: int) -> Profile:
    """Return a profile with every index, certification, clause, question and figure that many times over."""
    # Schemes count what the other sections hold, and would be right to complain; the grid lies over its parent's.
    left_out = ("profile", "schemes", "grid")
    sections = {key: node for key, node in profile.own.children.items() if key not in left_out}
    ids = frozenset(name for section in sections.values() for name in section.children)
    large = {key: dict(section.children) for key, section in sections.items()}
    for i in range(1, times):
        for key, section in sections.items():
            large[key].update(renamed(section, f"_{i}", ids).children)
    children = {key: evolve(sections[key], children=content) for key, content in large.items()}
    return Profile(
        profile.name, profile.folder, evolve(profile.own, children={"profile": profile.own["profile"], **children})
    )


def milliseconds(profile: Profile, reform: Reform) -> float:
    """Return the median time of laying a reform over a profile that has been used before."""
    profile.at(2024, reforms=[reform])
    taken = []
    for _ in range(ROUNDS):
        start = perf_counter()
        profile.at(2024, reforms=[reform])
        taken.append((perf_counter() - start) * 1000)
    return median(taken)


def main() -> None:
    """Print both times and their ratio, for a reform that changes a number and one that adds an id."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    small = read_profile(SHIJINGSHAN, find=load_profile)
    large = enlarged(small, times)
    leaves = [sum(1 for _ in one.own.leaves()) for one in (small, large)]
    print(f"leaves: {leaves[0]:,} and {leaves[1]:,}")
    clause = "changes: {clauses: {SJS-99: {quote: x, source: case_2024, primitive: none}}}"
    share = read_reform(REFORM)
    adding = Reform(share.head, evolve(share.layer, patch=read_text(clause, name="adding.yaml")["changes"]))
    for what, reform in (("a share", share), ("a clause", adding)):
        before, after = milliseconds(small, reform), milliseconds(large, reform)
        ratio = f"{after / before:.1f} times as long"
        print(f"{what}: {before:.2f} ms, and {after:.2f} ms with {times} times the rules, {ratio}")


if __name__ == "__main__":
    main()
