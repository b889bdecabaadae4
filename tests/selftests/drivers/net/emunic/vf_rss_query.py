#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""`ip link set PF vf N query_rss`: may the VF read its RSS key and table?"""

import re
import socket

from lib.py import KsftSkipEx, NetNSEnter, ksft_eq, ksft_exit, ksft_in, \
    ksft_ne, ksft_run_quiet, ksft_true, need_pfs, pair, refused

ENTRIES = 128
KEY = bytes.fromhex(    # Documentation/spec/emunic.rst, Receive steering
    "6d5a56da255b0ec24167253d43a38fb0d0ca2bcb"
    "ae7b30b477cb2da38030f20c6a42b73bbeac01fa")


def _read(host):
    """Key and table in `ethtool -x`; the reason and none if it is refused."""
    out = host.cmd(f"ethtool -x {host.dev}", fail=False)
    if out.ret:
        return out.stderr, []
    key = re.search(r"hash key:\s*([0-9a-f:]+)", out.stdout).group(1)
    rows = re.findall(r"^\s*\d+:((?:\s+\d+)+)$", out.stdout, re.M)
    return bytes.fromhex(key.replace(":", "")), \
        [int(entry) for row in rows for entry in row.split()]


def _toeplitz(data):
    """Hash of @data, as the spec and everybody else define it."""
    key = int.from_bytes(KEY, "big")
    result = 0
    for i in range(len(data) * 8):
        if data[i // 8] & 0x80 >> i % 8:
            result ^= key >> len(KEY) * 8 - 32 - i & 0xffffffff
    return result


def _flow(src, dst, sport, dport):
    return socket.inet_aton(src) + socket.inet_aton(dst) + \
        sport.to_bytes(2, "big") + dport.to_bytes(2, "big")


def allowed_and_refused():
    """Refused unless the administrator allows it, from then on."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    ksft_eq(pf.vf_info(0)["query_rss_en"], False, "default")
    for state in ("on", "off"):
        pf.set_vf(0, f"query_rss {state}")
        ksft_eq(pf.vf_info(0)["query_rss_en"], state == "on")
        key, table = _read(a)
        if state == "on":
            ksft_eq(key, KEY, "key")
            ksft_eq(len(table), ENTRIES, "entries")
        else:
            ksft_in("Operation not permitted", key)
        ksft_in("Operation not permitted", _read(b)[0], "the other VF")
    pf.set_vf(0, "query_rss on")
    pf.set_vfs(0)
    pf.set_vfs(1)
    ksft_eq(pf.vf_info(0)["query_rss_en"], False, "after numvfs 0")


def pf_may():
    """Nobody needs to allow the PF."""
    pf = need_pfs()[0]
    a, _ = pair(pf, pf.vfs(1)[0])
    key, table = _read(a)
    ksft_eq(key, KEY, "key")
    ksft_eq(len(table), ENTRIES, "entries")


def table_is_right():
    """Flows land in the queues that key and table foretell."""
    pf = need_pfs()[0]
    a, b = pair(*pf.vfs(2))
    pf.set_vf(1, "query_rss on")
    limits = b.cmd(f"ethtool -l {b.dev}").stdout
    most = int(re.search(r"Combined:\s*(\d+)", limits).group(1))
    if most < 3:
        raise KsftSkipEx("three queues needed")
    b.cmd(f"ethtool -L {b.dev} combined 3")
    b.wait_link()
    ksft_true(a.reaches(b.v4), "first ping")
    _, table = _read(b)
    ksft_eq(table, [i % 3 for i in range(ENTRIES)], "table")

    def packets():
        rows = re.findall(r"rx(\d+)_packets: (\d+)",
                          b.cmd(f"ethtool -S {b.dev}").stdout)
        return [int(count) for _, count in sorted(rows)][:3]

    seen = set()
    for port in range(5000, 5008):
        want = table[_toeplitz(_flow(a.v4, b.v4, 4000, port)) % ENTRIES]
        before = packets()
        _send(a, b, 4000, port, 20)
        new = [y - x for x, y in zip(before, packets())]
        ksft_true(new[want] >= 20, f"port {port}, queue {want}: {new}")
        seen.add(want)
    ksft_ne(len(seen), 1, "queues used")


def _send(a, b, sport, dport, count):
    """@count datagrams of one flow."""
    with NetNSEnter(str(a.ns)):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        sock.bind((a.v4, sport))
        for _ in range(count):
            sock.sendto(b"flow", (b.v4, dport))


def no_such_vf():
    """Only VFs that are there can be allowed."""
    pf = need_pfs()[0]
    pf.vfs(1)
    refused(pf, 1, "query_rss on", "Invalid argument")


if __name__ == "__main__":
    ksft_run_quiet([allowed_and_refused, pf_may, table_is_right, no_such_vf])
    ksft_exit()
