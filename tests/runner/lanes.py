# SPDX-License-Identifier: GPL-2.0-only
"""The lanes: where each kind of test lives and how it is run."""

import os
import subprocess
import time

from . import console, tap
from .config import BUILD, CHECKED, JOBS, KERNEL, SELFTESTS, SLOWER, TESTS, TOP, TRIES
from .report import Report
from .vm import VmLane

LAB = TOP / "tools/lab"
HOST_TIMEOUT = 900 * SLOWER
MIGRATION_TIMEOUT = 120 * SLOWER    # for each count
# The long set runs when TESTS picks it: what loops, and the features of the
# data path.
LOOPS = ("loops.py",)
DATAPATH = ("coalesce.py", "gro.py", "gro_tunnel.py", "gso.py", "gso_tunnel.py", "rss.py",
            "rules.py", "timestamps.py", "xdp.py", "xdp_metadata.py", "xsk.py")
# A device that lies, and another one that does not.
LIES = ("lies.py",)
# Memory that runs out, which only the debug kernel does to order; and a bounce
# buffer that is soon full, in a machine of its own.
FAULTS = ("fault_config.py", "fault_probe.py", "fault_traffic.py", "fault_xsk.py")
BOUNCE = ("dma_full.py",)
SMALL_BOUNCE = ["--iommu", "none", "--append", "swiotlb=8192,force"]
# This one for as long as make soak is told.
SOAK = ("soak.py",)
SOAK_EXTRA = 900 * SLOWER   # s for its beginning and its end
# This one asks the kernel for its types. Ours have none: they would be made from
# debug information, which is left out so that a kernel is built in minutes.
BTF = ("xdp_metadata.py",)
# Those that measure what VFs get: nothing runs beside them.
RATES = ("vf_rate.py",)
FLOOD = ("flood.py",)
# After it lockdep is off, see PCIEHP_ORDER in the selftests' lib/py/splat.py
LAST = ("hotplug.py",)
# The third NIC has little to give: a port slower than the kernel that fills it,
# and few vectors to spare.
THREE_NICS = ["--nics", "3", "--nic-arg", "2,speed=40",
              "--nic-arg", "2,vf_vectors=200"]


def kernel_exists(lane):
    return subprocess.run([LAB, "kernel", lane], check=False,
                          stdout=subprocess.DEVNULL).returncode == 0


def in_root(report, lane, name, argv, limit=HOST_TIMEOUT):
    """One program inside the root, with no VM of ours."""
    on_host(report, lane, name, [LAB, "exec", "--", *argv], limit)


def on_host(report, lane, name, argv, limit=HOST_TIMEOUT):
    """One program on the host."""
    if not report.picks(lane, name):
        return
    for left in reversed(range(TRIES)):
        start = time.monotonic()
        text, status = run_on_host(argv, limit)
        (BUILD / f"tests/{lane}.{name}.log").write_text(text, encoding="utf-8")
        if report.add(f"{lane}/{name}", tap.parse(text, status), time.monotonic() - start,
                      text, not left):
            break


def run_on_host(argv, limit=None):
    """What it wrote, and its status."""
    try:
        done = subprocess.run([str(arg) for arg in argv], cwd=TOP, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=limit)
        return done.stdout, done.returncode
    except subprocess.TimeoutExpired as exc:
        return (exc.stdout or b"").decode(errors="replace"), 124


def alone(lane, *args):
    """One lane that is a command of its own, and its line of counts; the exit
    status."""
    (BUILD / "tests").mkdir(parents=True, exist_ok=True)
    report = Report("")
    lane(report, *args)
    print(report.summary())
    return report.status


def abi(report):
    out = BUILD / "tests/abi"
    out.mkdir(parents=True, exist_ok=True)
    in_root(report, "abi", "golden", ["make", "-s", "-C", TOP / "tests/abi", f"OUT={out}"])


def model(report):
    if TESTS:
        in_root(report, "model", "mailbox",
                ["env", f"OUT={BUILD / 'tests/model'}", TOP / "tests/model/run"])


def qtest(report):
    form = (BUILD / "state/qemu").read_text(encoding="ascii").strip()
    in_root(report, "qtest", "device",
            ["env", f"QEMU={form}", TOP / "qemu-device/tests/run-qtest"])
    if form == "preload":
        in_root(report, "qtest", "preload",
                ["env", f"BUILD={BUILD}", TOP / "qemu-device/tests/run-preload"])


def vm(report):
    if TESTS:
        on_host(report, "vm", "tools_vm.sh", [TOP / "tests/vm/tools_vm.sh"])
        on_host(report, "vm", "console.py", [TOP / "tests/vm/console.py"])


