// SPDX-License-Identifier: GPL-2.0-only
/* A PCI function through VFIO: registers, interrupts, reset. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "attack.h"

void *alloc_pages(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED || mlock(p, len))
		fatal("no memory: %s", strerror(errno));
	return p;
}

void vfio_reset(struct vfio *v)
{
	if (ioctl(v->device, VFIO_DEVICE_RESET))
		fatal("%s: reset: %s", v->bdf, strerror(errno));
}

static u64 bar_address(const char *bdf)
{
	unsigned long long start;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", bdf);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%llx", &start) != 1)
		fatal("%s: cannot be read", path);
	fclose(f);
	return start;
}

static void map_registers(struct vfio *v)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	void *at;

	if (ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, &info) ||
	    info.size != EMUNIC_BAR_REGS_SIZE)
		fatal("%s: BAR 0 is not that of a VF", v->bdf);
	at = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		  v->device, info.offset);
	if (at == MAP_FAILED)
		fatal("%s: BAR 0 cannot be mapped: %s", v->bdf, strerror(errno));
	v->bar0 = at;
	v->bar0_address = bar_address(v->bdf);
}

static void enable_bus_master(struct vfio *v)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	u16 command;

	if (ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, &info) ||
	    pread(v->device, &command, 2, info.offset + PCI_COMMAND) != 2)
		fatal("%s: no configuration space", v->bdf);
	command |= PCI_COMMAND_MASTER;
	if (pwrite(v->device, &command, 2, info.offset + PCI_COMMAND) != 2)
		fatal("%s: not a bus master", v->bdf);
}

/* Interrupts of all vectors go somewhere, so that raising one costs the host
 * what it costs with a guest.
 */
static void enable_vectors(struct vfio *v)
{
	struct {
		struct vfio_irq_set set;
		int fd[EMUNIC_MAX_VECTORS];
	} irqs = { 0 };
	struct vfio_irq_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
	};

	if (ioctl(v->device, VFIO_DEVICE_GET_IRQ_INFO, &info) || !info.count ||
	    info.count > EMUNIC_MAX_VECTORS)
		fatal("%s: no MSI-X", v->bdf);
	for (unsigned int i = 0; i < info.count; i++)
		irqs.fd[i] = eventfd(0, EFD_NONBLOCK);
	irqs.set = (struct vfio_irq_set) {
		.argsz = sizeof(irqs.set) + info.count * sizeof(int),
		.flags = VFIO_IRQ_SET_DATA_EVENTFD |
			 VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.count = info.count,
	};
	if (ioctl(v->device, VFIO_DEVICE_SET_IRQS, &irqs))
		fatal("%s: MSI-X: %s", v->bdf, strerror(errno));
}

void vfio_open(struct vfio *v, const char *bdf)
{
	v->bdf = bdf;
	domain_open(v);
	map_registers(v);
	enable_bus_master(v);
	enable_vectors(v);
}
