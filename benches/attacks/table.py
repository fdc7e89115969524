"""The table, as Markdown; what should not be there stands in its last column, in capitals."""
import collections

from beside import KEPT
from figures import at

HEAD = ["attack", "sent, bytes", "answer", "ms: median", "worst", "CPU ms", "MiB before", "most", "after",
        "`me` p50 ms", "p99", ""]
# In milliseconds. `me` waits when its p99 is also three times that of the server without an attack.
DEAR, WAITS = 50.0, 100.0


class Row:
    """One attack: what it sent, each `Reply`, the CPU of one request, and who was beside it."""

    def __init__(self, name, sent, replies, beside, idle, cpu=None, expected=None, is_slow=False):
        self.name, self.sent, self.replies, self.beside, self.cpu = name, sent, replies, beside, cpu
        self.expected, self.is_slow, self.idle = expected, is_slow, idle

    def told(self):
        counts = collections.Counter(reply.told for reply in self.replies)
        if len(counts) == 1:
            return next(iter(counts))
        return ", ".join(f"{count}× {told}" for told, count in counts.most_common())

    def findings(self):
        found = []
        told = self.told()
        if self.expected is not None and not all(any(word in reply.told for word in self.expected) for reply in self.replies):
            found.append(f"UNEXPECTED: not {' or '.join(self.expected)}")
        if any(reply.status.startswith("5") and len(reply.status) == 3 or reply.code == "INTERNAL_SERVER_ERROR" for reply in self.replies):
            found.append("FAULT")
        if self.expected is None and any(word in told for word in ("NO ANSWER", "WITHOUT", "OPEN", "NO CODE")):
            found.append("NOT ANSWERED")
        if self.cpu is not None and self.cpu > DEAR:
            found.append("DEAR")
        if self.beside.after - self.beside.before > KEPT:
            found.append("MEMORY KEPT")
        if self.beside.p99 > max(WAITS, 3 * self.idle.p99):
            found.append("`me` WAITS")
        if self.beside.failures:
            found.append(f"{self.beside.failures} `me` FAILED")
        return ", ".join(found)

    def cells(self):
        times = [reply.ms for reply in self.replies]
        unit = (lambda ms: f"{ms / 1000:.1f} s") if self.is_slow else (lambda ms: f"{ms:.1f}")
        cpu = "" if self.cpu is None else f"{self.cpu:.2f}"
        beside = self.beside
        return [self.name, self.sent, self.told(), unit(at(times, 0.5)), unit(max(times)), cpu,
                *(f"{value:.0f}" for value in (beside.before, beside.peak, beside.after)),
                f"{beside.p50:.1f}", f"{beside.p99:.1f}", self.findings()]


def line(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def print_head():
    print(line(HEAD) + "\n|" + "---|" * len(HEAD), flush=True)


def print_row(row):
    print(line(row.cells()), flush=True)
