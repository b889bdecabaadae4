#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`ip link set PF vf N max_tx_rate, min_tx_rate`: measured, with nothing beside it.
vf_rate_set.py has the rest."""

import time

from lib.py import RESETS, Flood, Host, Meter, Stream, ksft_busy_wait, ksft_eq, ksft_exit, \
    ksft_ge, ksft_pr, ksft_run_quiet, ksft_true, ksft_variants, need_pfs, \
    need_slow_pf, pair, patience

SECONDS = 5
NOBODY = "02:00:00:ff:ff:01"


def _limit(mbit):
    """A limit of @mbit, or less where the machine makes few frames."""
    return max(1, mbit // patience(1))


def _near(value, wanted, percent, what):
    """@value is within @percent of @wanted."""
    ksft_true(abs(value - wanted) <= wanted * percent / 100,
              f"{what}: {value:.2f} Mbit/s, {wanted} wanted")


def _limited(pf, limit):
    """VF 0 sends, and VF 1 receives, @limit Mbit/s for SECONDS."""
    meter = Meter(pf)
    time.sleep(0.5)
    rates = meter.rates(SECONDS)
    _near(rates[0].tx, limit, 5, "sent")
    _near(rates[1].rx, limit, 5, "received")
    return rates[0]


def max_small_frames():
    """
    64 bytes a frame (more where the machine makes few of them); 0 takes the
    limit away again, under traffic.
    """
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    limit = _limit(2)
    pf.set_vf(0, f"max_tx_rate {limit}")
    ksft_eq(pf.vf_rate(0), (0, limit))
    size = patience(64)
    Flood(a, b.mac, size)
    rate = _limited(pf, limit)
    ksft_eq(round(rate.tx * 1e6 / 8 / rate.tx_frames), size, "bytes a frame")
    pf.set_vf(0, "max_tx_rate 0")
    ksft_ge(Meter(pf).rates(1)[0].tx, 1.5 * limit, "without limit")


def max_gso():
    """TCP in GSO frames of 64 KiB; a change takes effect under traffic."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    # Not smaller because of the rate
    a.cmd("sysctl -qw net.ipv4.tcp_tso_rtt_log=20")
    ksft_true(a.reaches(b.v4), "first ping")
    limit = _limit(80)
    pf.set_vf(0, f"max_tx_rate {2 * limit}")
    stream = Stream(a, b, seconds=SECONDS + 5)
    time.sleep(1)
    pf.set_vf(0, f"max_tx_rate {limit}")
    before = _gso(a)
    _limited(pf, limit)
    frames, segments = (new - old for new, old in zip(_gso(a), before))
    ksft_ge(segments, 42 * frames, f"segments of {frames} GSO frames")
    pf.set_vf(0, "max_tx_rate 0")
    ksft_ge(Meter(pf).rates(1)[0].tx, 1.5 * limit, "without limit")
    stream.wait()


def max_tcp():
    """TCP as it comes: the sender waits for the device, too."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_true(a.reaches(b.v4), "first ping")
    limit = 100
    pf.set_vf(0, f"max_tx_rate {limit}")
    stream = Stream(a, b, seconds=SECONDS + 3)
    time.sleep(1)
    _limited(pf, limit)
    stream.wait()


def _gso(host):
    """GSO frames of @host, and the frames on the wire that they became."""
    rows = [row.split(":") for row in
            host.cmd(f"ethtool -S {host.dev}").stdout.split("\n")]
    return [sum(int(row[1]) for row in rows if row[0].endswith(name))
            for name in ("_gso_packets", "_gso_wire_packets")]


def max_towards_uplink():
    """The limit is the VF's, wherever its frames go."""
    pf = need_pfs()[0]
    host = Host(pf.vfs(1)[0], 1)
    host.wait_link()
    pf.set_vf(0, "max_tx_rate 20")
    Flood(host, NOBODY, 1000)
    time.sleep(0.5)
    _near(Meter(pf).rates(2)[0].tx, 20, 5, "sent")


