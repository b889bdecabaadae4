#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""devlink health: faults of queues and offences of VFs, told and ended."""

import struct
import time

from lib.py import Bar, KsftNamedVariant, Policy, Reporter, Sniffer, \
    as_before, cmd, defer, event_count, give_policy, \
    ksft_busy_wait, ksft_eq, ksft_exit, ksft_ge, ksft_in, ksft_lt, \
    ksft_ne, ksft_run_quiet, ksft_true, ksft_variants, need_pfs, pair, raw_frame
from lib.py.bar import ADMIN_TAIL, CTRL, CTRL_ENABLE, EPOCH, KICK, Q_CTRL, \
    Q_SIZE, Q_STATE, CQ_LO, RX_BLOCK, SHADOW_HI, SHADOW_LO, SQ_LO, \
    TX_BLOCK
from lib.py.pci import wait_for
from lib.py.recover import Port

KINDS = ["pf", "vf"]
FOREIGN = "02:00:00:66:66:66"
VERSION, GET_CONFIG = 1, 3      # opcodes


def _hosts(kind):
    """The port under test, with one queue pair, and a peer that it knows."""
    pf = need_pfs()[0]
    a, b = pair(pf, pf.vfs(1)[0]) if kind == "pf" else pair(*pf.vfs(2))
    a.cmd(f"ethtool -L {a.dev} combined 1")
    a.wait_link()
    ksft_true(a.reaches(b.v4), "before")
    ksft_eq(Reporter(a.func, "tx").counts[0], "healthy")
    return a, b


def _expect(reporter, errors):
    """That many more errors, all recovered from."""
    _, error, recover = reporter.counts
    return "healthy", error + errors, recover + errors


@ksft_variants(KINDS)
def tx_error(kind):
    """A Tx queue that the device stops is dumped and restarted."""
    a, b = _hosts(kind)
    tx, rx = Reporter(a.func, "tx"), Reporter(a.func, "rx")
    others = rx.counts
    expected = _expect(tx, 1)
    tx.clear_dump()
    Bar(a.func).confuse_queue(TX_BLOCK)
    tx.wait(*expected)
    dump = tx.dump()
    ksft_eq(dump["fault"], "stopped by the device")
    ksft_eq((dump["queues"][0]["state"], dump["queues"][0]["error"]),
            ("error", "descriptor"))
    ksft_true(a.reaches(b.v4), "traffic by itself")
    ksft_eq(tx.diagnose()["queues"][0]["state"], "running")
    ksft_eq(rx.counts, others)


@ksft_variants(KINDS)
def rx_error(kind):
    """An Rx queue that the device stops is dumped and restarted."""
    a, b = _hosts(kind)
    rx = Reporter(a.func, "rx")
    expected = _expect(rx, 1)
    rx.clear_dump()
    Bar(a.func).confuse_queue(RX_BLOCK)
    b.ping(a.v4, count=3, deadline=3)
    rx.wait(*expected)
    dump = rx.dump()
    ksft_eq(dump["fault"], "stopped by the device")
    ksft_eq(dump["queues"][0]["state"], "error")
    # It begins at 0 again: there may be more than the ring can hold
    ksft_in(dump["queues"][0]["error"], ("descriptor", "index"))
    ksft_true(a.reaches(b.v4), "traffic by itself")


def rx_malformed():
    """A completion of a buffer that it is not about ends in a restart."""
    a, b = _hosts("vf")
    rx, bar = Reporter(a.func, "rx"), Bar(a.func)
    expected = _expect(rx, 1)
    rx.clear_dump()
    # The second half of the ring for the first, and as many buffers as
    # frames were sent: more than were received, and no more than it holds
    sniffer = Sniffer(a)
    for _ in range(100):
        sniffer.send(raw_frame(FOREIGN, a.mac, b""))
    bar.restart_queue(RX_BLOCK, sq_lo=bar[RX_BLOCK + SQ_LO] + 0x1000,
                      shadow_lo=bar[TX_BLOCK + SHADOW_LO],
                      shadow_hi=bar[TX_BLOCK + SHADOW_HI])
    for _ in range(5):
        b.cmd(f"ping -q -c 20 -i 0.02 -W 1 {a.v4}", fail=False)
        # Whose completion has the queue looked at
        sniffer.send(raw_frame(FOREIGN, a.mac, b""))
    rx.wait(*expected)
    dump = rx.dump()
    ksft_eq(dump["fault"], "malformed completion")
    ksft_true(dump["queues"][0]["malformed"])
    ksft_true(a.reaches(b.v4), "traffic by itself")


