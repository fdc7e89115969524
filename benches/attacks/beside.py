"""What an attack does to everybody else: another user who asks `me`, the server's memory and its time on the cores."""
import multiprocessing
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("sign-in", "requests"):
    sys.path.append(os.path.join(os.path.dirname(HERE), folder))

from figures import at  # noqa: E402
from processes import resident  # noqa: E402
from server import ME, Client  # noqa: E402

REST = 0.005
# What memory may differ by, in MiB (16 are for the documents that the server keeps), and how long it may take to come back.
KEPT, SETTLING = 24, 10.0


def ask_again_and_again(listen, token, line):
    """In a process of its own, so that the attackers do not slow the clock. Hands over what it has when it is asked for it."""
    client, took, failures = Client(listen, token), [], 0
    while True:
        begun = time.perf_counter()
        try:
            failures += "errors" in client.ask(ME)
        except Exception:  # noqa: BLE001
            failures += 1
            client = Client(listen, token)
        took.append((time.perf_counter() - begun) * 1000)
        if line.poll():
            if line.recv() == "end":
                return
            line.send((took, failures))
            took, failures = [], 0
        time.sleep(REST)


class Bystander:
    def __init__(self, listen, token):
        self.line, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=ask_again_and_again, args=(listen, token, other), daemon=True)
        self.process.start()

    def take(self):
        """(milliseconds of each answer, failures) since it was last asked."""
        self.line.send("take")
        return self.line.recv()

    def stop(self):
        self.line.send("end")
        self.process.join()


def nanoseconds(pid):
    """What all threads of the process have had of the cores."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        except OSError:
            continue
    return total


def forget_the_most(pid):
    """Makes what the process holds now the most that it has held (proc(5), clear_refs)."""
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


class Beside:
    """Watches while its block runs, and then until the memory has come back, or has had ten seconds to."""

    def __init__(self, pid, bystander):
        self.pid, self.bystander = pid, bystander

    def __enter__(self):
        forget_the_most(self.pid)
        self.before, _ = resident(self.pid)
        self.bystander.take()
        self.begun = nanoseconds(self.pid)
        return self

    def cpu_so_far(self):
        """Milliseconds of the cores that the server has had since the block began, the bystander's requests among them."""
        return (nanoseconds(self.pid) - self.begun) / 1e6

    def __exit__(self, *_):
        self.cpu = self.cpu_so_far()
        took, self.failures = self.bystander.take()
        self.count = len(took)
        self.p50, self.p99, self.worst = at(took, 0.5), at(took, 0.99), max(took)
        _, self.peak = resident(self.pid)
        time.sleep(0.5)
        self.after, _ = resident(self.pid)
        ends = time.perf_counter() + SETTLING
        while self.after - self.before > KEPT and time.perf_counter() < ends:
            time.sleep(0.5)
            self.after, _ = resident(self.pid)
