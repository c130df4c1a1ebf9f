"""From a folder to a profile: what is read, what is said of what is not, and that nothing brings it down."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.profile.profile import Profile
from communitygov.profile.reading import read_profile
from communitygov.vocabulary.errors import CommunityGovError, DocumentError
from communitygov.vocabulary.problem import Problem

TOY = Path(__file__).parent / "toy"
FILES = (
    "profile.yaml",
    "rules.yaml",
    "questions.yaml",
    "amendments/2024-elderly-care.yaml",
    "reforms/wider-silver.yaml",
)

# Things that people write by mistake, or worse.
SLIPS = [
    "~", "x", "true", "-1", "1.5", "1/0", "200%", "[]", "{}", "[a, b]", "{a: ~}", "", '""', "*a", "&a 1", "!!int 1",
    "2023Q9", "9" * 40, ".nan", "1e99999", "0x10", "{a: {b: {c: 1}}}", "\ttab", "'", "- x", "? y", "|", "T-99",
]  # fmt: skip


class TestPlaces:
    def test_a_relative_folder_is_shown_as_it_was_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Places can be clicked where the reader stands; from elsewhere they begin with the folder's own name."""
        monkeypatch.chdir(TOY.parent)
        share = "certification.star.tiers.gold.share"
        assert read_profile("toy").at(2024).find(share).place.file == "toy/rules.yaml"
        assert read_profile(TOY).at(2024).find(share).place.file == "toy/rules.yaml"
        monkeypatch.chdir(TOY.parent.parent)
        assert read_profile("profile/toy").at(2024).find(share).place.file == "profile/toy/rules.yaml"
        monkeypatch.chdir(TOY)
        assert read_profile(".").at(2024).find(share).place.file == "rules.yaml"


