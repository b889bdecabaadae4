// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOMMU domain of a function, in the two ways that VFIO has: group and
 * container, which every kernel with VFIO has, and device and iommufd.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/iommufd.h>
#include <linux/vfio.h>

#include "attack.h"

bool use_iommufd;

static int open_node(const char *bdf, const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		fatal("%s: %s: %s", bdf, path, strerror(errno));
	return fd;
}

/* The VFIO group is named after the IOMMU group. */
static int open_group(const char *bdf)
{
	char path[128], target[256];
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		fatal("%s: no IOMMU group", bdf);
	target[len] = 0;
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(target, '/') + 1);
	return open_node(bdf, path);
}

static void container_open(struct vfio *v)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int group = open_group(v->bdf);

	v->domain = open_node(v->bdf, "/dev/vfio/vfio");
	if (ioctl(group, VFIO_GROUP_GET_STATUS, &status) ||
	    !(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		fatal("%s: the group is not viable", v->bdf);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &v->domain) ||
	    ioctl(v->domain, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		fatal("%s: no IOMMU domain: %s", v->bdf, strerror(errno));
	v->device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, v->bdf);
	if (v->device < 0)
		fatal("%s: cannot be opened: %s", v->bdf, strerror(errno));
}

static int container_map(struct vfio *v, void *va, u64 iova, size_t len,
			 bool write)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ |
			 (write ? VFIO_DMA_MAP_FLAG_WRITE : 0),
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = len,
	};

	return ioctl(v->domain, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static int container_unmap(struct vfio *v, u64 iova, size_t len)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = len,
	};

	return ioctl(v->domain, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -errno : 0;
}

/* The character device that is the function's */
static int open_device(const char *bdf)
{
	char path[300] = "";
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	dir = opendir(path);
	if (!dir)
		fatal("%s: %s", path, strerror(errno));
	while ((d = readdir(dir)) && d->d_name[0] == '.')
		;
	if (!d)
		fatal("%s: no VFIO device", bdf);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", d->d_name);
	closedir(dir);
	return open_node(bdf, path);
}

static void iommufd_open(struct vfio *v)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
	};
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	v->device = open_device(v->bdf);
	v->domain = open_node(v->bdf, "/dev/iommu");
	bind.iommufd = v->domain;
	if (ioctl(v->device, VFIO_DEVICE_BIND_IOMMUFD, &bind) ||
	    ioctl(v->domain, IOMMU_IOAS_ALLOC, &alloc))
		fatal("%s: iommufd: %s", v->bdf, strerror(errno));
	v->ioas = alloc.out_ioas_id;
	attach.pt_id = v->ioas;
	if (ioctl(v->device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		fatal("%s: no IOMMU domain: %s", v->bdf, strerror(errno));
}

static int iommufd_map(struct vfio *v, void *va, u64 iova, size_t len,
		       bool write)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 (write ? IOMMU_IOAS_MAP_WRITEABLE : 0),
		.ioas_id = v->ioas,
		.user_va = (uintptr_t)va,
		.iova = iova,
		.length = len,
	};

	return ioctl(v->domain, IOMMU_IOAS_MAP, &map) ? -errno : 0;
}

static int iommufd_unmap(struct vfio *v, u64 iova, size_t len)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = v->ioas,
		.iova = iova,
		.length = len,
	};

	return ioctl(v->domain, IOMMU_IOAS_UNMAP, &unmap) ? -errno : 0;
}

void domain_open(struct vfio *v)
{
	if (use_iommufd)
		iommufd_open(v);
	else
		container_open(v);
}

int vfio_map(struct vfio *v, void *va, u64 iova, size_t len, bool write)
{
	return use_iommufd ? iommufd_map(v, va, iova, len, write) :
			     container_map(v, va, iova, len, write);
}

int vfio_unmap(struct vfio *v, u64 iova, size_t len)
{
	return use_iommufd ? iommufd_unmap(v, iova, len) :
			     container_unmap(v, iova, len);
}
