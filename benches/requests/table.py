"""The figures of all rounds as a table: rates are medians of the rounds, latencies come from the histograms of all of them together."""
import collections
import statistics

HEAD = ["case", "clients", "requests/s", "floor/s", "share (rounds)", "goal", "p50 ms", "p99 ms", "p99/p50", "floor p99/p50",
        "CPU us: server", "PostgreSQL", "its floor", "wrk"]


def at(stretches, share):
    """The latency that this share of the requests stayed below, in ms."""
    times = collections.Counter()
    for stretch in stretches:
        for value, count in stretch["times"]:
            times[value] += count
    wanted = share * sum(times.values())
    for value, count in sorted(times.items()):
        wanted -= count
        if wanted <= 0:
            return value / 1000
    return float("nan")


def median(stretches, pick):
    return statistics.median(pick(stretch) for stretch in stretches)


def row(case, clients, results, main_clients):
    http, floor = results[case.name, clients, "http"], results.get((case.name, clients, "floor"))
    cells = [case.name, clients, f"{median(http, lambda found: found['rate']):.0f}"]
    if floor:
        shares = [one["rate"] / other["rate"] for one, other in zip(http, floor)]
        share = f"{statistics.median(shares):.2f} ({min(shares):.2f} to {max(shares):.2f})"
        goal = ""
        if clients == main_clients:
            goal = f"{case.goal:.2f} " + ("met" if statistics.median(shares) >= case.goal else "MISSED")
        cells += [f"{median(floor, lambda found: found['rate']):.0f}", share, goal]
    else:
        cells += ["", "", ""]
    p50, p99 = at(http, 0.5), at(http, 0.99)
    cells += [f"{p50:.2f}", f"{p99:.2f}", f"{p99 / p50:.1f}"]
    cells += [f"{at(floor, 0.99) / max(0.001, at(floor, 0.5)):.1f}" if floor else ""]
    cpu = [median(http, lambda found, who=who: found["cpu"][who]) for who in range(3)]
    its = f"{median(floor, lambda found: found['cpu'][1]):.0f}" if floor else ""
    return cells + [f"{cpu[0]:.0f}", f"{cpu[1]:.0f}", its, f"{cpu[2]:.0f}"]


def print_table(chosen, results, main_clients):
    print("\n| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    for clients in sorted({main_clients, 1}, reverse=True):
        for case in chosen:
            print("| " + " | ".join(str(cell) for cell in row(case, clients, results, main_clients)) + " |")
    for case in chosen:
        for clients in sorted({main_clients, 1}, reverse=True):
            http = results[case.name, clients, "http"]
            if case.beside:
                print(f"{case.name}, {clients} clients: beside {median(http, lambda found: found['beside']):.0f} of {case.beside} a second")
            bare = results.get((case.name, clients, "bare"))
            if bare:
                shares = [one["rate"] / other["rate"] for one, other in zip(http, bare)]
                print(f"{case.name}, {clients} clients: {statistics.median(shares):.2f} of a bare INSERT without the audit entry"
                      f" ({median(bare, lambda found: found['rate']):.0f} a second)")
