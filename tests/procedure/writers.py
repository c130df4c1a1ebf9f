"""A process that writes to a store as it is told, line by line; run by test_store.py, which kills it at times.

It imports once and forks for each stream, because most of the time of a new process goes into imports.
"""

import os
import sys

from communitygov.procedure.chain import Personal, canonical, digest_of, sealed
from communitygov.procedure.store import Conflict
from communitygov.procedure.store_sql import SqlStore

PIECE = 20
"""Entries that a stream appends at once."""


def say(text: str) -> None:
    # One system call: a line is whole or not there, whenever the process is killed.
    os.write(1, f"{text}\n".encode())


def piece_after(case, entries, by, size):
    """Return entries that continue a case, with a phone number in each."""
    seq, previous = len(entries), entries[-1].hash if entries else ""
    piece = []
    for place in range(seq + 1, seq + size + 1):
        phone = Personal(f"{place:032x}", f"138{place:08}")
        body = canonical({"by": by, "place": place, "phone": digest_of(phone.salt, phone.value)})
        piece.append(sealed(case, place, body, previous, {"phone": phone}))
        previous = piece[-1].hash
    return piece, seq


def stream(url: str, case: str) -> None:
    """Append to a case until killed, and say each time how many entries are there."""
    store = SqlStore.open(url)
    while True:
        piece, expected = piece_after(case, store.read(case), "stream", PIECE)
        try:
            store.append(piece, expected)
        except Conflict:  # The last words of the one killed before were heard after all.
            continue
        say(str(piece[-1].seq))


def main() -> None:
    url, name = sys.argv[1:]
    store, prepared = None, None
    for line in sys.stdin:
        order, case = line.split()
        if order == "stream":
            child = os.fork()
            if child == 0:
                stream(url, case)
            say(f"pid {child}")
            _, status = os.waitpid(child, 0)
            say(f"ended {os.waitstatus_to_exitcode(status)}")
        elif order == "prepare":
            store = store or SqlStore.open(url)
            prepared = piece_after(case, store.read(case), name, 2)
            say("prepared")
        elif order == "go":
            try:
                store.append(*prepared)
            except Conflict as conflict:
                ((expected, found),) = conflict.versions.values()
                say(f"lost {expected} {found}")
            else:
                say("won")


if __name__ == "__main__":
    main()
