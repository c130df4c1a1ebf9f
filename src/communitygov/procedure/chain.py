"""The chain: entries of a case, each holding the hash of the one before, so that a changed past is found.

Names, phones and addresses are no part of it. A body holds the salted digest of such a value; the value and its salt
stand beside the entry, outside its hash, and can be erased while the chain still verifies.

What a chain cannot show by itself: that its end was cut off, or that all of it was written anew. Who fears that keeps
the hash of the last entry somewhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import groupby
from json.encoder import encode_basestring
from operator import attrgetter

from attrs import evolve, field, frozen

from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = [
    "Alteration",
    "Entry",
    "Personal",
    "canonical",
    "digest_of",
    "erase",
    "sealed",
    "text_of",
    "verify",
    "verify_all",
]

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode

_PLAIN = frozenset({str, int, bool, type(None)})

_SALT_DIGITS = 32
"""A phone number is guessed from its digest in seconds; with 16 random bytes beside it, never."""


@frozen
class Personal:
    """A value that belongs to a person, and what its digest was salted with.

    Args:
        salt: Random bytes in hexadecimal, at least 16 of them, for this value alone: ``secrets.token_hex(16)``.
        value: The name, phone, address or other text.
    """

    salt: str
    value: str = field(repr=False)


@frozen
class Entry:
    """One recorded act, sealed. Made by `sealed`; read from a store, it may have been altered: see `verify`.

    Args:
        case: The case's id.
        seq: The entry's place in the case: 1, 2, and so on.
        body: The act as `canonical` text; each personal value in it is replaced by its `digest_of`.
        previous: The hash of the entry before; empty for the first.
        hash: SHA-256, in hexadecimal, of the canonical text of ``[case, seq, previous, body]``, the body as it is.
        personal: The personal values by the names that their digests have in the body; None for one erased. They
            stand outside the hash.
    """

    case: str
    seq: int
    body: str
    previous: str
    hash: str
    personal: Mapping[str, Personal | None] = field(factory=dict, hash=False)


@frozen
class Alteration:
    """Something in a chain that is not as it was sealed.

    Args:
        case: The id of the case that was followed.
        seq: The place of the entry at which it was found.
        code: What kind of finding it is, as ``docs/problems.md`` explains it.
        says: What was found, in both languages.
    """

    case: str
    seq: int
    code: str
    says: Title

    def problem(self) -> Problem:
        """Return the finding as a problem, whose path is the case and the place."""
        return Problem(self.code, self.says, path=f"{self.case}.{self.seq}")


def canonical(mapping: Mapping[str, object]) -> str:
    """Return the one JSON text of a mapping: keys in the order of their code points, no spaces, not escaped.

    Numbers that are not whole have no one text; write a fraction as text (``"1/3"``) before.

    Args:
        mapping: Keys are text; values are text, whole numbers, booleans, None, and lists and dicts of these.

    Returns:
        The text, the same for equal mappings.

    Raises:
        UsageError: If a value is of another kind (a float, for example) or a key is not text.

    Example:
        >>> print(canonical({"step": "verify", "by": "社区", "at": None, "share": "1/3"}))
        {"at":null,"by":"社区","share":"1/3","step":"verify"}
    """
    plain = dict(mapping)
    _check_plain(plain)
    return _encode(plain)


def text_of(value: object) -> str:
    """Return the canonical text of a text, or of None.

    Args:
        value: The text.

    Raises:
        UsageError: If it is none that can be recorded.

    Example:
        >>> print(text_of("社区"), text_of(None))
        "社区" null
    """
    if value is None:
        return "null"
    if not isinstance(value, str):  # somebody's whole number, or a mistake
        _check_plain([value])
        return _encode(value)
    return encode_basestring(value)


def _check_plain(value: dict[str, object] | list[object]) -> None:
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise _not_plain(key)
        value = list(value.values())
    for inner in value:
        # Nearly every value is one of these: isinstance would take most of the time of canonical.
        if type(inner) in _PLAIN:
            continue
        if isinstance(inner, dict | list):
            _check_plain(inner)
        elif not isinstance(inner, str | int):
            raise _not_plain(inner)


def _not_plain(value: object) -> UsageError:
    kind = type(value).__name__
    return UsageError.because(
        "bad-entry",
        zh=f"{value!r}（{kind}）不能写入留痕；只可为文字、整数、真假、空值及其列表和字典，分数须先写成文字",
        en=f"{value!r} ({kind}) cannot be recorded; only text, whole numbers, booleans, None, and lists and dicts of "
        "these, with text as keys; write a fraction as text",
    )


def digest_of(salt: str, value: str) -> str:
    """Return what stands in a body for a personal value.

    Args:
        salt: As in `Personal`.
        value: The personal value.

    Returns:
        ``sha256:`` and the SHA-256, in hexadecimal, of the canonical text of ``[salt, value]``.

    Example:
        >>> digest_of("00" * 16, "13800000000")
        'sha256:cf7d78f158cddf7d7ac3c6bdfb4fcb6ecc30240d32e26ee793b13a4af30f5f5c'
    """
    return "sha256:" + sha256(_encode([salt, value]).encode()).hexdigest()


def sealed(
    case: str, seq: int, body: str, previous: str = "", personal: Mapping[str, Personal | None] | None = None
) -> Entry:
    """Return an entry with its hash.

    Args:
        case: The case's id.
        seq: The entry's place in the case, from 1.
        body: The act as `canonical` text. It is not read again here.
        previous: The hash of the entry before; empty for the first.
        personal: The personal values by the names that their digests have in the body; None for one erased.

    Returns:
        The entry.

    Raises:
        UsageError: If the case has no id, the place is below 1, only the first has no hash before it, a text cannot be
            stored (it holds a zero character or half a surrogate pair), a salt is too short, or the digest of a
            personal value does not stand in the body.

    Example:
        >>> phone = Personal("00" * 16, "13800000000")
        >>> body = canonical({"step": "register", "phone": digest_of(phone.salt, phone.value)})
        >>> first = sealed("order-1", 1, body, personal={"phone": phone})
        >>> second = sealed("order-1", 2, canonical({"step": "verify"}), first.hash)
        >>> verify([erase(first, "phone"), second])
        ()
    """
    if not case or "\0" in case or "\0" in body or seq < 1 or (seq == 1) is not (not previous):
        raise _unsealable(case, seq)
    try:
        entry = Entry(case, seq, body, previous, _hash_of(case, seq, body, previous), personal or {})
    except UnicodeEncodeError:
        raise _unsealable(case, seq) from None
    for fact, one in entry.personal.items():
        _check_personal(entry, fact, one)
    return entry


def _hash_of(case: str, seq: int, body: str, previous: str) -> str:
    # The body comes last and everything before it ends where its JSON ends, so no two entries have one text.
    return sha256(f"[{encode_basestring(case)},{seq},{encode_basestring(previous)},{body}]".encode()).hexdigest()


def _check_personal(entry: Entry, fact: str, one: Personal | None) -> None:
    if one is None:
        return
    if len(one.salt) < _SALT_DIGITS or "\0" in one.value or "\0" in fact:
        raise UsageError.because(
            "bad-entry",
            zh=f"`{fact}` 的盐至少须有 {_SALT_DIGITS} 个十六进制数字，其值不可含零字符",
            en=f"the salt of `{fact}` needs {_SALT_DIGITS} hexadecimal digits or more, and its value no zero character",
        )
    if not _stands_in_body(entry, fact, one):
        raise UsageError(_altered_personal(entry, fact).problem())


def _stands_in_body(entry: Entry, fact: str, one: Personal) -> bool:
    try:
        digest = digest_of(one.salt, one.value)
    except UnicodeEncodeError:  # What has no UTF-8 has no digest.
        return False
    # Inside a JSON text each quotation mark is escaped, so this can only be a member of that name.
    return f'{_encode(fact)}:"{digest}"' in entry.body


def _unsealable(case: str, seq: int) -> UsageError:
    return UsageError.because(
        "bad-entry",
        zh=f"件 {case!r} 的第 {seq} 条不能封存：须有件号，序号从 1 起，仅第 1 条没有前一条的哈希，"
        "且文字须可存为 UTF-8、不含零字符",
        en=f"entry {seq} of the case {case!r} cannot be sealed: a case needs an id, places count from 1, only the "
        "first has no hash before it, and all text must be storable as UTF-8 and have no zero character",
    )


def erase(entry: Entry, fact: str) -> Entry:
    """Return an entry without one of its personal values; the salt goes with it.

    Args:
        entry: The entry.
        fact: The value's name. An entry that has no such value is returned as it is.

    Returns:
        The entry, with the same hash.
    """
    if entry.personal.get(fact) is None:
        return entry
    return evolve(entry, personal={**entry.personal, fact: None})


def verify(entries: Iterable[Entry], *, after: int = 0, previous: str = "") -> tuple[Alteration, ...]:
    """Return what was changed in the chain of one case since it was sealed.

    An erased value is no finding. That the end of the chain is missing cannot be seen.

    Args:
        entries: The entries of one case in order; read one by one and not kept.
        after: The place of the entry before the first one, where only the later part is verified.
        previous: The hash of that entry.

    Returns:
        The findings in order; empty if there is nothing to find. ``missing-entry``: places are left out, or out of
        order. ``broken-link``: an entry does not hold the hash of the one before. ``altered-entry``: an entry's hash
        is not that of what it says. ``altered-personal``: a personal value is not the one whose digest stands in the
        body. ``mixed-cases``: an entry of another case stands among them.

    Example:
        >>> first = sealed("order-1", 1, canonical({"step": "register"}))
        >>> changed = evolve(first, body=canonical({"step": "close"}))
        >>> [finding.code for finding in verify([changed])]
        ['altered-entry']
    """
    findings: list[Alteration] = []
    case: str | None = None
    for entry in entries:
        case = entry.case if case is None else case
        if entry.case != case:
            findings.append(_mixed(case, entry))
            continue
        if entry.seq != after + 1:
            findings.append(_missing(entry, after + 1))
        elif entry.previous != previous:
            findings.append(_broken(entry))
        findings.extend(_alterations(entry))
        after, previous = entry.seq, entry.hash
    return tuple(findings)


def verify_all(entries: Iterable[Entry]) -> Iterator[Alteration]:
    """Yield what was changed in the chains of many cases.

    Args:
        entries: The entries of one case after those of another, as a store's ``entries()`` gives them; read one by one
            and not kept.

    Yields:
        The findings of each case, as `verify` has them.
    """
    for _, chain in groupby(entries, key=attrgetter("case")):
        yield from verify(chain)


def _alterations(entry: Entry) -> Iterator[Alteration]:
    try:
        whole = _hash_of(entry.case, entry.seq, entry.body, entry.previous) == entry.hash
    except UnicodeEncodeError:  # What has no UTF-8 was never sealed.
        whole = False
    if not whole:
        yield Alteration(
            entry.case,
            entry.seq,
            "altered-entry",
            Title(
                zh=f"件 {entry.case} 第 {entry.seq} 条的内容与其哈希不符",
                en=f"entry {entry.seq} of {entry.case} does not match its hash",
            ),
        )
    for fact, one in sorted(entry.personal.items()):
        if one is not None and not _stands_in_body(entry, fact, one):
            yield _altered_personal(entry, fact)


def _altered_personal(entry: Entry, fact: str) -> Alteration:
    return Alteration(
        entry.case,
        entry.seq,
        "altered-personal",
        Title(
            zh=f"件 {entry.case} 第 {entry.seq} 条的个人信息 `{fact}` 与留痕中的摘要不符",
            en=f"`{fact}` of entry {entry.seq} of {entry.case} is not the value whose digest stands in the body",
        ),
    )


def _mixed(case: str, entry: Entry) -> Alteration:
    return Alteration(
        case,
        entry.seq,
        "mixed-cases",
        Title(
            zh=f"件 {case} 的留痕中混入了件 {entry.case} 的第 {entry.seq} 条",
            en=f"entry {entry.seq} of {entry.case} stands among those of {case}",
        ),
    )


def _missing(entry: Entry, wanted: int) -> Alteration:
    return Alteration(
        entry.case,
        entry.seq,
        "missing-entry",
        Title(
            zh=f"件 {entry.case} 应为第 {wanted} 条，却是第 {entry.seq} 条",
            en=f"where entry {wanted} of {entry.case} should stand, there is entry {entry.seq}",
        ),
    )


def _broken(entry: Entry) -> Alteration:
    return Alteration(
        entry.case,
        entry.seq,
        "broken-link",
        Title(
            zh=f"件 {entry.case} 第 {entry.seq} 条所记的前一条哈希与前一条不符",
            en=f"entry {entry.seq} of {entry.case} does not hold the hash of the one before",
        ),
    )
