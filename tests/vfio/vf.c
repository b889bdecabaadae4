// SPDX-License-Identifier: GPL-2.0-only
/* An emunic VF: its memory, its mailbox, and how it introduces itself. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

void vf_open(struct vf *vf, const char *bdf, u64 arena_iova)
{
	int err;

	memset(vf, 0, sizeof(*vf));
	vfio_open(&vf->vfio, bdf);
	if (vf_read(vf, EMUNIC_ID) != EMUNIC_ID_MAGIC ||
	    !(vf_read(vf, EMUNIC_FUNC) & EMUNIC_FUNC_VF))
		fatal("%s is no emunic VF", bdf);
	vf->arena = alloc_pages(ARENA_SIZE);
	vf->arena_iova = arena_iova;
	err = vfio_map(&vf->vfio, vf->arena, arena_iova, ARENA_SIZE, true);
	if (err)
		fatal("%s: map: %s", bdf, strerror(-err));
	/* Locally administered, one for each vport */
	memcpy(vf->mac, "\x02\x45\x4d\x55\x00", 5);
	vf->mac[5] = vf_read(vf, EMUNIC_FUNC);
}

void *vf_alloc(struct vf *vf, size_t len)
{
	void *p = vf->arena + vf->used;

	len = (len + PAGE - 1) & -PAGE;
	if (vf->used + len > ARENA_SIZE)
		fatal("the arena is full");
	vf->used += len;
	memset(p, 0, len);
	return p;
}

u64 vf_iova(const struct vf *vf, const void *at)
{
	return vf->arena_iova + ((const u8 *)at - vf->arena);
}

void mbox_load(struct vf *vf, const void *message, size_t len)
{
	u32 word;

	for (size_t i = 0; i < len && i < EMUNIC_MBOX_WINDOW_SIZE; i += 4) {
		word = 0;
		memcpy(&word, (const u8 *)message + i,
		       len - i < 4 ? len - i : 4);
		vf_write(vf, EMUNIC_MBOX_REQUEST + i, le32toh(word));
	}
	vf_write(vf, EMUNIC_MBOX_LEN, len);
}

void mbox_send(struct vf *vf, const void *message, size_t len)
{
	mbox_load(vf, message, len);
	vf_write(vf, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
}

u32 mbox_wait(struct vf *vf)
{
	u64 end = now_us() + MBOX_TIMEOUT_MS * 1000;
	u32 state;

	for (unsigned int spins = 0;; spins++) {
		state = vf_read(vf, EMUNIC_MBOX_STATUS) &
			EMUNIC_MBOX_STATUS_STATE;
		if ((state != EMUNIC_MBOX_STATE_BUSY &&
		     state != EMUNIC_MBOX_STATE_CANCELLED) || now_us() > end)
			return state;
		if (spins > 4)
			usleep(20);
	}
}

static void mbox_reply(struct vf *vf, void *reply, size_t len)
{
	u32 word;

	for (size_t i = 0; i < len; i += 4) {
		word = htole32(vf_read(vf, EMUNIC_MBOX_REPLY + i));
		memcpy((u8 *)reply + i, &word, len - i < 4 ? len - i : 4);
	}
}

int mbox_exchange(struct vf *vf, const void *message, size_t len,
		  void *reply, size_t reply_len)
{
	const struct emunic_mbox_hdr *request = message;
	u8 answer[EMUNIC_MBOX_WINDOW_SIZE];
	struct emunic_mbox_hdr *hdr = (void *)answer;
	u32 got;

	mbox_send(vf, message, len);
	if (mbox_wait(vf) != EMUNIC_MBOX_STATE_DONE)
		return MBOX_LOST;
	got = vf_read(vf, EMUNIC_MBOX_REPLY_LEN);
	if (got < sizeof(*hdr) || got > sizeof(answer))
		return MBOX_LOST;
	mbox_reply(vf, answer, got);
	if (le16toh(hdr->len) != got - sizeof(*hdr) ||
	    hdr->opcode != request->opcode ||
	    le16toh(hdr->len) != (hdr->status ? 0 : reply_len))
		return MBOX_LOST;
	if (!hdr->status && reply_len)
		memcpy(reply, hdr + 1, reply_len);
	return le16toh(hdr->status);
}

int mbox_call(struct vf *vf, u16 opcode, const void *payload, size_t len,
	      void *reply, size_t reply_len)
{
	u8 message[EMUNIC_MBOX_WINDOW_SIZE] = { 0 };
	struct emunic_mbox_hdr *hdr = (void *)message;

	hdr->opcode = htole16(opcode);
	hdr->len = htole16(len);
	if (len)
		memcpy(hdr + 1, payload, len);
	return mbox_exchange(vf, message, sizeof(*hdr) + len, reply, reply_len);
}

int vf_version(struct vf *vf, u16 major, u16 *minor)
{
	struct emunic_mbox_version version = {
		.major = htole16(major),
		.minor = htole16(*minor),
	};
	int status;

	status = mbox_call(vf, EMUNIC_MBOX_OP_VERSION, &version,
			   sizeof(version), &version, sizeof(version));
	if (!status && le16toh(version.major) != major)
		return MBOX_LOST;
	*minor = le16toh(version.minor);
	return status;
}

int vf_caps(struct vf *vf, u32 *caps)
{
	struct emunic_mbox_caps message = { .caps = htole32(*caps) };
	int status;

	status = mbox_call(vf, EMUNIC_MBOX_OP_GET_CAPS, &message,
			   sizeof(message), &message, sizeof(message));
	*caps = le32toh(message.caps);
	return status;
}

int vf_config(struct vf *vf)
{
	return mbox_call(vf, EMUNIC_MBOX_OP_GET_CONFIG, NULL, 0, &vf->config,
			 sizeof(vf->config));
}

int vf_set_mac(struct vf *vf, const u8 *mac)
{
	struct emunic_mbox_mac message = { 0 };

	memcpy(message.mac, mac, ETH_ALEN);
	return mbox_call(vf, EMUNIC_MBOX_OP_SET_MAC, &message, sizeof(message),
			 NULL, 0);
}

bool vf_introduce(struct vf *vf, u16 minor, u32 caps)
{
	u16 spoken = minor;
	u32 granted = caps;
	int status;

	status = vf_version(vf, EMUNIC_MBOX_VERSION_MAJOR, &spoken);
	if (!expect(!status && spoken == minor, "VERSION 1.%u: status %d, 1.%u",
		    minor, status, spoken))
		return false;
	status = vf_caps(vf, &granted);
	if (!expect(!status && granted == caps, "GET_CAPS %#x: status %d, %#x",
		    caps, status, granted))
		return false;
	status = vf_config(vf);
	if (!expect(!status, "GET_CONFIG: status %d", status))
		return false;
	if (le16toh(vf->config.flags) & EMUNIC_MBOX_CONFIG_MAC_SET) {
		memcpy(vf->mac, vf->config.mac, ETH_ALEN);
		return true;
	}
	status = vf_set_mac(vf, vf->mac);
	return expect(!status, "SET_MAC: status %d", status);
}
