// SPDX-License-Identifier: GPL-2.0-only
/* What policy forbids: foreign addresses and VLANs, and to listen. */
#include <endian.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

static bool start_pair(struct pair *p, struct vf *vf)
{
	pair_init(p, vf);
	return vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10) &&
	       pair_start(p) &&
	       expect(peer_answers(p, 3000), "no answer to begin with");
}

/* The neighbour answers by what ARP says inside, whoever sent the frame. */
static void expect_unanswered(struct pair *p, const u8 *frame, size_t len,
			      const struct emunic_tx_meta *meta,
			      const char *what)
{
	u64 end = now_us() + 200000;
	u8 got[BUF_SIZE];
	size_t n;
	int status;

	status = tx_send(&p->tx, meta, frame, len);
	expect(status == EMUNIC_TX_STATUS_OK, "%s: status %d", what, status);
	while (now_us() < end) {
		n = rx_frame(&p->rx, got, sizeof(got), 20);
		expect(!frame_is_answer(p->tx.vf, got, n), "%s got through",
		       what);
	}
}

static void foreign_macs(struct vf *vf)
{
	u8 frame[64];
	struct pair p;
	size_t len;

	if (!start_pair(&p, vf))
		return;
	len = frame_arp(vf, frame);
	frame[ETH_ALEN + 5] ^= 1;
	expect_unanswered(&p, frame, len, NULL, "another source");
	memcpy(frame + ETH_ALEN, peer.mac, ETH_ALEN);
	expect_unanswered(&p, frame, len, NULL, "the PF's source");
	memcpy(frame + ETH_ALEN, guard.victim.mac, ETH_ALEN);
	expect_unanswered(&p, frame, len, NULL, "the victim's source");
	memset(frame + ETH_ALEN, 0, ETH_ALEN);
	expect_unanswered(&p, frame, len, NULL, "source zero");
	memcpy(frame + ETH_ALEN, broadcast, ETH_ALEN);
	expect_unanswered(&p, frame, len, NULL, "source broadcast");
	expect(peer_answers(&p, 3000), "no answer afterwards");
}

static int filter(struct vf *vf, u16 opcode, const u8 *address)
{
	struct emunic_mbox_mac message = { 0 };

	memcpy(message.mac, address, ETH_ALEN);
	return mbox_call(vf, opcode, &message, sizeof(message), NULL, 0);
}

/* @mac, the caller's number @i, cannot be its own, nor one more */
static void expect_mac_refused(struct vf *vf, size_t i, const u8 *mac)
{
	int status;

	status = vf_set_mac(vf, mac);
	expect(status == EMUNIC_MBOX_ST_PERM, "SET_MAC %zu: status %d", i,
	       status);
	status = filter(vf, EMUNIC_MBOX_OP_ADD_MAC, mac);
	expect(status == EMUNIC_MBOX_ST_PERM, "ADD_MAC %zu: status %d", i,
	       status);
}

/* The orchestrator has given this VF an address: it can have no other. */
static void fixed_address(struct vf *vf)
{
	static const u8 other[ETH_ALEN] = { 2, 0x45, 0x4d, 0x55, 1, 1 };
	const u8 *const wanted[] = { other, peer.mac, guard.victim.mac };
	u8 frame[64];
	struct pair p;
	int status;
	size_t len;

	if (!start_pair(&p, vf))
		return;
	expect(le16toh(vf->config.flags) & EMUNIC_MBOX_CONFIG_MAC_SET,
	       "no address was given: flags %#x", le16toh(vf->config.flags));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		expect_mac_refused(vf, i, wanted[i]);
		len = frame_arp(vf, frame);
		memcpy(frame + ETH_ALEN, wanted[i], ETH_ALEN);
		expect_unanswered(&p, frame, len, NULL, "a refused address");
	}
	status = filter(vf, EMUNIC_MBOX_OP_DEL_MAC, vf->mac);
	expect(status == EMUNIC_MBOX_ST_INVALID, "DEL_MAC: status %d", status);
	expect(peer_answers(&p, 3000), "no answer afterwards");
}

/* Without an address of its own from the orchestrator it has a choice, but not
 * of what others have: frames to these would come here, too.
 */
static void others_addresses(struct vf *vf)
{
	const u8 *const taken[] = { peer.mac, guard.victim.mac };
	static const u8 free[ETH_ALEN] = { 2, 0x45, 0x4d, 0x55, 1, 2 };
	struct pair p;
	int status;

	if (!start_pair(&p, vf))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		expect_mac_refused(vf, i, taken[i]);
	status = filter(vf, EMUNIC_MBOX_OP_ADD_MAC, free);
	expect(!status, "ADD_MAC of nobody's address: status %d", status);
	status = vf_set_mac(vf, vf->mac);
	expect(!status, "SET_MAC of its own: status %d", status);
	expect(peer_answers(&p, 3000), "no answer afterwards");
}

static size_t tagged(const struct vf *vf, u8 *frame, const char *tags,
		     size_t len)
{
	size_t arp = frame_arp(vf, frame);

	memmove(frame + 12 + len, frame + 12, arp - 12);
	memcpy(frame + 12, tags, len);
	memcpy(frame, guard.victim.mac, ETH_ALEN);
	return arp + len;
}