def migration(report):
    """Once in each way; make check-migration has more."""
    if report.picks("migration", "migrate"):
        migrations(report, 1)


def migrations(report, count):
    """@count times in each way, and what the guest's console says of it."""
    log = BUILD / "tests/migration/console"
    log.unlink(missing_ok=True)
    in_root(report, "migration", "migrate",
            ["python3", "-B", TOP / "tests/migration/migrate", "--build", BUILD,
             "--kernel", KERNEL, "--count", str(count)],
            HOST_TIMEOUT + count * MIGRATION_TIMEOUT)
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    outcome = tap.Outcome()
    for where, line in console.offences(text):
        outcome.fail(f"during {where}: {line}")
    if text and not outcome.failed:
        outcome.passed = 1
    elif not text:
        outcome.fail("there is none")
    report.add("migration/console", outcome, 0, text)


def executables(folder):
    return sorted(p for p in folder.iterdir()
                  if p.is_file() and p.suffix in (".py", ".sh") and os.access(p, os.X_OK))


def kselftests(names):
    """Those of our kselftests that have one of @names."""
    return [p for p in executables(SELFTESTS) if p.name in names]


def parts(name, wanted):
    """JOBS lanes that share the @wanted kselftests."""
    def part(number):
        def lane(report):
            programs = [p for p in executables(SELFTESTS)
                        if wanted(p.name) and report.picks(name, p.name)]
            programs = sorted(programs[number::JOBS], key=lambda p: p.name in LAST)
            VmLane(report, name, THREE_NICS, f".{number}").run(programs)
        return lane
    return [part(number) for number in range(JOBS)]


def selftests():
    return parts("selftests", lambda name:
                 name not in DATAPATH + LOOPS + LIES + FAULTS + BOUNCE + RATES + SOAK)


def datapath():
    names = set(DATAPATH) - (set(BTF) if CHECKED else set())
    return parts("datapath", lambda name: name in names) if TESTS else []


def rates(report):
    VmLane(report, "selftests", THREE_NICS, ".rates").run(kselftests(RATES))


def loops(report):
    if TESTS:
        VmLane(report, "loops", []).run(kselftests(LOOPS))


def lies(report):
    if TESTS:
        lane = VmLane(report, "lies", ["--nics", "2", "--max-vfs", "16"])
        lane.in_vm = ("env", f"EMUNIC_LIES_SEED={os.environ.get('SEED', '')}", *lane.in_vm)
        lane.run(kselftests(LIES))


def faults(report):
    if not TESTS:
        return
    for part, options, names in (("", [], FAULTS), (".bounce", SMALL_BOUNCE, BOUNCE)):
        lane = VmLane(report, "faults", ["--max-vfs", "8", *options], part)
        lane.run(kselftests(names))


def soak(report, seconds, seed):
    """Random operations, for so long at least."""
    lane = VmLane(report, "soak", ["--nics", "2", "--max-vfs", "16"])
    lane.in_vm = ("env", f"EMUNIC_SOAK_SECONDS={seconds}", f"EMUNIC_SOAK_SEED={seed}",
                  f"LIMIT={seconds + SOAK_EXTRA:.0f}", *lane.in_vm)
    lane.run(kselftests(SOAK))


def kvm(report):
    lane = VmLane(report, "kvm", ["--max-vfs", "8", "--nested", "on"])
    lane.run(executables(TOP / "tests/kvm"))


def built(report, lane, folder):
    """Whether `make` in @folder has made what runs in the VM."""
    out = BUILD / "tests" / lane
    out.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([LAB, "exec", "--", "make", "-s", "-C", folder, f"OUT={out}"],
                          check=False, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        outcome = tap.Outcome()
        outcome.fail("it does not build")
        report.add(f"{lane}/build", outcome, 0, done.stdout)
    return not done.returncode


def vfio(report):
    attacks(report, lambda name: name not in FLOOD)


def flood(report):
    attacks(report, lambda name: name in FLOOD, ".flood")


def attacks(report, wanted, part=""):
    folder = TOP / "tests/vfio"
    programs = [p for p in executables(folder)
                if wanted(p.name) and report.picks("vfio", p.name)]
    if programs and built(report, "vfio", folder):
        VmLane(report, "vfio", ["--max-vfs", "8"], part).run(programs)


def kunit(report):
    lane = VmLane(report, "kunit", ["--nics", "0"])
    lane.run([TOP / "tests/kernel/kunit.sh"])