@ksft_variants(["recover", "ifdown"])
def by_hand(how):
    """Without auto_recover the queue stays as it is until it is seen to."""
    a, b = _hosts("vf")
    tx = Reporter(a.func, "tx")
    _, errors, recoveries = tx.counts
    tx.set("auto_recover false")
    defer(tx.set, "auto_recover true")
    Bar(a.func).confuse_queue(TX_BLOCK)
    tx.wait("error", errors + 1, recoveries)
    queue = tx.diagnose()["queues"][0]
    ksft_eq((queue["state"], queue["error"]), ("error", "descriptor"))
    ksft_eq(a.is_answered(b.v4), False, "not recovered")
    if how == "recover":
        tx.recover()
        ksft_eq(tx.counts, ("healthy", errors + 1, recoveries + 1))
    else:
        a.ip(f"link set dev {a.dev} down")
        a.ip(f"link set dev {a.dev} up")
        tx.wait("healthy", errors + 1, recoveries)
    ksft_true(a.reaches(b.v4), "after")


def control_path():
    """One that ends is told, and comes back by a reset."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    give_policy(pf)
    a, b = pair(*vfs)
    policy, ctl = Policy(pf, a, b), Reporter(pf, "ctl")
    expected, epoch = _expect(ctl, 1), Bar(pf)[EPOCH]
    Bar(pf)[ADMIN_TAIL] = 1 << 30       # more than the ring holds
    ctl.wait(*expected)
    wait_for("reset", lambda: Bar(pf)[EPOCH] == epoch + 1)
    as_before(policy, a, b)
    ksft_eq(ctl.diagnose(), {"commands": True, "admin_queue": True,
                             "event_ring": True, "events_in_order": True})


def control_path_by_itself():
    """Without auto_recover it is reset all the same, and then is in order."""
    pf = need_pfs()[0]
    ctl = Reporter(pf, "ctl")
    _, errors, recoveries = ctl.counts
    ctl.set("auto_recover false")
    defer(ctl.set, "auto_recover true")
    epoch = Bar(pf)[EPOCH]
    Bar(pf)[ADMIN_TAIL] = 1 << 30
    wait_for("reset", lambda: Bar(pf)[EPOCH] == epoch + 1)
    ctl.wait("healthy", errors + 1, recoveries)


def refused():
    """What a reporter cannot do."""
    pf = need_pfs()[0]
    for args in ("health recover {} reporter nosuch",
                 "health dump show {} reporter vf",
                 "health set {} reporter vf auto_dump true"):
        done = cmd(f"devlink {args.format('pci/' + pf.addr)}", fail=False)
        ksft_ne(done.ret, 0, args)
    vf = pf.vfs(1)[0]
    done = cmd(f"devlink health show pci/{vf} reporter vf", fail=False)
    ksft_ne(done.ret, 0, "a VF has no VFs")


class Offender:
    """A VF without a driver, at the mercy of the test."""
    def __init__(self, vf):
        self.vf = vf
        vf.unbind()
        self.bar = Bar(vf)

    @property
    def epoch(self):
        """Number of its resets."""
        return self.bar[EPOCH]

    def misuse_mailbox(self):
        """A request that is shorter than a header."""
        self.bar.send(bytes(8), length=4)

    def _request(self, opcode, payload=b""):
        self.bar.send(struct.pack("<HHHH", opcode, len(payload), 0, 0) + payload)

    def bad_message(self):
        """An opcode that is none."""
        self._request(0x7777)

    def short_message(self):
        """A version without its minor number."""
        self._request(VERSION, bytes(2))

    def long_message(self):
        """A question with something behind it."""
        self._request(GET_CONFIG, bytes(4))

    def early_message(self):
        """What may be asked once a version is agreed upon."""
        self._request(GET_CONFIG)

    def break_queue(self):
        """A queue in memory that it cannot reach, without bus mastering."""
        for reg, value in ((SQ_LO, 0x10000), (CQ_LO, 0x20000),
                           (SHADOW_LO, 0x30000), (Q_SIZE, 6), (Q_CTRL, 1)):
            self.bar[TX_BLOCK + reg] = value
        self.bar[CTRL] = CTRL_ENABLE
        self.bar[KICK] = 1
        wait_for("queue error", lambda: self.bar[TX_BLOCK + Q_STATE] == 3)


def _offender():
    """A PF's reporter, an offender and a bystander."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    reporter = Reporter(pf, "vf")
    reporter.wait("healthy", *reporter.counts[1:])
    ksft_eq(reporter.diagnose()["vfs"], [])
    return reporter, Offender(vfs[0]), Offender(vfs[1])


@ksft_variants([
    KsftNamedVariant("mailbox", "misuse_mailbox", "misused mailbox",
                     "by_device"),
    KsftNamedVariant("message", "bad_message", "refused message",
                     "refused_messages"),
    KsftNamedVariant("short", "short_message", "refused message",
                     "refused_messages"),
    KsftNamedVariant("long", "long_message", "refused message",
                     "refused_messages"),
    KsftNamedVariant("queue", "break_queue", "queue error", "queue_errors"),
])
def vf_offence(action, kind, counter):
    """Each kind is counted for the VF that did it, and nothing else."""
    reporter, offender, bystander = _offender()
    _, errors, recoveries = reporter.counts
    before, epochs = time.time(), (offender.epoch, bystander.epoch)
    getattr(offender, action)()
    reporter.wait("error", errors + 1, recoveries)
    told = reporter.diagnose()
    ksft_eq([vf["vf"] for vf in told["vfs"]], [0])
    vf = told["vfs"][0]
    for name in ("by_device", "refused_messages", "queue_errors"):
        ksft_eq(vf[name], int(name == counter), name)
    ksft_eq((vf["last_kind"], vf["offender"]), (kind, True))
    ksft_eq((told["offences"], told["last_vf"], told["last_kind"]),
            (1, 0, kind))
    ksft_ge(told["last_time"], int(before) - 1)
    ksft_ge(time.time() + 1, told["last_time"])
    ksft_eq((offender.epoch, bystander.epoch), epochs, "nobody was reset")


