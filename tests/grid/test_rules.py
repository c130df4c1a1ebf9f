"""What a grid promises of itself: what nobody could check, hold or answer for is refused, with its place."""

from pathlib import Path

import pytest

from communitygov.profile.reading import read_profile
from communitygov.vocabulary.errors import DocumentError

PROFILE = """\
profile:
  id: town
  title: {zh: 示例镇, en: Town}
  api: 1
  version: 0.1.0
  in_force: 2023
  last_verified: 2024-01-01
  sources:
    plan: {title: {zh: 示例办法, en: The plan}, published: 2022-12-01}
clauses:
  T-01: {quote: 街道下设社区, source: plan, primitive: grid}
facts:
  communities: {value: 12, unit: {zh: 个, en: communities}, clause: T-01}
"""

SOUND = """\
grid:
  land:
    clause: T-01
    levels:
      city:
        order: 1
        code: {digits: 5, significant: 1}
      street:
        order: 2
        on: [city]
        code: {digits: 5, significant: 2, prefix: true}
        kinds:
          street: {codes: [1-4], endings: [街道]}
          town: {codes: [5-9], endings: [镇]}
        tallies:
          stated: {level: community, kinds: [urban]}
      community:
        order: 3
        on: [street]
        code: {digits: 5, prefix: true}
        covers: true
        covers_kinds: [street]
        kinds:
          urban: {codes: [001-199]}
          rural: {codes: [200-399]}
        sizes:
          households: {at_least: 100, at_most: 4999, kinds: [urban]}
    posts:
      head:
        level: community
        kinds: [urban]
        per_unit: exactly_one
        duties: {repair: {zh: 维修, en: repairs}, visit: {zh: 走访, en: visits}}
        duties_in_all: 2
      guard:
        level: community
        kinds: [urban, rural]
        per_unit: any
        departments: [police]
    bodies:
      committee: {level: community, per_unit: exactly_one}
    records:
      map: {level: street, per_unit: any}
    responsibilities:
      guides: {part: guide, by: committee}
    departments:
      police: {zh: 公安, en: police}
    matters:
      lamp: {duty: repair}
      theft: {department: police}
    counts:
      communities: {fact: communities, level: community, kinds: [urban]}
"""

