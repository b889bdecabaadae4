// SPDX-License-Identifier: GPL-2.0-only
/*
 * emunic: the gate that VF messages pass, and what each asks for.
 *
 * A message is checked against one table, in this order: length of the header,
 * opcode, exact length, state and capability. What passes goes to its handler.
 */
#include "emunic.h"
#include "devlink.h"
#include "pf.h"

/**
 * struct emunic_pf_msg - a message that passed the gate
 * @emu: the PF
 * @rec: the sender's record, locked
 * @vport: the sender's vport
 * @payload: of the request, of the length in the table
 * @reply: payload of the reply
 * @reply_len: bytes of @reply, 0 unless the handler sets it
 */
struct emunic_pf_msg {
	struct emunic *emu;
	struct emunic_vf_rec *rec;
	u16 vport;
	const void *payload;
	void *reply;
	size_t reply_len;
};

/**
 * struct emunic_pf_op - an opcode
 * @opcode: EMUNIC_MBOX_OP_*
 * @len: bytes of payload, exactly
 * @versioned: VERSION must have been agreed
 * @cap: capability that must have been granted, or 0
 * @handler: does it; returns EMUNIC_MBOX_ST_*
 */
struct emunic_pf_op {
	u16 opcode;
	u16 len;
	bool versioned;
	u32 cap;
	u16 (*handler)(struct emunic_pf_msg *msg);
};

static u16 emunic_pf_status(int err)
{
	switch (err) {
	case 0:
		return EMUNIC_MBOX_ST_OK;
	case -ENOSPC:
		return EMUNIC_MBOX_ST_QUOTA;
	default:
		return EMUNIC_MBOX_ST_FAILED;
	}
}

static u16 emunic_pf_mac(const struct emunic_pf_msg *msg, u16 opcode,
			 const u8 *mac)
{
	return emunic_pf_status(emunic_vport_mac_filter(msg->emu, msg->vport,
							opcode, mac));
}

static u16 emunic_pf_vlan(const struct emunic_pf_msg *msg, u16 opcode, u16 vid)
{
	return emunic_pf_status(emunic_vport_vlan_filter(msg->emu, msg->vport,
							 opcode, vid));
}

static u16 emunic_pf_op_version(struct emunic_pf_msg *msg)
{
	const struct emunic_mbox_version *req = msg->payload;
	struct emunic_mbox_version *reply = msg->reply;
	u16 major = le16_to_cpu(req->major);
	u16 minor = le16_to_cpu(req->minor);
	u16 status;

	/* The VF begins anew, and does not know what it has */
	if (msg->rec->state.stale)
		emunic_pf_vf_drop_state(msg->emu, msg->rec);
	msg->rec->state.versioned = false;
	msg->rec->state.caps = 0;
	status = emunic_policy_version(&major, &minor,
				       READ_ONCE(msg->emu->mbox_minor));
	if (status)
		return status;

	msg->rec->state.versioned = true;
	msg->rec->state.minor = minor;
	reply->major = cpu_to_le16(major);
	reply->minor = cpu_to_le16(minor);
	msg->reply_len = sizeof(*reply);
	return EMUNIC_MBOX_ST_OK;
}

static u16 emunic_pf_op_get_caps(struct emunic_pf_msg *msg)
{
	const struct emunic_mbox_caps *req = msg->payload;
	struct emunic_mbox_caps *reply = msg->reply;

	msg->rec->state.caps = emunic_policy_caps(msg->rec,
						  le32_to_cpu(req->caps));
	reply->caps = cpu_to_le32(msg->rec->state.caps);
	msg->reply_len = sizeof(*reply);
	return EMUNIC_MBOX_ST_OK;
}

static u16 emunic_pf_op_get_config(struct emunic_pf_msg *msg)
{
	emunic_policy_config(msg->rec, msg->reply);
	msg->reply_len = sizeof(struct emunic_mbox_config);
	return EMUNIC_MBOX_ST_OK;
}

/* Frames to others are for those whom the administrator trusts. */
static bool emunic_pf_may_share_mac(const struct emunic_pf_msg *msg,
				    const u8 *mac)
{
	return msg->rec->policy.trusted || is_multicast_ether_addr(mac) ||
	       !emunic_pf_mac_is_anothers(msg->emu, msg->rec, mac);
}

/*
 * The address that a VF chooses beside a given one is a filter: unlike the
 * vport's address it goes with the VF's next reset, as the trust may.
 */