def wrong_state():
    """A request before its time is refused and counted, but no offence: a PF
    that was reset meanwhile has forgotten the version."""
    reporter, offender, _ = _offender()
    pf = Port(need_pfs()[0])
    counts, refused_before = reporter.counts, event_count(pf, "vf_refused")
    offender.early_message()
    ksft_eq(event_count(pf, "vf_refused"), refused_before + 1)
    ksft_eq(reporter.counts, counts)


@ksft_variants([
    KsftNamedVariant("address", "", FOREIGN, (), "spoofed frame"),
    KsftNamedVariant("vlan", "", None, [(0x8100, 77)], "spoofed frame"),
    KsftNamedVariant("port_vlan", "vlan 100", None, [(0x8100, 77)],
                     "tagged frame in a port VLAN"),
])
def vf_frame(policy, src, tags, kind):
    """A frame that policy forbids, of a VF that has its driver."""
    pf = need_pfs()[0]
    vfs = pf.vfs(2)
    for n in (0, 1):
        pf.set_vf(n, policy or "vlan 0")
    a, b = pair(*vfs)
    ksft_true(a.reaches(b.v4), "before")
    reporter = Reporter(pf, "vf")
    _, errors, recoveries = reporter.counts
    Sniffer(a).send(raw_frame(b.mac, src or a.mac, b"spoof", tags))
    reporter.wait("error", errors + 1, recoveries)
    vf = reporter.diagnose()["vfs"][0]
    ksft_eq((vf["vf"], vf["by_device"], vf["last_kind"]), (0, 1, kind))
    ksft_true(a.reaches(b.v4), "the rest of its traffic goes on")
    # The reset that ends it takes nothing that the VF does not get back
    reporter.recover()
    ksft_eq(reporter.counts, ("healthy", errors + 1, recoveries + 1))
    ksft_true(a.reaches(b.v4, 20), "after")


def vf_recover():
    """Recovery resets the offender, and only it; the counts stay."""
    reporter, offender, bystander = _offender()
    _, errors, recoveries = reporter.counts
    epochs = offender.epoch, bystander.epoch
    offender.misuse_mailbox()
    reporter.wait("error", errors + 1, recoveries)
    reporter.recover()
    ksft_eq(reporter.counts, ("healthy", errors + 1, recoveries + 1))
    ksft_eq((offender.epoch, bystander.epoch), (epochs[0] + 1, epochs[1]))
    vf = reporter.diagnose()["vfs"][0]
    ksft_eq((vf["by_device"], vf["offender"]), (1, False))


def vf_auto_recover():
    """Off unless the administrator wants it; then it resets by itself."""
    reporter, offender, bystander = _offender()
    ksft_eq(reporter.status["auto_recover"], False)
    _, errors, recoveries = reporter.counts
    epochs = offender.epoch, bystander.epoch
    reporter.set("auto_recover true")
    defer(reporter.set, "auto_recover false")
    offender.bad_message()
    reporter.wait("healthy", errors + 1, recoveries + 1)
    ksft_eq((offender.epoch, bystander.epoch), (epochs[0] + 1, epochs[1]))


def vf_gone():
    """What VFs did is forgotten with them."""
    reporter, offender, _ = _offender()
    offender.bad_message()
    ksft_busy_wait(lambda: reporter.counts[0] == "error", deadline=5)
    need_pfs()[0].set_vfs(0)
    ksft_busy_wait(lambda: reporter.counts[0] == "healthy", deadline=5)
    ksft_eq(reporter.diagnose()["vfs"], [])


def vf_log():
    """The log names VF and offence, and a flood does not fill it."""
    reporter, offender, _ = _offender()
    line = f"{need_pfs()[0].addr}: VF 0: refused message"
    before = cmd("dmesg").stdout.count(line)
    end, sent = time.monotonic() + 3, 0
    while time.monotonic() < end:
        offender.bad_message()
        sent += 1
    ksft_ge(sent, 100)
    ksft_busy_wait(lambda: reporter.diagnose()["vfs"][0]["refused_messages"]
                   == sent, deadline=5, comment="all are counted")
    lines = cmd("dmesg").stdout.count(line) - before
    ksft_ge(lines, 1)
    ksft_lt(lines, 7)


if __name__ == "__main__":
    ksft_run_quiet([tx_error, rx_error, rx_malformed, by_hand,
                    control_path, control_path_by_itself, refused,
                    vf_offence, wrong_state, vf_frame, vf_recover, vf_auto_recover,
                    vf_gone, vf_log])
    ksft_exit()
