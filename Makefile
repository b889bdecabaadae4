# SPDX-License-Identifier: GPL-2.0-only
# People's way in; the work is done by tools/lab and tools/vm.

BUILD ?= build
override BUILD := $(abspath $(BUILD))
QEMU ?= preload
KERNEL ?= stable
TESTS ?=
COUNT ?=
MUTANTS ?=
HOURS ?=
MINUTES ?=
MERGE ?=
SEED ?=
export BUILD QEMU KERNEL TESTS COUNT MUTANTS HOURS MINUTES MERGE SEED

MAKEFLAGS += --no-print-directory

.PHONY: all lab device modules initramfs debug-kernel kcsan-kernel qemu-tree check \
	check-device check-migration check-upstream fuzz kunit soak mutants lint \
	analyze demo shell bench bench-device update clean distclean help

all:
	@tools/lab all

lab:
	@tools/lab qemu-src

device modules initramfs update:
	@tools/lab $@

qemu-tree:
	@tools/lab qemu-src || tools/lab root
	@tools/qemu-tree

# Kernels with checkers take minutes to build: only who asks for one gets it.
debug-kernel kcsan-kernel: all
	@tools/lab debug-kernel $(@:-kernel=)

check check-upstream check-migration soak shell: all $(addsuffix -kernel,$(filter debug kcsan,$(KERNEL)))

check:
	@tests/run

# The newest kernel's tests are for the newest kernel, as it is or as ours.
check-upstream: KERNEL := $(or $(filter debug,$(KERNEL)),newest)
check-upstream:
	@tools/lab upstream
	@tests/upstream/run

# Needs no VM, and so nothing that only a VM needs.
kunit:
	@tools/lab kunit
	@tests/kernel/uml.py

check-device: lab
	@tests/device/check

fuzz: lab
	@tests/device/fuzz

check-migration:
	@tests/migration/run

soak:
	@tests/soak/run

mutants: lab
	@tests/mutants/run

lint analyze:
	@tools/$@

demo: all
	@tools/demo

shell:
	@tools/vm --kernel $(KERNEL) --nics 2

bench: all
	@tests/bench/run

bench-device: device
	@tests/bench/device

clean distclean:
	@tools/lab $@

help:
	@sed 's/^#.*//; /^$$/d' tools/lab.d/help
