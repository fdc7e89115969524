"""What processes have cost so far, by /proc: the time of the server and of its PostgreSQL, the memory that they hold, and how they are scheduled."""
import os

TICKS = os.sysconf("SC_CLK_TCK")
AUTOGROUP = "/proc/sys/kernel/sched_autogroup_enabled"


def autogroup():
    """Whether Linux shares the cores out to terminal sessions (sched(7)), of which each session of PostgreSQL is one."""
    if not os.path.exists(AUTOGROUP):
        return "not in this kernel"
    with open(AUTOGROUP) as file:
        return "on" if file.read().strip() == "1" else "off"


def _stat(pid):
    """The fields behind the name, from the state on."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()


def _spent(stat, with_children=False):
    return sum(int(ticks) for ticks in stat[11:15 if with_children else 13]) / TICKS


def seconds_of(pid):
    """User and system time of a process, without its children."""
    return _spent(_stat(pid))


def _children(parent):
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = _stat(name)
            except OSError:
                continue
            if stat[1] == str(parent):
                yield name, stat


def seconds_of_postgres(postmaster):
    """All of its sessions', those that have ended among them."""
    return _spent(_stat(postmaster), with_children=True) + sum(_spent(stat) for _, stat in _children(postmaster))


def resident(pid):
    """(now, at most so far), in MiB."""
    with open(f"/proc/{pid}/status") as file:
        found = dict(line.split(":", 1) for line in file)
    return tuple(int(found[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM"))


def memory_of_postgres(postmaster):
    """Its share of what it maps, in MiB: shared buffers count once."""
    total = 0
    for pid in [str(postmaster)] + [name for name, _ in _children(postmaster)]:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except OSError:
            continue
    return total // 1024
