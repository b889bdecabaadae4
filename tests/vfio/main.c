// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack list
 *	the cases, one a line, each with what the IOMMU is to say of it
 * attack [iommufd] ATTACKER VICTIM PEER-MAC PEER-IP CASE SEED
 *	run one, with the two VFs at these PCI addresses; 0 if nothing is wrong
 * attack round-trips VICTIM
 * attack load ATTACKER
 *	see measure.c
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"

static const struct attack *const themes[] = {
	mbox_attacks, version_attacks, regs_attacks, ring_attacks,
	desc_attacks, dma_attacks, meta_attacks, policy_attacks, flood_attacks,
	random_attacks,
};

static const char *const fault_words[] = {
	[NO_FAULTS] = "none",
	[FAULTS] = "faults",
	[MAY_FAULT] = "maybe",
};

static void list(void)
{
	const struct attack *a;

	for (size_t i = 0; i < ARRAY_SIZE(themes); i++)
		for (a = themes[i]; a->name; a++)
			printf("%s %s\n", a->name, fault_words[a->faults]);
}

static const struct attack *find(const char *name)
{
	const struct attack *a;

	for (size_t i = 0; i < ARRAY_SIZE(themes); i++)
		for (a = themes[i]; a->name; a++)
			if (!strcmp(a->name, name))
				return a;
	fatal("no case %s", name);
}

static void set_peer(const char *mac, const char *ip)
{
	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &peer.mac[0],
		   &peer.mac[1], &peer.mac[2], &peer.mac[3], &peer.mac[4],
		   &peer.mac[5]) != 6 ||
	    inet_pton(AF_INET, ip, &peer.ip) != 1)
		fatal("the peer %s %s is no neighbour", mac, ip);
}

/* After whatever it was: all is as it should be, and the VF of use again. */
static void aftermath(struct vf *vf)
{
	guard_check("after the attack");
	vfio_reset(&vf->vfio);
	vf->used = 0;
	vf_session(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10);
	guard_check("after FLR and a session");
}

int main(int argc, char **argv)
{
	const struct attack *attack;
	struct vf vf;

	if (argc == 2 && !strcmp(argv[1], "list")) {
		list();
		return 0;
	}
	if (argc == 3) {
		vf_open(&vf, argv[2], ARENA_IOVA);
		vfio_reset(&vf.vfio);
		if (!strcmp(argv[1], "round-trips"))
			measure_round_trips(&vf);
		else
			measure_load(&vf);
		return findings() ? 1 : 0;
	}
	use_iommufd = argc == 8 && !strcmp(argv[1], "iommufd");
	argv += use_iommufd;
	argc -= use_iommufd;
	if (argc != 7)
		fatal("usage: attack ATTACKER VICTIM PEER-MAC PEER-IP CASE SEED");
	set_peer(argv[3], argv[4]);
	attack = find(argv[5]);
	random_seed(strtoull(argv[6], NULL, 0));
	guard_open(argv[2]);
	vf_open(&vf, argv[1], ARENA_IOVA);
	vfio_reset(&vf.vfio);
	attack->run(&vf);
	aftermath(&vf);
	return findings() ? 1 : 0;
}
