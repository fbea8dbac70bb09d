"""The program that copies a SQLite file while others write it: run in a process of its own, `python -I page_copy.py FROM TO`.

It copies what is there, whatever somebody writes meanwhile, and says COPIED; compares with what is there by then, and says so again. Once
it reads GO, nobody writes: whoever says so holds the database's own lock; then it compares once more, puts right what differs and says
how many bytes there are. So those who write wait for one comparison, and not for a copy. What the disk refuses it tells by its number.

In a process of its own, because who closes a file, by whatever handle, gives back every lock that the process has upon it (POSIX, fcntl).
It imports nothing of Gridmap, so that it starts quickly.
"""

import os
import sys

COPIED, GO, FAULT = "copied", "go", "fault"
AT_ONCE = 1 << 20
MOST_ROUNDS = 5  # of comparing before it is told to go


def compare(source: int, target: int) -> int:
    """Make the target what the source is now; how many bytes of it were not."""
    size, changed = os.fstat(source).st_size, 0
    for at in range(0, size, AT_ONCE):
        now = os.pread(source, AT_ONCE, at)
        if now != os.pread(target, AT_ONCE, at):
            os.pwrite(target, now, at)
            changed += len(now)
    os.ftruncate(target, size)
    return changed


def _say(word: str, number: int) -> None:
    sys.stdout.write(f"{word} {number}\n")
    sys.stdout.flush()


def main(source_path: str, target_path: str) -> None:
    """Copy, say so, and after GO put right what changed since."""
    source, target = os.open(source_path, os.O_RDONLY | os.O_CLOEXEC), os.open(target_path, os.O_RDWR | os.O_CLOEXEC)
    last = -1
    for _ in range(MOST_ROUNDS):
        changed = compare(source, target)
        if changed == 0 or 0 <= last <= changed:  # no round brings it nearer than the last one did
            break
        last = changed
    _say(COPIED, os.fstat(target).st_size)
    if sys.stdin.readline().strip() == GO:
        compare(source, target)
        _say(COPIED, os.fstat(target).st_size)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as fault:
        _say(FAULT, fault.errno or 0)
