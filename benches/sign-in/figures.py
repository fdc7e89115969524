"""Figures: how they are printed, what stands in the middle of them, and whether two lists of them differ."""
import math
import threading
import time


def say(what, value):
    print(f"{what:<58} {value}", flush=True)


def load():
    with open("/proc/loadavg") as file:
        return " ".join(file.read().split()[:3])


def at(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def spread(values):
    if not values:
        return "none"
    return f"p50 {at(values, 0.5):.1f} ms, p95 {at(values, 0.95):.1f} ms, p99 {at(values, 0.99):.1f} ms, n {len(values)}"


def mann_whitney(left, right):
    """U of `left`, z, and the two-sided p of the normal approximation, corrected for ties and for continuity."""
    ranks, ties = _ranks(left + right)
    n, m = len(left), len(right)
    u = sum(ranks[:n]) - n * (n + 1) / 2
    all_of_them = n + m
    variance = n * m / 12 * (all_of_them + 1 - ties / (all_of_them * (all_of_them - 1)))
    distance = max(0.0, abs(u - n * m / 2) - 0.5)
    z = distance / math.sqrt(variance) if variance else 0.0
    return u, math.copysign(z, u - n * m / 2), math.erfc(z / math.sqrt(2))


def _ranks(values):
    """The rank of each value, the mean of them for equal ones, and the sum of t^3 - t over the ties."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, ties, start = [0.0] * len(values), 0, 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + 1 + end) / 2
        ties += (end - start) ** 3 - (end - start)
        start = end
    return ranks, ties


def say_difference(what, known, unknown):
    say(f"{what}, known", spread(known))
    say(f"{what}, unknown", spread(unknown))
    u, z, p = mann_whitney(known, unknown)
    apart = at(known, 0.5) - at(unknown, 0.5)
    larger = u / (len(known) * len(unknown))
    say(f"{what}, difference",
        f"medians {apart:+.2f} ms apart; U {u:.0f}, z {z:+.2f}, two-sided p {p:.3g}; known is slower in {larger:.1%} of pairs")


class Pulse(threading.Thread):
    """Asks one question again and again, with a short rest between, and keeps how long each answer took."""

    def __init__(self, client, query, rest=0.02):
        super().__init__(daemon=True)
        self.client, self.query, self.rest, self.took, self.goes_on, self.failures = client, query, rest, [], True, 0

    def run(self):
        while self.goes_on:
            begun = time.perf_counter()
            answer = self.client.ask(self.query)
            self.took.append((time.perf_counter() - begun) * 1000)
            self.failures += "errors" in answer
            time.sleep(self.rest)

    def stop(self):
        self.goes_on = False
        self.join()
        return spread(self.took) + (f", {self.failures} FAILED" if self.failures else "")
