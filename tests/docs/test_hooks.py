"""The page of hooks shows every hook as it is declared, and none that is not."""

import inspect
import re
from pathlib import Path

import pytest

from communitygov.plugins import specs
from communitygov.plugins.specs import GROUP, PROJECT, ProfileHooks

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "hooks.md").read_text(encoding="utf-8")

SHOWN = re.findall(r"^```text\n(communitygov_.*)\n```$", PAGE, re.MULTILINE)


def signature(hook: str) -> str:
    """Return a hook as a plugin writes it: without the specification's own ``self``, its types by name."""
    declared = inspect.signature(getattr(ProfileHooks, hook))
    given = [one for name, one in declared.parameters.items() if name != "self"]
    return hook + str(declared.replace(parameters=given)).replace("'", "")


def hooks() -> list[str]:
    """Return what the specification marks as a hook."""
    return [name for name, value in vars(ProfileHooks).items() if hasattr(value, f"{PROJECT}_spec")]


class TestHooks:
    def test_every_hook_is_shown_with_its_signature(self):
        """A hook that is added, renamed or given another argument is not shown, and fails here."""
        assert sorted(map(signature, hooks())) == sorted(SHOWN)

    @pytest.mark.parametrize("hook", hooks())
    def test_every_hook_says_what_its_specification_says(self, hook):
        """The page says of a hook what the first line of its docstring says."""
        said = inspect.getdoc(getattr(ProfileHooks, hook)) or ""
        assert said.splitlines()[0] in PAGE

    def test_the_group_and_the_marker_are_named(self):
        """An author finds the entry-point group and where the marker comes from."""
        assert f"`{GROUP}`" in PAGE
        assert f"from {specs.__name__} import hookimpl" in PAGE
