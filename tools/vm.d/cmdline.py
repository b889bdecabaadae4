# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's command line for the test VM."""

import os
import re
import shlex
from collections import namedtuple

BARE = ("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot")

# What the VM sees at the path `at` is the folder `source` as QEMU sees it.
Mount = namedtuple("Mount", "tag source at")


def mounts(opt):
    result = [Mount("top", opt.top, opt.top)]
    if not f"{opt.build}/".startswith(f"{opt.top}/"):
        result.append(Mount("build", opt.build, opt.build))
    for n, path in enumerate(opt.share, 1):
        result.append(Mount(f"share{n}", f"/run/emunic/share{n}", path))
    return result


def accelerator():
    """KVM only where it can run a guest: /dev/kvm alone does not say so."""
    choice = os.environ.get("EMUNIC_ACCEL")
    if choice:
        return choice
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR))
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
            if re.search(r"\b(vmx|svm)\b", f.read()):
                return "kvm"
    except OSError:
        pass
    return "tcg"


def emulates_svm(opt):
    """Whether guests run in the VM on what TCG makes of SVM, which has flaws
    (Documentation/system/emunic.rst): an interrupt may get lost or come twice."""
    return opt.nested == "on" and accelerator() == "tcg"


def cpus(opt):
    """An interrupt of a guest comes twice if another CPU maps memory just then."""
    return opt.cpus or (1 if emulates_svm(opt) else 2)


def machine(opt):
    args = ["-machine", "q35,kernel-irqchip=split"]
    accel = accelerator()
    if accel == "tcg":
        args += ["-accel", "tcg,thread=multi", "-cpu", "max"]
    else:
        args += ["-accel", accel, "-cpu", "host"]
    args += ["-smp", str(cpus(opt)), "-m", opt.memory]
    # Hotplug is the root ports' own, as on hardware; not by way of ACPI, where
    # a card cannot be pulled.
    args += ["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"]
    if opt.iommu == "intel":
        # With eim, x2APIC: an APIC in memory is what TCG may miss while BARs move.
        args += ["-device", "intel-iommu,intremap=on,eim=on"]
    return args


def words(opt):
    """What every kernel of ours is told, under whatever user space."""
    # The kernel times the IO-APIC's interrupts against the CPU and panics if
    # they are late, which on a busy host they are. Tests reach for registers
    # of a function that has its driver (iomem).
    every = ["console=ttyS0", "loglevel=5", "panic=-1", "random.trust_cpu=on",
             "no_timer_check", "iomem=relaxed"]
    if opt.iommu == "intel":
        every += ["intel_iommu=on", "iommu=nopt", "iommu.strict=1"]
    # Where KASAN's shadow begins depends on a flag of the CPU, which is gone for
    # a moment when the kernel looks at its first one: an interrupt just then
    # is taken for a bug.
    if opt.kernel == "debug":
        every += ["no5lvl"]
    # A timer that is set for each interrupt would have had its last with one that
    # gets lost; a periodic one makes up for it.
    if emulates_svm(opt):
        every += ["nohz=off", "highres=off"]
    return every


def kernel(opt, kver):
    return ["-kernel", f"{opt.build}/root/boot/vmlinuz-{kver}",
            "-initrd", f"{opt.build}/initramfs/{kver}/vm.cpio",
            "-append", " ".join(words(opt) + opt.append)]


def comma(text):
    """A comma in an option's value is written twice."""
    return text.replace(",", ",,")


def shares(opt, job, shared):
    """The root and the folders that the VM sees, and their devices."""
    args = ["-blockdev", f"driver=file,node-name=root,filename={comma(opt.build)}/root.img,"
            "read-only=on"]
    devices = ["virtio-blk-pci,drive=root,serial=root"]
    every = [("job", job, "off")]
    every += [(mount.tag, mount.source, "on") for mount in shared]
    for tag, path, readonly in every:
        args += ["-fsdev", f"local,id={tag},path={comma(path)},security_model=none,"
                 f"multidevs=remap,readonly={readonly}"]
        devices.append(f"virtio-9p-pci,fsdev={tag},mount_tag={tag}")
    return args, devices


def above_4g(gib):
    """A port whose window no longer fits below 4 GiB, so that the firmware puts
    all of them above: larger ones first, at the lower addresses. A vCPU of QEMU
    10.0 can miss for a while that a BAR has come or gone, and takes what lies
    above it for its neighbour (Documentation/system/emunic.rst). Above the BARs
    of the NICs must be nothing that a VM lives on, such as its local APIC."""
    return f"pref64-reserve={gib}G"


def own_devices(devices):
    """The virtio devices that the VM itself lives on, as functions of a device
    behind a root port, eight to a port. Only there do they have the power
    management that lets them keep their queues while the VM is suspended: 9p
    has no way to set up its own anew."""
    args = []
    for n, device in enumerate(devices):
        port, function = divmod(n, 8)
        if function == 0:
            args += ["-device", f"pcie-root-port,id=vm{port},chassis={port + 16},"
                     f"slot={port + 16},hotplug=off,{above_4g(8)}"]
        args += ["-device", f"{device},bus=vm{port},addr=0.{function},multifunction=on,"
                 "x-pcie-pm-no-soft-reset=on"]
    return args


def nics(opt):
    """Each NIC behind a root port of its own, which is what ARI, FLR and
    hotplug need. Uplinks meet in pairs on a hub; the hub of a NIC without a
    peer has that one port, so that its link is up and its frames go nowhere."""
    args = []
    for n in range(opt.nics):
        args += ["-netdev", f"hubport,id=up{n},hubid={n // 2}",
                 "-device", f"pcie-root-port,id=rp{n},chassis={n + 1},slot={n + 1},"
                 f"{above_4g(4)}",
                 "-device", f"emunic,id=nic{n},bus=rp{n},netdev=up{n},"
                 f"mac=52:54:00:e0:{n:02x}:00,max_vfs={opt.max_vfs}"
                 + "".join(f",{more}" for which, more in opt.nic_arg if which == n)]
    return args


def extra(opt):
    """--qemu-arg takes one word, or an option and its value in one."""
    args = []
    for arg in opt.qemu_arg:
        args += shlex.split(arg) if re.match(r"-\S+\s", arg) else [arg]
    return args


def binary(opt):
    """QEMU and what its environment needs: the device is preloaded into the
    root's own binary, or built into one of our own."""
    env = dict(os.environ)
    with open(f"{opt.build}/state/qemu", encoding="ascii") as f:
        form = f.read().strip()
    if form == "tree":
        return f"{opt.build}/qemu-tree/qemu-system-x86_64", env
    env["LD_PRELOAD"] = f"{opt.build}/device/emunic.so"
    return "/usr/bin/qemu-system-x86_64", env


def qemu(opt, job, kver, shared):
    path, env = binary(opt)
    args = [path, *BARE, *machine(opt), "-acpitable", f"file={comma(job)}/wake.aml"]
    args += kernel(opt, kver)
    folders, devices = shares(opt, job, shared)
    args += folders
    args += nics(opt)
    # Its 64 queues would be as many files that QEMU's main loop polls each time.
    args += own_devices([*devices, "virtio-serial-pci,ioeventfd=off"])
    args += extra(opt)
    return args, env