def max_of_one_is_not_anothers():
    """A VF beside one that has a limit does not notice."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    hosts = [Host(vf, n + 1) for n, vf in enumerate(vfs)]
    for host in hosts:
        host.wait_link()
    limit = _limit(10)
    pf.set_vf(0, f"max_tx_rate {limit}")
    for host in hosts:
        Flood(host, NOBODY, 1000)
    time.sleep(0.5)
    rates = Meter(pf).rates(2)
    _near(rates[0].tx, limit, 5, "limited")
    ksft_ge(rates[1].tx, 2 * limit, "not limited")


def _contenders(pf, num):
    """@num VFs that each would send all that the port can."""
    hosts = [Host(vf, n + 1, mtu=9000) for n, vf in enumerate(pf.vfs(num))]
    for host in hosts:
        host.wait_link()
        Flood(host, NOBODY, 9000)
    time.sleep(0.5)


def fair_without_min():
    """Nobody has a minimum: all get the same, and all of the port."""
    pf, port = need_slow_pf()
    _contenders(pf, 4)
    rates = [rate.tx for rate in Meter(pf).rates(3)]
    ksft_pr("Mbit/s:", [f"{rate:.1f}" for rate in rates])
    _near(sum(rates), port, 5, "together")
    for rate in rates:
        _near(rate, port / 4, 10, "each")


def min_under_contention():
    """Each gets its minimum, the rest is shared fairly, nothing is left."""
    pf, port = need_slow_pf()
    _contenders(pf, 4)
    least = [port // 2, port // 4, 0, 0]
    for index, rate in enumerate(least):
        pf.set_vf(index, f"min_tx_rate {rate}")
        ksft_eq(pf.vf_rate(index), (rate, 0))
    time.sleep(0.5)
    rates = [rate.tx for rate in Meter(pf).rates(SECONDS)]
    ksft_pr("Mbit/s:", [f"{rate:.1f}" for rate in rates])
    share = (port - sum(least)) / 4
    for rate, wanted in zip(rates, least):
        ksft_ge(rate, 0.9 * wanted, "minimum")
        ksft_true(abs(rate - wanted - share) < 0.1 * (wanted + share),
                  f"{rate:.1f} of {wanted} and a share of {share:.1f} Mbit/s")
    _near(sum(rates), port, 5, "together")


def min_unused():
    """What a VF does not use of its minimum, others may."""
    pf, port = need_slow_pf()
    vfs = pf.vfs(2)
    pf.set_vf(0, f"min_tx_rate {port // 4 * 3}")
    host = Host(vfs[1], 1, mtu=9000)
    host.wait_link()
    Flood(host, NOBODY, 9000)
    time.sleep(0.5)
    _near(Meter(pf).rates(2)[1].tx, port, 5, "the other VF")


@ksft_variants(RESETS.keys())
def min_survives(event):
    """
    A minimum is in force after a reset of its VF, and of the PF, and so on. VFs
    come back in their own time after the PF's.
    """
    pf, port = need_slow_pf()
    least = port // 4 * 3
    hosts = [Host(vf, n + 1, mtu=9000) for n, vf in enumerate(pf.vfs(2))]
    pf.set_vf(0, f"min_tx_rate {least}")
    RESETS[event](pf, hosts)
    for host in hosts:
        host.wait_link(20)
        Flood(host, NOBODY, 9000)

    def in_force():
        rates = [rate.tx for rate in Meter(pf).rates(1)]
        ksft_pr("Mbit/s:", [f"{rate:.1f}" for rate in rates])
        return rates[0] >= 0.9 * least and rates[1] >= 1

    ksft_busy_wait(in_force, deadline=10, sleep=0, comment="of its minimum")


def min_gone_with_the_vfs():
    """VFs that come after numvfs 0 share like any others."""
    pf, port = need_slow_pf()
    pf.vfs(2)
    pf.set_vf(0, f"min_tx_rate {port // 4 * 3}")
    pf.set_vfs(0)
    _contenders(pf, 2)
    for rate in Meter(pf).rates(2):
        _near(rate.tx, port / 2, 10, "each")


if __name__ == "__main__":
    ksft_run_quiet([max_small_frames, max_gso, max_tcp, max_towards_uplink,
                    max_of_one_is_not_anothers, fair_without_min,
                    min_under_contention, min_unused, min_survives,
                    min_gone_with_the_vfs])
    ksft_exit()
