# SPDX-License-Identifier: GPL-2.0-only
"""The options of tools/vm. A wrong one ends with 125: no COMMAND was run."""

import argparse
import re


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(125, f"vm: {message}\n")


def number(low, high):
    def convert(text):
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not in {low}..{high}")
        return value
    convert.__name__ = "number"
    return convert


def seconds(text):
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not a time")
    return value


def memory(text):
    if not re.fullmatch(r"[0-9]+[KMGkmg]?", text):
        raise argparse.ArgumentTypeError(f"{text} is not a size")
    return text


def nic_arg(text):
    match = re.fullmatch(r"([0-9]+),(.+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text} is not N,PROPERTY=VALUE")
    return int(match[1]), match[2]


def parse(argv):
    parser = Parser(prog="tools/vm", allow_abbrev=False)
    add = parser.add_argument
    add("--top", required=True)
    add("--build", required=True)
    add("--cwd", required=True)
    add("--console-fd", type=int)
    add("--kernel", choices=("stable", "newest", "debug", "kcsan"), default="stable")
    add("--nics", type=number(0, 8), default=1)
    add("--nic-arg", type=nic_arg, action="append", default=[])
    add("--max-vfs", type=number(0, 254), default=64)
    add("--iommu", choices=("intel", "none"), default="intel")
    add("--nested", choices=("on", "off"), default="off")
    add("--append", action="append", default=[])
    add("--cpus", type=number(1, 255))
    add("--memory", type=memory, default="2560M")
    add("--timeout", type=seconds)
    add("--share", action="append", default=[])
    add("--qemu-arg", action="append", default=[])
    add("command", nargs=argparse.REMAINDER)
    opt = parser.parse_args(argv)
    if opt.command[:1] == ["--"]:
        opt.command = opt.command[1:]
    for which, more in opt.nic_arg:
        if which >= opt.nics:
            parser.error(f"--nic-arg {which},{more}: there are {opt.nics} NICs, from 0")
    return opt
