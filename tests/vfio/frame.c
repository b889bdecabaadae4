// SPDX-License-Identifier: GPL-2.0-only
/* Frames, the neighbour that answers them, and the whole session. */
#include <arpa/inet.h>
#include <endian.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_arp.h>

#include "attack.h"

#define ANSWER_MS	3000

struct peer peer;
const u8 broadcast[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

struct arp {
	struct ethhdr eth;
	struct arphdr hdr;
	u8 sha[ETH_ALEN];
	u8 spa[4];
	u8 tha[ETH_ALEN];
	u8 tpa[4];
} __attribute__((packed));

/* In the peer's network, host number 200 + vport */
static u32 own_ip(const struct vf *vf)
{
	return (peer.ip & htonl(0xffffff00)) | htonl(200 + vf->mac[5] % 50);
}

size_t frame_arp(const struct vf *vf, u8 *frame)
{
	u32 ip = own_ip(vf);
	struct arp arp = {
		.eth.h_proto = htons(ETH_P_ARP),
		.hdr = {
			.ar_hrd = htons(ARPHRD_ETHER),
			.ar_pro = htons(ETH_P_IP),
			.ar_hln = ETH_ALEN,
			.ar_pln = 4,
			.ar_op = htons(ARPOP_REQUEST),
		},
	};

	memcpy(arp.eth.h_dest, peer.mac, ETH_ALEN);
	memcpy(arp.eth.h_source, vf->mac, ETH_ALEN);
	memcpy(arp.sha, vf->mac, ETH_ALEN);
	memcpy(arp.spa, &ip, 4);
	memcpy(arp.tpa, &peer.ip, 4);
	memcpy(frame, &arp, sizeof(arp));
	return sizeof(arp);
}

bool frame_is_answer(const struct vf *vf, const u8 *frame, size_t len)
{
	u32 ip = own_ip(vf);
	struct arp arp;

	if (len < sizeof(arp))
		return false;
	memcpy(&arp, frame, sizeof(arp));
	return arp.eth.h_proto == htons(ETH_P_ARP) &&
	       arp.hdr.ar_op == htons(ARPOP_REPLY) &&
	       !memcmp(arp.eth.h_dest, vf->mac, ETH_ALEN) &&
	       !memcmp(arp.eth.h_source, peer.mac, ETH_ALEN) &&
	       !memcmp(arp.tpa, &ip, 4) && !memcmp(arp.spa, &peer.ip, 4);
}

static const u8 tcp_headers[] = {
	/* Ethernet, addresses to be filled in */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00,
	/* IPv4, DF, TCP; lengths and checksums to be filled in */
	0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0,
	192, 0, 2, 200, 192, 0, 2, 1,
	/* TCP: ports, sequence numbers, ACK */
	0x30, 0x39, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0x10, 0, 0, 0,
	0, 0,
};

size_t frame_tcp(const struct vf *vf, u8 *frame, size_t payload)
{
	u16 total = htons(sizeof(tcp_headers) - ETH_HLEN + payload);

	memcpy(frame, tcp_headers, sizeof(tcp_headers));
	memcpy(frame, peer.mac, ETH_ALEN);
	memcpy(frame + ETH_ALEN, vf->mac, ETH_ALEN);
	memcpy(frame + ETH_HLEN + 2, &total, 2);
	memset(frame + sizeof(tcp_headers), 0x5a, payload);
	return sizeof(tcp_headers) + payload;
}

void meta_tcp(struct emunic_tx_meta *meta, u16 gso_size)
{
	*meta = (struct emunic_tx_meta) {
		.csum_start = htole16(ETH_HLEN + 20),
		.csum_offset = htole16(16),
		.gso_size = htole16(gso_size),
		.gso_type = EMUNIC_GSO_TCPV4,
		.hdr_len = htole16(sizeof(tcp_headers)),
		.flags = htole16(EMUNIC_TX_META | EMUNIC_TX_CSUM |
				 EMUNIC_TX_GSO),
	};
}

bool peer_answers(struct pair *p, unsigned int ms)
{
	u64 end = now_us() + ms * 1000ULL;
	struct vf *vf = p->tx.vf;
	u8 frame[BUF_SIZE];
	size_t len;

	len = frame_arp(vf, frame);
	if (tx_send(&p->tx, NULL, frame, len) != EMUNIC_TX_STATUS_OK)
		return false;
	do {
		len = rx_frame(&p->rx, frame, sizeof(frame), 10);
		if (frame_is_answer(vf, frame, len))
			return true;
	} while (now_us() < end);
	return false;
}

bool vf_session(struct vf *vf, u16 minor, u32 caps)
{
	struct pair p;

	if (!vf_introduce(vf, minor, caps))
		return false;
	pair_init(&p, vf);
	if (!pair_start(&p))
		return false;
	return expect(peer_answers(&p, ANSWER_MS),
		      "no answer of the neighbour");
}