static u16 emunic_pf_set_second_mac(const struct emunic_pf_msg *msg,
				    const u8 *mac)
{
	struct emunic_vf_rec *rec = msg->rec;
	bool given = ether_addr_equal_unaligned(mac, rec->policy.mac);
	u16 status = EMUNIC_MBOX_ST_OK;

	if (ether_addr_equal_unaligned(mac, rec->state.mac))
		return EMUNIC_MBOX_ST_OK;

	if (!given)
		status = emunic_pf_mac(msg, EMUNIC_ADMIN_VPORT_ADD_MAC, mac);
	if (status)
		return status;

	emunic_pf_vf_drop_second_mac(msg->emu, rec);
	if (!given)
		memcpy(rec->state.mac, mac, ETH_ALEN);
	return EMUNIC_MBOX_ST_OK;
}

static u16 emunic_pf_op_set_mac(struct emunic_pf_msg *msg)
{
	const struct emunic_mbox_mac *req = msg->payload;
	u16 status = emunic_policy_vf_set_mac(msg->rec, req->mac);

	if (status)
		return status;
	if (!emunic_pf_may_share_mac(msg, req->mac))
		return EMUNIC_MBOX_ST_PERM;
	if (!is_zero_ether_addr(msg->rec->policy.mac))
		return emunic_pf_set_second_mac(msg, req->mac);

	status = emunic_pf_mac(msg, EMUNIC_ADMIN_VPORT_SET_MAC, req->mac);
	if (!status)
		memcpy(msg->rec->state.mac, req->mac, ETH_ALEN);
	return status;
}

static u16 emunic_pf_op_add_mac(struct emunic_pf_msg *msg)
{
	const struct emunic_mbox_mac *req = msg->payload;
	bool known;
	u16 status;

	status = emunic_policy_vf_add_mac(msg->rec, req->mac, &known);
	if (status || known)
		return status;
	if (!emunic_pf_may_share_mac(msg, req->mac))
		return EMUNIC_MBOX_ST_PERM;

	status = emunic_pf_mac(msg, EMUNIC_ADMIN_VPORT_ADD_MAC, req->mac);
	if (!status)
		emunic_policy_commit_mac(msg->rec, req->mac, true);
	return status;
}

static u16 emunic_pf_op_del_mac(struct emunic_pf_msg *msg)
{
	const struct emunic_mbox_mac *req = msg->payload;
	u16 status = emunic_policy_vf_del_mac(msg->rec, req->mac);

	if (status)
		return status;

	if (!emunic_pf_is_second_mac(msg->rec, req->mac))
		status = emunic_pf_mac(msg, EMUNIC_ADMIN_VPORT_DEL_MAC,
				       req->mac);
	if (!status)
		emunic_policy_commit_mac(msg->rec, req->mac, false);
	return status;
}

static u16 emunic_pf_op_add_vlan(struct emunic_pf_msg *msg)
{
	const struct emunic_mbox_vlan *req = msg->payload;
	u16 vid = le16_to_cpu(req->vid);
	bool known;
	u16 status;

	status = emunic_policy_vf_add_vlan(msg->rec, vid, &known);
	if (status || known)
		return status;

	status = emunic_pf_vlan(msg, EMUNIC_ADMIN_VPORT_ADD_VLAN, vid);
	if (!status)
		emunic_policy_commit_vlan(msg->rec, vid, true);
	return status;
}

static u16 emunic_pf_op_del_vlan(struct emunic_pf_msg *msg)
{
	const struct emunic_mbox_vlan *req = msg->payload;
	u16 vid = le16_to_cpu(req->vid);
	u16 status = emunic_policy_vf_del_vlan(msg->rec, vid);

	if (status)
		return status;

	status = emunic_pf_vlan(msg, EMUNIC_ADMIN_VPORT_DEL_VLAN, vid);
	if (!status)
		emunic_policy_commit_vlan(msg->rec, vid, false);
	return status;
}

static u16 emunic_pf_op_set_rx_mode(struct emunic_pf_msg *msg)
{
	const struct emunic_mbox_rx_mode *req = msg->payload;
	u32 mode = le32_to_cpu(req->mode);
	u16 status = emunic_policy_vf_rx_mode(msg->rec, mode);

	if (status)
		return status;

	return emunic_pf_status(emunic_vport_set_rx_mode(msg->emu, msg->vport,
							 mode));
}

static u16 emunic_pf_op_get_rss(struct emunic_pf_msg *msg)
{
	msg->reply_len = sizeof(struct emunic_mbox_rss);
	return emunic_policy_rss(msg->rec, msg->reply);
}

