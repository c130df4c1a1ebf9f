"""Words for people, in Chinese and in English."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

__all__ = ["Language", "Title"]

Language = Literal["zh", "en"]


@frozen
class Title:
    """A name or a sentence in both languages of the library.

    Both are always given: there is no fallback from one to the other.

    Args:
        zh: The Chinese words.
        en: The English words.

    Example:
        >>> Title(zh="五星级", en="five star").say("en")
        'five star'
    """

    zh: str
    en: str

    def say(self, lang: Language) -> str:
        """Return the words in one language.

        Args:
            lang: ``"zh"`` or ``"en"``.
        """
        return self.zh if lang == "zh" else self.en

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"
