"""How long laying a parsed reform over a profile takes, and how little that depends on the profile's size.

Prints the time for the Shijingshan profile, for one twenty times as large, and for one with thousands of facts more,
and how many times as long each takes. Nothing is asserted: a machine that is busy is no fault of the code.

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
ROUNDS = 100
FACTS = (5_000, 20_000)
COPIED = {"clauses", "index", "certification", "facts", "measures", "expectations", "contradictions", "interpretations"}
PATCHES = {
    "a clause": "{clauses: {SJS-99: {quote: x, source: case_2024, primitive: none}}}",
    "a reading": "{interpretations: {renewal_reach: {chosen: moved_cut}}}",
    "a fact": "{facts: {rounds: {value: 9.0}}}",
    "a fact more": "{facts: {one_more: {value: 1, unit: {zh: 个, en: each}}}}",
    "a fact less": "{facts: {open_comments: ~}}",
}


def renamed(node: Node, suffix: str, ids: frozenset[str]) -> Node:
    """Return a tree in which every id, and every reference to one, ends in a suffix."""
    if node.children is not None:
        pairs = node.children.items()
        return evolve(node, children={key + suffix * (key in ids): renamed(one, suffix, ids) for key, one in pairs})
    if node.items is not None:
        return evolve(node, items=tuple(renamed(item, suffix, ids) for item in node.items))
    return evolve(node, value=f"{node.value}{suffix}") if node.value in ids else node


def enlarged(profile: Profile, times: int) -> Profile:
    """Return a profile with every index, certification, clause, figure and question of them that many times over."""
    # What else a profile holds leans on its parent, or may stand there once only, and would be right to complain.
    sections = {key: node for key, node in profile.own.children.items() if key in COPIED}
    asked = {
        key: question
        for key, question in sections["interpretations"].children.items()
        if all(set(reading.children) <= COPIED for reading in question["readings"].children.values())
    }
    sections["interpretations"] = evolve(sections["interpretations"], children=asked)
    ids = frozenset(name for section in sections.values() for name in section.children)
    large = {key: dict(section.children) for key, section in sections.items()}
    for i in range(1, times):
        for key, section in sections.items():
            large[key].update(renamed(section, f"_{i}", ids).children)
    children = {key: evolve(sections[key], children=content) for key, content in large.items()}
    return evolve(profile, own=evolve(profile.own, children={"profile": profile.own["profile"], **children}))


def with_facts(profile: Profile, number: int) -> Profile:
    """Return a profile with that many figures more, every tenth the sum of the two before it."""
    unit = "unit: {zh: 个, en: each}, clause: SJS-41"
    facts = {}
    for i in range(number):
        parts = f", sum_of: [f_{i - 2}, f_{i - 1}]" if i % 10 == 9 else ""
        facts[f"f_{i}"] = f"{{value: {2 if parts else 1}, {unit}{parts}}}"
    text = "\n".join(f"{key}: {fact}" for key, fact in facts.items())
    known = profile.own["facts"]
    more = evolve(known, children={**known.children, **read_text(text).children})
    return evolve(profile, own=evolve(profile.own, children={**profile.own.children, "facts": more}))


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
    """Print the times and their ratios, for reforms that change a number, choose a reading, add an id or remove one."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    small = read_profile(SHIJINGSHAN, find=load_profile)
    profiles = {f"{times} times the rules": enlarged(small, times)}
    profiles |= {f"{number:,} facts more": with_facts(small, number) for number in FACTS}
    share = read_reform(REFORM)
    reforms = {"a share": share}
    for what, changes in PATCHES.items():
        patch = read_text(f"changes: {changes}", name="patch.yaml")["changes"]
        reforms[what] = Reform(share.head, evolve(share.layer, patch=patch))
    alone = {what: milliseconds(small, reform) for what, reform in reforms.items()}
    print(f"{sum(1 for _ in small.own.leaves()):,} leaves: " + ", ".join(f"{k} {v:.2f} ms" for k, v in alone.items()))
    for name, profile in profiles.items():
        print(f"{name}, {sum(1 for _ in profile.own.leaves()):,} leaves:")
        for what, reform in reforms.items():
            taken = milliseconds(profile, reform)
            print(f"  {what}: {taken:.2f} ms, {taken / alone[what]:.1f} times as long")


if __name__ == "__main__":
    main()