BAD = [
    # Levels: codes, kinds, sizes.
    ("code: {digits: 5, significant: 1}", "code: {digits: 5, significant: 6}", "empty-range"),
    ("codes: [1-4]", "codes: [4-1]", "bad-range"),
    ("codes: [1-4]", "codes: [one]", "bad-range"),
    ("codes: [1-4]", "codes: [1-10]", "bad-range"),
    ("codes: [001-199]", "codes: [01-19]", "bad-range"),
    ("endings: [街道]", 'endings: [""]', "empty-ending"),
    ("codes: [5-9]", "codes: [4-9]", "ambiguous-kind"),
    ("endings: [镇]", "endings: [镇, 街道]", "ambiguous-kind"),
    ("{at_least: 100, at_most: 4999, kinds: [urban]}", "{kinds: [urban]}", "empty-condition"),
    ("at_least: 100, at_most: 4999", "at_least: 5000, below: 5000", "empty-range"),
    ("at_most: 4999, kinds: [urban]", "at_most: 4999, kinds: [urbn]", "unknown-reference"),
    ("covers: true", "covers: false", "unused-setting"),
    # The levels among each other.
    ("order: 3", "order: 2", "same-order"),
    ("        on: [city]\n", "", "not-one-top"),
    ("        order: 1\n", "        order: 1\n        on: [street]\n", "not-one-top"),
    ("on: [street]", "on: [stret]", "unknown-reference"),
    ("on: [city]", "on: [city, community]", "not-above"),
    ("covers_kinds: [street]", "covers_kinds: [village]", "unknown-reference"),
    ("        code: {digits: 5, significant: 1}\n", "", "no-prefix"),
    ("code: {digits: 5, significant: 2, prefix: true}", "code: {digits: 5, significant: 5}", "no-prefix"),
    ("stated: {level: community, kinds: [urban]}", "stated: {level: door}", "unknown-reference"),
    ("stated: {level: community, kinds: [urban]}", "stated: {level: community, kinds: [x]}", "unknown-reference"),
    ("stated: {level: community, kinds: [urban]}", "stated: {level: city}", "not-above"),
    # Posts, bodies and records, and what speaks of them.
    ("duties_in_all: 2", "duties_in_all: 1", "count-differs"),
    ("kinds: [urban, rural]", "kinds: [urban, rurl]", "unknown-reference"),
    ("committee: {level: community", "committee: {level: comunity", "unknown-reference"),
    ("map: {level: street", "map: {level: lane", "unknown-reference"),
    ("      map: {", "      committee: {", "same-id"),
    ("by: committee", "by: comittee", "unknown-reference"),
    ("departments: [police]", "departments: [police, fire]", "unknown-reference"),
    ("lamp: {duty: repair}", "lamp: {duty: repairs}", "unknown-reference"),
    ("lamp: {duty: repair}", "lamp: {title: {zh: 灯, en: lamp}}", "missing-setting"),
    ("theft: {department: police}", "theft: {department: fire}", "unknown-reference"),
    ("departments: [police]", "departments: [police]\n        duties: {visit: {zh: 走访, en: v}}", "two-answer"),
    # Figures.
    ("level: community, kinds: [urban]}\n\n", "kinds: [urban]}\n\n", "missing-setting"),
    ("level: community, kinds: [urban]}\n\n", "level: community, held: [head]}\n\n", "missing-setting"),
    ("level: community, kinds: [urban]}\n\n", "level: comunity}\n\n", "unknown-reference"),
    ("level: community, kinds: [urban]}\n\n", "level: community, kinds: [urbn]}\n\n", "unknown-reference"),
    ("level: community, kinds: [urban]}\n\n", "held: [heads]}\n\n", "unknown-reference"),
    ("{fact: communities,", "{fact: comunities,", "unknown-reference"),
]
"""What stands in the sound grid, what is put in its place, and the problem that is found."""

ELSEWHERE = {
    ("covers: false", "unused-setting"): "covers_kinds: [street]",
    ("", "not-one-top"): "levels:",
    ("        order: 1\n        on: [street]\n", "not-one-top"): "levels:",
    ("", "no-prefix"): "code: {digits: 5, significant: 2, prefix: true}",
    ("code: {digits: 5, significant: 5}", "no-prefix"): "code: {digits: 5, prefix: true}",
}
"""Where a problem is shown, if not in the last line of what was put in."""


def read(folder: Path, grid: str) -> None:
    (folder / "profile.yaml").write_text(PROFILE, encoding="utf-8")
    (folder / "grid.yaml").write_text(grid, encoding="utf-8")
    read_profile(folder)


def test_the_grid_that_is_broken_below_is_sound(tmp_path):
    """Nothing is found in it, so that what is found below is of what was changed."""
    read(tmp_path, SOUND)


@pytest.mark.parametrize(("old", "new", "code"), BAD)
def test_what_cannot_be_is_refused_where_it_stands(tmp_path, old, new, code):
    """One thing changed, and the problem has its name, its line, its clause and words in both languages."""
    text = SOUND + "\n"
    assert text.count(old) == 1, "one place is changed"
    text = text.replace(old, new)
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, text)
    problem = next(one for one in caught.value.problems if one.code == code)
    assert problem.place is not None
    assert problem.place.file.endswith("grid.yaml")
    shown = ELSEWHERE.get((new, code)) or new.strip().splitlines()[-1]
    line = text.splitlines()[problem.place.line - 1]
    assert shown in line
    assert problem.message.zh != problem.message.en
    assert problem.clause == ("T-01",)
