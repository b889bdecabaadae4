#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The data path of a VF is made anew while memory runs out, at each place in
turn: what fails changes nothing, traffic flows, and the next try works."""

from lib.py import Attached, Faults, Prog, Sniffer, bpf, \
    ksft_eq, ksft_exit, ksft_run_quiet, ksft_true, \
    prog_exists, raw_frame, talking_vfs
from lib.py.ioctl import channels, is_up, rings, set_channels, set_rings, set_up
from lib.py.pci import wait_for
from lib.py.splat import OUT_OF_MEMORY

SMALL, LARGE = 64, 128


def first_open():
    """A netdev comes up for the first time, which makes its queue pairs."""
    _, b, talk = talking_vfs()
    vf = b.func
    dev = None

    def fresh():
        nonlocal dev
        vf.unbind()
        vf.bind()
        dev = vf.netdev
        set_rings(dev, SMALL)
        set_channels(dev, 1)

    def after(error, new):
        ksft_eq(is_up(dev), error is None, "up")
        set_up(dev)
        if new:
            b.take(vf)
            talk.flows("after an open")
        fresh()

    fresh()
    Faults().each("first open", lambda: set_up(dev), after, 12)


def _each_change(what, change, read, old, new):
    """@change from @old to @new and back, of which @read tells."""
    _, b, talk = talking_vfs(SMALL)

    def after(error, _):
        ksft_eq(b.inside(read), old if error else new, what)
        ksft_true(b.inside(is_up), "up")
        talk.flows(f"after other {what}")
        b.inside(change, new)
        b.inside(change, old)

    Faults().each(what, lambda: b.inside(change, new), after, 8)
    talk.flows("at last")


def ring_sizes():
    """`ethtool -G`."""
    _each_change("ring sizes", set_rings, rings, SMALL, LARGE)


def numbers_of_channels():
    """`ethtool -L`."""
    _each_change("channels", set_channels, channels, 1, 2)


def xdp_attach():
    """A program comes: there is none after an error, and none of it is left."""
    _, b, talk = talking_vfs(SMALL)
    prog = Prog(bpf.leave(bpf.PASS), frags=True)
    link = None

    def attach():
        nonlocal link
        link = Attached(b, prog)

    def after(error, _):
        nonlocal link
        ksft_eq("xdp" in b.link, error is None, "a program is attached")
        talk.flows("after a program")
        if error:
            attach()
            talk.flows("with a program")
        link.detach()

    Faults().each("XDP attach", attach, after, 8)
    talk.flows("at last")
    number = prog.id
    prog.close()
    ksft_true(not prog_exists(number), "the program is gone")


def xdp_detach():
    """A program that is taken away is gone, whatever fails; the path comes up
    by itself."""
    _, b, talk = talking_vfs(SMALL)
    prog = Prog(bpf.leave(bpf.PASS), frags=True)
    link = Attached(b, prog)

    def after(_error, _new):
        nonlocal link
        ksft_true("xdp" not in b.link, "no program any more")
        talk.flows("without the program")
        link = Attached(b, prog)

    Faults().each("XDP detach", lambda: link.detach(), after, 8)


def vf_flr():
    """A reset brings the path back, with or without the first try."""
    _, b, talk = talking_vfs(SMALL)
    Faults().each("FLR", b.func.flr,
                  lambda error, new: talk.flows("after a reset"), 8)


def selftest():
    """`ethtool -t`, which says that it has failed, and leaves traffic alone."""
    _, b, talk = talking_vfs(SMALL)
    faults = Faults()
    test = f"ethtool -t {b.dev} offline"

    def after(error, _new):
        b.cmd(test)
        talk.flows("after a self-test")

    faults.each("self-test", lambda: faults.command(b.cmd, test), after, 2)


def filters():
    """An address that a worker of the kernel brings to the device comes there in
    the end, also if there was no memory for it."""
    a, b, _ = talking_vfs(SMALL)
    faults = Faults()
    sniffer = Sniffer(b)
    sender = Sniffer(a)
    for number in range(3):
        mac = f"02:00:00:5a:00:{number:02x}"
        with faults.at_random(100, times=1):
            b.cmd(f"bridge fdb add {mac} dev {b.dev}")
            wait_for("a failure", lambda: faults.failed)
        frame = raw_frame(mac, a.mac, bytes(46))

        def arrives(frame=frame):
            sender.send(frame)
            return frame in sniffer.frames(0.2, frame)
        wait_for("a frame to the address", arrives)


if __name__ == "__main__":
    ksft_run_quiet([first_open, ring_sizes, numbers_of_channels, xdp_attach,
                    xdp_detach, vf_flr, selftest, filters],
                   known=OUT_OF_MEMORY)
    ksft_exit()