class TestFolders:
    def test_a_folder_without_documents_is_no_profile(self, tmp_path: Path) -> None:
        """An empty folder, and one that is not there, are told apart."""
        with pytest.raises(DocumentError, match=r"no-documents: there is no \.yaml file in the folder"):
            read_profile(tmp_path)
        with pytest.raises(DocumentError, match="no-documents: there is no such folder"):
            read_profile(tmp_path / "nowhere")

    def test_what_would_be_passed_over_in_silence_is_named(self, toy_with: Callable[..., Profile]) -> None:
        """A document with another ending, and a folder whose name is nearly right, are problems."""
        with pytest.raises(DocumentError) as refused:
            toy_with({"Reform/a.yaml": "", "amendments/b.YML": "", "more.Yaml": ""})
        assert [problem.say("en") for problem in refused.value.problems] == [
            "toy/Reform: not-read: `Reform` is not read; did you mean `reforms`?",
            "toy/amendments/b.YML: not-read: `b.YML` is not read; end its name in .yaml",
            "toy/more.Yaml: not-read: `more.Yaml` is not read; end its name in .yaml",
        ]

    def test_other_things_may_lie_beside_the_documents(self, toy_with: Callable[..., Profile], toy: Profile) -> None:
        """A plugin's code and its data folders are none of the reader's business."""
        with_more = toy_with({"__init__.py": "raise SystemExit", "data/scores.csv": "", "README.md": ""})
        assert with_more.at(2024).digest == toy.at(2024).digest

    def test_no_document_is_passed_over_in_silence(self, toy_with: Callable[..., Profile]) -> None:
        """A YAML file that stands deeper than documents do is named, and so is the place where it would be read."""
        files = dict.fromkeys(("rules/x.yaml", "amendments/2025/x.yaml", "data/deep/y.YML", ".ci/z.yaml"), "{}")
        with pytest.raises(DocumentError) as refused:
            toy_with(files)
        assert [problem.say("en") for problem in refused.value.problems] == [
            "toy/amendments/2025/x.yaml: not-read: `x.yaml` is not read; put it in the profile's folder, in "
            "amendments/ or in reforms/",
            "toy/data/deep/y.YML: not-read: `y.YML` is not read; end its name in .yaml",
            "toy/rules/x.yaml: not-read: `x.yaml` is not read; put it in the profile's folder, in amendments/ or in "
            "reforms/",
        ]

    def test_of_a_folder_that_is_not_there_nothing_else_is_said(self, tmp_path: Path) -> None:
        """Its documents lack nothing: there are none."""
        with pytest.raises(DocumentError) as refused:
            read_profile(tmp_path / "nowhere")
        assert [problem.message.en for problem in refused.value.problems] == ["there is no such folder"]

    @pytest.mark.parametrize(
        ("file", "text", "said"),
        [
            ("more.yaml", "facts: {a.b: {}}", "more.yaml:1:9: bad-key: the id `a.b` cannot have a `.` in it"),
            (
                "more.yaml",
                'index: {care: {assumed: {missing: {zh: "", en: why}}}}',
                "more.yaml:1:40: empty-reason: gives no reason; say why",
            ),
            ("reforms/x.yaml", 'reform: ""\nchanges: {}', "x.yaml:1:9: bad-name: `` is no name"),
            (
                "amendments/x.yaml",
                "amendment: ../x\nfrom: 2025\nchanges: {}",
                "x.yaml:1:12: bad-name: `../x` is no name",
            ),
        ],
    )
    def test_what_cannot_be_named_or_is_not_said_is_refused(
        self, toy_with: Callable[..., Profile], file: str, text: str, said: str
    ) -> None:
        """Ids can be found by a dotted path, names are no paths, and a reason has words."""
        with pytest.raises(DocumentError) as refused:
            toy_with({file: f"{text}\n"})
        assert any(said in problem.say("en") for problem in refused.value.problems)

    def test_columns_of_data_may_have_any_name(self, toy_with: Callable[..., Profile], toy: Profile) -> None:
        """A condition is keyed by a column, which is the data's to name."""
        rules = (toy.folder / "rules.yaml").read_text(encoding="utf-8")
        dotted = rules.replace("where: {tier: {known", "where: {award.tier: {known")
        measure = toy_with({"rules.yaml": dotted}).at(2024).rules.measures["star_share"]
        assert list(measure.numerator.where) == ["award.tier"]

    def test_a_second_reform_of_one_name_does_not_hide_the_first(self, toy_with: Callable[..., Profile]) -> None:
        """Two reforms of one name are a problem that shows both."""
        with pytest.raises(DocumentError) as refused:
            toy_with({"reforms/z.yaml": "reform: wider-silver\nchanges: {}\n"})
        (problem,) = refused.value.problems
        assert problem.say("en") == (
            "toy/reforms/z.yaml:1:9: repeated-name: the name `wider-silver` is taken already, at "
            "(toy/reforms/wider-silver.yaml:2:9)"
        )

    def test_a_document_that_cannot_be_read_does_not_hide_the_faults_of_others(
        self, toy_with: Callable[..., Profile]
    ) -> None:
        """Where one file is no YAML the others are still checked, and what it would have held is not called missing."""
        with pytest.raises(DocumentError) as refused:
            toy_with({"rules.yaml": "index: {", "more.yaml": "measures: {a: {off: x}}"})
        assert [(one.place.file, one.code) for one in refused.value.problems if one.place] == [
            ("toy/more.yaml", "unknown-field"),
            ("toy/rules.yaml", "yaml-syntax"),
        ]
        with pytest.raises(DocumentError) as refused:
            toy_with({"profile.yaml": "profile:\n\tid: toy", "more.yaml": "measures: {a: {off: x}}"})
        assert [one.code for one in refused.value.problems] == ["unknown-field", "tab"]

    @pytest.mark.parametrize(
        ("head", "codes"),
        [
            ("id: x, api: 1, version: 0.1.0, in_force: 2023", ["missing-field"] * 2),
            ("id: x, api: 1, version: 0.1.0, in_force: 2023, extends: {profile: toy}", ["missing-field"]),
            ("id: x, api: 1, version: 0.1.0, in_force: 2023, extends: {profil: toy}", ["unknown-field"]),
            ("id: x, api: 1, version: 0.1.0, in_force: 2023, extends: toy", ["wrong-type"]),
            ("id: x, api: 1, version: 0.1, in_force: 2023, extends: {profile: toy, version: 1}", ["wrong-type"] * 2),
            ("id: [x], api: 1, version: 0.1, in_force: 2023", ["wrong-type", "wrong-type"]),
            ("api: 1, version: v1, in_force: 2023Q5", ["bad-period", "bad-version", "missing-field"]),
            ("id: x, api: 1, version: 0.1.0, in_force: 2023, holds_until: 2022", ["empty-range"]),
            ("id: ../x, api: 1, version: 0.1.0, in_force: 2023", ["bad-name"]),
            ("id: '', api: 1, version: 0.1.0, in_force: 2023", ["bad-name"]),
            ("id: x, api: 1, version: ０.１.０, in_force: 2023", ["bad-version"]),
            ("id: x, api: true, version: 0.1.0, in_force: 2023", ["wrong-type"]),
        ],
    )
    def test_a_head_that_will_not_do_is_told_before_all_rules(
        self, tmp_path: Path, head: str, codes: list[str]
    ) -> None:
        """Name, API, version, first day and parent are needed before anything can be laid over anything."""
        (tmp_path / "profile.yaml").write_text(f"profile: {{{head}}}\n", encoding="utf-8")
        with pytest.raises(DocumentError) as refused:
            read_profile(tmp_path)
        assert sorted(problem.code for problem in refused.value.problems) == codes


class TestFuzz:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data(), name=st.sampled_from(FILES))
    def test_no_document_brings_the_reader_down(self, tmp_path: Path, data: st.DataObject, name: str) -> None:
        """However a document is garbled, it is read or refused with located problems in both languages."""
        for file in FILES:
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).write_bytes((TOY / file).read_bytes())
        lines = (TOY / name).read_text(encoding="utf-8").splitlines()
        for _ in range(data.draw(st.integers(1, 3), label="slips")):
            number = data.draw(st.integers(0, len(lines) - 1), label="line")
            slip = data.draw(st.sampled_from(SLIPS), label="slip")
            key, colon, _ = lines[number].partition(":")
            how = data.draw(st.sampled_from(["value", "gone", "twice", "key", "whole"]), label="how")
            lines[number] = {
                "value": f"{key}{colon} {slip}",
                "gone": "",
                "twice": f"{lines[number]}\n{lines[number]}",
                "key": lines[number].replace("e", "", 1),
                "whole": slip,
            }[how]
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
        problems: tuple[Problem, ...] = ()
        try:
            read_profile(tmp_path).at(2024)
        except CommunityGovError as error:
            problems = error.problems
        assert all(problem.place and problem.message.zh and problem.message.en for problem in problems)
