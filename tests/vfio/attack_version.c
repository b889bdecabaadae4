// SPDX-License-Identifier: GPL-2.0-only
/* Versions and states of the conversation with the PF. */
#include <endian.h>
#include <string.h>

#include "attack.h"

static const struct {
	u16 opcode;
	u16 len;
	u32 cap;
} ops[] = {
	{ EMUNIC_MBOX_OP_GET_CAPS, 4 },
	{ EMUNIC_MBOX_OP_GET_CONFIG, 0 },
	{ EMUNIC_MBOX_OP_SET_MAC, 8 },
	{ EMUNIC_MBOX_OP_ADD_MAC, 8, EMUNIC_MBOX_CAP_FILTERS },
	{ EMUNIC_MBOX_OP_DEL_MAC, 8, EMUNIC_MBOX_CAP_FILTERS },
	{ EMUNIC_MBOX_OP_ADD_VLAN, 4, EMUNIC_MBOX_CAP_FILTERS },
	{ EMUNIC_MBOX_OP_DEL_VLAN, 4, EMUNIC_MBOX_CAP_FILTERS },
	{ EMUNIC_MBOX_OP_SET_RX_MODE, 4, EMUNIC_MBOX_CAP_RX_MODE },
	{ EMUNIC_MBOX_OP_GET_RSS, 0, EMUNIC_MBOX_CAP_RSS },
};

/* All that @granted does not allow is refused for the state. */
static void expect_state(struct vf *vf, bool versioned, u32 granted)
{
	u8 payload[8] = { 0 };
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (versioned && !(ops[i].cap & ~granted))
			continue;
		status = mbox_call(vf, ops[i].opcode, payload, ops[i].len,
				   NULL, 0);
		expect(status == EMUNIC_MBOX_ST_STATE,
		       "opcode %#x, version %d, capabilities %#x: status %d",
		       ops[i].opcode, versioned, granted, status);
	}
}

static void wrong_state(struct vf *vf)
{
	u16 minor = EMUNIC_MBOX_VERSION_MINOR;
	u32 caps;

	expect_state(vf, false, 0);
	expect(!vf_version(vf, 1, &minor), "VERSION is refused");
	expect_state(vf, true, 0);
	for (u32 wanted = 0; wanted <= CAPS_11; wanted++) {
		caps = wanted;
		expect(!vf_caps(vf, &caps) && !(caps & ~wanted),
		       "GET_CAPS %#x grants %#x", wanted, caps);
		expect_state(vf, true, caps);
	}
	/* VERSION forgets what was granted, a reset forgets VERSION. */
	expect(!vf_version(vf, 1, &minor), "VERSION again is refused");
	expect_state(vf, true, 0);
	vf_write(vf, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
	expect_state(vf, false, 0);
}

static void refused_versions(struct vf *vf)
{
	static const u16 majors[] = { 0, 2, 3, 0x00ff, 0x0100, 0x0101,
					   0xffff };
	u16 minor;
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(majors); i++) {
		minor = 1;
		expect(!vf_version(vf, 1, &minor), "1.1 is refused");
		minor = 0;
		status = vf_version(vf, majors[i], &minor);
		expect(status == EMUNIC_MBOX_ST_VERSION, "%u.0: status %d",
		       majors[i], status);
		expect_state(vf, false, 0);
	}
	minor = 0xffff;
	status = vf_version(vf, 1, &minor);
	expect(!status && minor == EMUNIC_MBOX_VERSION_MINOR,
	       "1.65535: status %d, 1.%u", status, minor);
}

/* A driver of the oldest version, from VERSION to traffic */
static void oldest_version(struct vf *vf)
{
	u32 caps = CAPS_11;
	int status;

	if (!vf_session(vf, 0, CAPS_10))
		return;
	expect(!vf->config.max_mcasts, "a field that 1.0 has not: %u",
	       le16toh(vf->config.max_mcasts));
	status = vf_caps(vf, &caps);
	expect(!status && caps == CAPS_10,
	       "a capability that 1.0 has not: status %d, %#x", status, caps);
	expect_state(vf, true, caps);
}

/* And one of the newest */
static void newest_version(struct vf *vf)
{
	struct emunic_mbox_rss rss;
	int status;

	if (!vf_session(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_11))
		return;
	expect(vf->config.max_mcasts, "no quota of multicast filters");
	status = mbox_call(vf, EMUNIC_MBOX_OP_GET_RSS, NULL, 0, &rss,
			   sizeof(rss));
	expect(status == EMUNIC_MBOX_ST_PERM,
	       "the RSS key, which nobody allowed: status %d", status);
}

const struct attack version_attacks[] = {
	{ "version_wrong_state", wrong_state },
	{ "version_refused", refused_versions },
	{ "version_oldest", oldest_version },
	{ "version_newest", newest_version },
	{ }
};