/*
 * Into the victim's VLAN, in every form a tag can have: the guard would find
 * the frame in the victim's buffers.
 */
static void foreign_vlans(struct vf *vf)
{
	static const struct {
		const char *tags;
		size_t len;
	} forms[] = {
		{ "\x81\x00\x00\x63", 4 },
		{ "\x81\x00\xe0\x63", 4 },
		{ "\x88\xa8\x00\x63", 4 },
		{ "\x91\x00\x00\x63", 4 },
		{ "\x81\x00\x00\x63\x81\x00\x00\x63", 8 },
		{ "\x81\x00\x00\x00\x81\x00\x00\x63", 8 },
		{ "\x88\xa8\x00\x63\x81\x00\x00\x63", 8 },
		{ "\x88\xa8\x00\x00\x81\x00\x00\x63", 8 },
	};
	struct emunic_tx_meta meta = {
		.flags = htole16(EMUNIC_TX_META | EMUNIC_TX_VLAN),
		.vlan_tci = htole16(99),
	};
	u8 frame[64];
	struct pair p;
	size_t len;

	if (!start_pair(&p, vf))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		for (int to = 0; to < 2; to++) {
			len = tagged(vf, frame, forms[i].tags, forms[i].len);
			if (to)
				memcpy(frame, broadcast, ETH_ALEN);
			tx_send(&p.tx, NULL, frame, len);
			tx_send(&p.tx, &meta, frame, len);
		}
	}
	for (int to = 0; to < 2; to++) {
		len = frame_arp(vf, frame);
		memcpy(frame, to ? broadcast : guard.victim.mac, ETH_ALEN);
		tx_send(&p.tx, &meta, frame, len);
	}
	usleep(100000);
	expect(peer_answers(&p, 3000), "no answer afterwards");
}

static int rx_mode(struct vf *vf, u32 mode)
{
	struct emunic_mbox_rx_mode message = { .mode = htole32(mode) };

	return mbox_call(vf, EMUNIC_MBOX_OP_SET_RX_MODE, &message,
			 sizeof(message), NULL, 0);
}

/* Refused, and the bystanders' traffic is not to be heard. */
static void promiscuous(struct vf *vf)
{
	u64 end;
	u8 frame[BUF_SIZE];
	struct pair p;
	int status;
	size_t len;

	if (!start_pair(&p, vf))
		return;
	for (u32 bit = 1; bit; bit <<= 1) {
		status = rx_mode(vf, bit);
		expect(status == (bit & (EMUNIC_RX_MODE_PROMISC |
					 EMUNIC_RX_MODE_ALLMULTI) ?
				  EMUNIC_MBOX_ST_PERM :
				  EMUNIC_MBOX_ST_INVALID),
		       "mode %#x: status %d", bit, status);
	}
	end = now_us() + 500000;
	while (now_us() < end) {
		len = rx_frame(&p.rx, frame, sizeof(frame), 20);
		expect(!len || frame[0] & 1 || !memcmp(frame, vf->mac, 6),
		       "a frame to another: %02x:%02x:%02x:%02x:%02x:%02x",
		       frame[0], frame[1], frame[2], frame[3], frame[4],
		       frame[5]);
	}
}

/* Within the quota a filter is taken; beyond, the reason is the quota. */
static bool took(struct vf *vf, u16 opcode, const void *message, size_t len)
{
	int status = mbox_call(vf, opcode, message, len, NULL, 0);

	expect(!status || status == EMUNIC_MBOX_ST_QUOTA,
	       "opcode %u: status %d", opcode, status);
	return !status;
}

/* Over the quota is an error, whatever the order. */
static void quotas(struct vf *vf)
{
	struct emunic_mbox_mac mac = { .mac = { 2, 0x77 } };
	struct emunic_mbox_mac group = { .mac = { 3, 0x77 } };
	struct emunic_mbox_vlan vlan = { 0 };
	unsigned int macs = 0, groups = 0, vlans = 0;

	if (!vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10))
		return;
	for (int i = 0; i < 300; i++) {
		mac.mac[4] = i >> 8;
		mac.mac[5] = i;
		memcpy(&group.mac[4], &mac.mac[4], 2);
		vlan.vid = htole16(100 + i);
		macs += took(vf, EMUNIC_MBOX_OP_ADD_MAC, &mac, sizeof(mac));
		groups += took(vf, EMUNIC_MBOX_OP_ADD_MAC, &group,
			       sizeof(group));
		vlans += took(vf, EMUNIC_MBOX_OP_ADD_VLAN, &vlan, sizeof(vlan));
	}
	expect(macs == le16toh(vf->config.max_macs), "%u MACs of %u", macs,
	       le16toh(vf->config.max_macs));
	expect(groups == le16toh(vf->config.max_mcasts), "%u groups of %u",
	       groups, le16toh(vf->config.max_mcasts));
	expect(vlans == le16toh(vf->config.max_vlans), "%u VLANs of %u", vlans,
	       le16toh(vf->config.max_vlans));
}

const struct attack policy_attacks[] = {
	{ "policy_foreign_macs", foreign_macs },
	{ "policy_fixed_address", fixed_address },
	{ "policy_others_addresses", others_addresses },
	{ "policy_foreign_vlans", foreign_vlans },
	{ "policy_promiscuous", promiscuous },
	{ "policy_quotas", quotas },
	{ }
};