static const struct emunic_pf_op emunic_pf_ops[] = {
	{ EMUNIC_MBOX_OP_VERSION, sizeof(struct emunic_mbox_version),
	  false, 0, emunic_pf_op_version },
	{ EMUNIC_MBOX_OP_GET_CAPS, sizeof(struct emunic_mbox_caps),
	  true, 0, emunic_pf_op_get_caps },
	{ EMUNIC_MBOX_OP_GET_CONFIG, 0,
	  true, 0, emunic_pf_op_get_config },
	{ EMUNIC_MBOX_OP_SET_MAC, sizeof(struct emunic_mbox_mac),
	  true, 0, emunic_pf_op_set_mac },
	{ EMUNIC_MBOX_OP_ADD_MAC, sizeof(struct emunic_mbox_mac),
	  true, EMUNIC_MBOX_CAP_FILTERS, emunic_pf_op_add_mac },
	{ EMUNIC_MBOX_OP_DEL_MAC, sizeof(struct emunic_mbox_mac),
	  true, EMUNIC_MBOX_CAP_FILTERS, emunic_pf_op_del_mac },
	{ EMUNIC_MBOX_OP_ADD_VLAN, sizeof(struct emunic_mbox_vlan),
	  true, EMUNIC_MBOX_CAP_FILTERS, emunic_pf_op_add_vlan },
	{ EMUNIC_MBOX_OP_DEL_VLAN, sizeof(struct emunic_mbox_vlan),
	  true, EMUNIC_MBOX_CAP_FILTERS, emunic_pf_op_del_vlan },
	{ EMUNIC_MBOX_OP_SET_RX_MODE, sizeof(struct emunic_mbox_rx_mode),
	  true, EMUNIC_MBOX_CAP_RX_MODE, emunic_pf_op_set_rx_mode },
	{ EMUNIC_MBOX_OP_GET_RSS, 0,
	  true, EMUNIC_MBOX_CAP_RSS, emunic_pf_op_get_rss },
};

static const struct emunic_pf_op *emunic_pf_find_op(u16 opcode)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(emunic_pf_ops); i++)
		if (emunic_pf_ops[i].opcode == opcode)
			return &emunic_pf_ops[i];

	return NULL;
}

/**
 * emunic_pf_mbox_gate() - may a message pass?
 * @rec: record of the sender; NULL if it has none
 * @data: the message, with its header
 * @len: bytes of @data
 * @op: set to its entry in the table if it may
 *
 * Pure: looks at nothing else.
 *
 * Return: EMUNIC_MBOX_ST_*
 */
u16 emunic_pf_mbox_gate(const struct emunic_vf_rec *rec, const void *data,
			size_t len, const struct emunic_pf_op **op)
{
	const struct emunic_mbox_hdr *hdr = data;

	if (len < sizeof(*hdr) || le16_to_cpu(hdr->len) != len - sizeof(*hdr))
		return EMUNIC_MBOX_ST_LENGTH;

	*op = emunic_pf_find_op(le16_to_cpu(hdr->opcode));
	if (!*op)
		return EMUNIC_MBOX_ST_OPCODE;
	if ((*op)->len != len - sizeof(*hdr))
		return EMUNIC_MBOX_ST_LENGTH;

	/* No record: the VF is being enabled or disabled */
	if (!rec || ((*op)->versioned && !rec->state.versioned) ||
	    ((*op)->cap & ~rec->state.caps))
		return EMUNIC_MBOX_ST_STATE;

	return EMUNIC_MBOX_ST_OK;
}

/**
 * emunic_pf_mbox_dispatch() - do what a message asks for
 * @emu: the PF
 * @rec: record of the sender, locked; NULL if it has none
 * @data: the message, with its header
 * @len: bytes of @data
 * @reply: zeroed, EMUNIC_MBOX_WINDOW_SIZE bytes
 *
 * Return: bytes of @reply; there is always a reply
 */
size_t emunic_pf_mbox_dispatch(struct emunic *emu, struct emunic_vf_rec *rec,
			       const void *data, size_t len, void *reply)
{
	const struct emunic_mbox_hdr *hdr = data;
	struct emunic_mbox_hdr *reply_hdr = reply;
	const struct emunic_pf_op *op;
	struct emunic_pf_msg msg = {
		.emu = emu,
		.rec = rec,
		.vport = rec ? rec->id + 1 : 0,
		.payload = hdr + 1,
		.reply = reply_hdr + 1,
	};
	u16 status;

	status = emunic_pf_mbox_gate(rec, data, len, &op);
	if (!status)
		status = op->handler(&msg);

	emu->pf->counters.vf_requests++;
	emu->pf->counters.vf_refused += !!status;
	if (rec)
		rec->refused += !!status;
	/* All else may be asked for in good faith */
	if (rec && (status == EMUNIC_MBOX_ST_OPCODE ||
		    status == EMUNIC_MBOX_ST_LENGTH))
		emunic_health_vf_offence(emu, rec->id, EMUNIC_OFFENCE_MESSAGE,
					 rec->refused);
	if (len >= sizeof(*hdr))
		reply_hdr->opcode = hdr->opcode;
	if (status)
		msg.reply_len = 0;
	reply_hdr->len = cpu_to_le16(msg.reply_len);
	reply_hdr->status = cpu_to_le16(status);

	return sizeof(*reply_hdr) + msg.reply_len;
}
