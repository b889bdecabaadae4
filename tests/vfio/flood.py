#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""One VF floods: what the others lose by that is measured, which is why
nothing may run beside this. See README.rst. TAP."""

import statistics
import sys

from isolation import SEED, SLOWER, Dialogue, Lane, run_cases

# Round trips of the debug kernel, beside a flood above all, differ by half.
LATENCY_ROUNDS = 25 if SLOWER == 1 else 75
RATE_ROUNDS = 60
MORE_LATENCY = 2.0
LESS_THROUGHPUT = 0.9 if SLOWER == 1 else 0.8


class Flood(Lane):
    """The lane of the attacks, and what is measured in it."""

    def compare(self, measure, rounds, *kinds):
        """@measure beside a flood over @measure beside each load of @kinds.

        They take turns, and only neighbours are compared: what else the machine
        does disturbs all. Returns the medians of all rounds, by kind."""
        load = Dialogue(self.attack, "load", self.attacker.address)
        values = {kind: [] for kind in (*kinds, "flood")}
        writes = []
        try:
            for _ in range(rounds):
                for kind, figures in values.items():
                    writes.append(int(load.ask(kind)))
                    figures.append(measure())
        finally:
            load.close()
        flood = values.pop("flood")
        print(f"# beside a flood {statistics.median(flood):.0f}, with "
              f"{statistics.median(n for n in writes if n):.0f} register writes a second")
        ratios = {}
        for kind, figures in values.items():
            low, ratios[kind], high = statistics.quantiles(
                f / n for n, f in zip(figures, flood))
            print(f"# {kind} {statistics.median(figures):.0f}, ratio {ratios[kind]:.2f}, "
                  f"half of them {low:.2f} to {high:.2f}")
        return ratios

    def round_trip_under_flood(self):
        victim = Dialogue(self.attack, "round-trips", self.victim.address)
        try:
            ratio = self.compare(lambda: float(victim.ask()), LATENCY_ROUNDS, "idle",
                                 "busy")["idle"]
        finally:
            victim.close()
        assert ratio <= MORE_LATENCY, f"{ratio:.2f} times as long"

    def throughput_under_flood(self):
        with self.bystanders.stream():
            ratio = self.compare(self.bystanders.rate, RATE_ROUNDS, "busy")["busy"]
        assert ratio >= LESS_THROUGHPUT, f"{ratio:.2f} of it"


def main():
    lane = Flood(SEED)
    return run_cases(lane, [("round_trip_under_flood", lane.round_trip_under_flood),
                            ("throughput_under_flood", lane.throughput_under_flood)],
                     "flood")


if __name__ == "__main__":
    sys.exit(main())
