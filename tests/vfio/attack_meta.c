// SPDX-License-Identifier: GPL-2.0-only
/* Frames: lengths, GSO metadata, checksum offsets, headers that lie. */
#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <string.h>

#include "attack.h"

#define PAYLOAD	3000
#define IP	ETH_HLEN
#define TCP	(IP + 20)
#define HEADERS	(TCP + 20)
#define INNER	(EMUNIC_TX_META | EMUNIC_TX_CSUM | EMUNIC_TX_GSO | \
		 EMUNIC_TX_INNER)

static bool start_pair(struct pair *p, struct vf *vf)
{
	pair_init(p, vf);
	return vf_introduce(vf, EMUNIC_MBOX_VERSION_MINOR, CAPS_10) &&
	       pair_start(p);
}

static void expect_status(struct pair *p, const struct emunic_tx_meta *meta,
			  const u8 *frame, size_t len, int want,
			  const char *what, int n)
{
	int status = tx_send(&p->tx, meta, frame, len);

	expect(status == want, "%s %d: status %d, not %d", what, n, status,
	       want);
}

/* A frame that repeats the first bytes of @frame, as memory is short */
static void send_long(struct queue *q, const struct emunic_tx_meta *meta,
		      const u8 *frame, size_t len, int want)
{
	struct emunic_tx_cpl done;
	size_t piece;

	memcpy(q->buffers, frame, 60000);
	tx_put_meta(q, meta);
	for (size_t at = 0; at < len; at += piece) {
		piece = len - at > 60000 ? 60000 : len - at;
		tx_put(q, vf_iova(q->vf, q->buffers), piece,
		       at + piece == len ? EMUNIC_TX_EOP : 0);
	}
	tx_flush(q);
	expect(tx_done(q, &done, 2000) && le16toh(done.status) == want,
	       "GSO length %zu: not status %d", len, want);
}

static void lengths(struct vf *vf)
{
	static u8 frame[70000];
	struct emunic_tx_meta meta;
	struct pair p;

	if (!start_pair(&p, vf))
		return;
	frame_tcp(vf, frame, sizeof(frame) - HEADERS);
	for (int len = 1; len < EMUNIC_FRAME_MIN; len++)
		expect_status(&p, NULL, frame, len, EMUNIC_TX_STATUS_LENGTH,
			      "length", len);
	for (int len = EMUNIC_FRAME_MAX + 1; len < 65535; len += 1111)
		expect_status(&p, NULL, frame, len, EMUNIC_TX_STATUS_LENGTH,
			      "length", len);
	meta_tcp(&meta, 1400);
	for (size_t len = EMUNIC_BIG_GSO_MAX + 1; len < 500000; len += 9999)
		send_long(&p.tx, &meta, frame, len, EMUNIC_TX_STATUS_LENGTH);
	send_long(&p.tx, &meta, frame, EMUNIC_BIG_GSO_MAX, EMUNIC_TX_STATUS_OK);
	expect_status(&p, NULL, frame, HEADERS + 100, EMUNIC_TX_STATUS_OK,
		      "length", HEADERS + 100);
}

/* Metadata of a good GSO frame, each with one thing wrong */
static const struct emunic_tx_meta broken[] = {
#define META(...) { .csum_start = TCP, .csum_offset = 16, .gso_size = 1000, \
		    .gso_type = EMUNIC_GSO_TCPV4, .hdr_len = HEADERS, \
		    .flags = EMUNIC_TX_META | EMUNIC_TX_CSUM | EMUNIC_TX_GSO, \
		    __VA_ARGS__ }
	META(.flags = EMUNIC_TX_META | EMUNIC_TX_GSO),
	META(.gso_type = EMUNIC_GSO_NONE),
	META(.gso_type = EMUNIC_GSO_TCPV6),
	META(.gso_type = EMUNIC_GSO_UDPV4),
	META(.gso_type = EMUNIC_GSO_UDPV6),
	META(.gso_type = EMUNIC_GSO_UDPV6 + 1),
	META(.gso_type = 255),
	META(.gso_size = 0),
	META(.gso_size = 1),
	META(.gso_size = 2),
	META(.gso_size = EMUNIC_FRAME_MAX),
	META(.gso_size = 0xffff),
	META(.hdr_len = 0),
	META(.hdr_len = ETH_HLEN),
	META(.hdr_len = HEADERS - 1),
	META(.hdr_len = HEADERS + 1),
	META(.hdr_len = HEADERS + 4),
	META(.hdr_len = 0xffff),
	META(.hdr_len = 4000),
	META(.csum_start = 0),
	META(.csum_start = IP),
	META(.csum_start = TCP - 1),
	META(.csum_start = TCP + 4),
	META(.csum_start = HEADERS),
	META(.csum_start = 0xffff),
	META(.csum_offset = 20),
	META(.csum_offset = 0xffff),
	META(.inner_l3 = 1),
	META(.inner_l3 = IP),
	META(.inner_l3 = 0xffff),
	META(.flags = INNER),
	META(.flags = INNER, .inner_l3 = IP),
	META(.flags = INNER, .inner_l3 = TCP),
	META(.flags = INNER, .inner_l3 = HEADERS),
	META(.flags = INNER, .inner_l3 = 0xffff),
	META(.flags = INNER & ~EMUNIC_TX_GSO, .inner_l3 = TCP),
	META(.flags = EMUNIC_TX_META, .inner_l3 = TCP),
#undef META
};

/*
 * The same of a frame in a tunnel: IPv4 in IPv4.  The segments are 1000 bytes,
 * and so many that they come out even.
 */
#define OUTER	20

static const struct emunic_tx_meta broken_inner[] = {
#define META(...) { .csum_start = TCP + OUTER, .csum_offset = 16, \
		    .gso_size = 1000, .gso_type = EMUNIC_GSO_TCPV4, \
		    .hdr_len = HEADERS + OUTER, .inner_l3 = IP + OUTER, \
		    .flags = INNER, __VA_ARGS__ }
	META(.inner_l3 = 0),
	META(.inner_l3 = 1),
	META(.inner_l3 = IP),
	META(.inner_l3 = IP + OUTER - 1),
	META(.inner_l3 = IP + OUTER + 1),
	META(.inner_l3 = TCP + OUTER),
	META(.inner_l3 = HEADERS + OUTER),
	META(.inner_l3 = HEADERS + OUTER + 1),
	META(.inner_l3 = 256),
	META(.inner_l3 = 3000),
	META(.inner_l3 = 0xffff),
	META(.flags = INNER & ~EMUNIC_TX_INNER),
	META(.flags = INNER & ~EMUNIC_TX_CSUM),
	META(.gso_type = EMUNIC_GSO_NONE),
	META(.gso_type = EMUNIC_GSO_TCPV6),
	META(.gso_type = EMUNIC_GSO_UDPV4),
	META(.gso_size = 999),
	META(.gso_size = 1001),
	META(.csum_start = TCP),
	META(.hdr_len = HEADERS),
	META(.hdr_len = 256),
#undef META
};

static void gso_metadata(struct vf *vf)
{
	u8 frame[HEADERS + PAYLOAD];
	struct emunic_tx_meta good;
	struct pair p;
	size_t len;

	if (!start_pair(&p, vf))
		return;
	len = frame_tcp(vf, frame, PAYLOAD);
	meta_tcp(&good, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		expect_status(&p, &broken[i], frame, len,
			      EMUNIC_TX_STATUS_META, "META", i);
		expect_status(&p, &good, frame, len, EMUNIC_TX_STATUS_OK,
			      "a good one after META", i);
	}
}

/* @frame of @len bytes behind one more IPv4 header; the new length */
static size_t put_outer(u8 *frame, size_t len)
{
	memmove(frame + IP + OUTER, frame + IP, len - IP);
	memcpy(frame + IP, frame + IP + OUTER, OUTER);
	frame[IP + 9] = IPPROTO_IPIP;
	return len + OUTER;
}

static void inner_metadata(struct vf *vf)
{
	u8 frame[HEADERS + OUTER + PAYLOAD];
	struct emunic_tx_meta good;
	struct pair p;
	size_t len;

	if (!start_pair(&p, vf))
		return;
	len = put_outer(frame, frame_tcp(vf, frame, PAYLOAD));
	meta_tcp(&good, 1000);
	good.flags = htole16(INNER);
	good.inner_l3 = htole16(IP + OUTER);
	good.csum_start = htole16(TCP + OUTER);
	good.hdr_len = htole16(HEADERS + OUTER);
	for (size_t i = 0; i < ARRAY_SIZE(broken_inner); i++) {
		expect_status(&p, &broken_inner[i], frame, len,
			      EMUNIC_TX_STATUS_META, "inner META", i);
		expect_status(&p, &good, frame, len, EMUNIC_TX_STATUS_OK,
			      "a good one after inner META", i);
	}
	expect_status(&p, &good, frame, len - 1, EMUNIC_TX_STATUS_META,
		      "a part of a segment", len - 1);
	/* Outer headers that are none, or end behind the inner one */
	for (int i = 0; i < 16; i++) {
		if (i == 5)
			continue;
		frame[IP] = 0x40 | i;
		expect_status(&p, &good, frame, len, EMUNIC_TX_STATUS_META,
			      "outer words", i);
	}
	frame[IP] = 0x65;
	expect_status(&p, &good, frame, len, EMUNIC_TX_STATUS_META,
		      "outer version", 6);
	frame[IP] = 0x45;
	frame[12] = 0x88;
	expect_status(&p, &good, frame, len, EMUNIC_TX_STATUS_META,
		      "outer type", 0x8800);
}

/* Headers that are not what the metadata says */
static const struct lie {
	u8 at;
	u8 value;
} lies[] = {
	{ 12, 0x86 }, { 12, 0x81 }, { 13, 0x06 }, { IP, 0x46 }, { IP, 0x44 },
	{ IP, 0x40 }, { IP, 0x4f }, { IP, 0x65 }, { IP + 9, 17 },
	{ IP + 9, 0 }, { TCP + 12, 0x40 }, { TCP + 12, 0x60 },
	{ TCP + 12, 0x00 }, { TCP + 12, 0xf0 },
};

static void gso_headers(struct vf *vf)
{
	u8 frame[HEADERS + PAYLOAD];
	struct emunic_tx_meta meta;
	struct pair p;
	size_t len;

	if (!start_pair(&p, vf))
		return;
	meta_tcp(&meta, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		len = frame_tcp(vf, frame, PAYLOAD);
		frame[lies[i].at] = lies[i].value;
		expect_status(&p, &meta, frame, len, EMUNIC_TX_STATUS_META,
			      "header", i);
	}
	/* Behind a tag, two, and an outer one, of which none is accounted for */
	for (int tags = 1; tags < 4; tags++) {
		len = frame_tcp(vf, frame, PAYLOAD - 16);
		memmove(frame + 12 + 4 * tags, frame + 12, len - 12);
		for (int i = 0; i < tags; i++)
			memcpy(frame + 12 + 4 * i, "\x81\x00\x00\x05", 4);
		expect_status(&p, &meta, frame, len + 4 * tags,
			      EMUNIC_TX_STATUS_META, "tags", tags);
	}
}

/*
 * Checksums that would be stored over addresses and tag, behind the frame, or
 * around 2^16.
 */
static void checksums(struct vf *vf)
{
	u8 frame[HEADERS + 100];
	struct emunic_tx_meta meta = {
		.flags = htole16(EMUNIC_TX_META | EMUNIC_TX_CSUM),
	};
	struct pair p;
	size_t len;

	if (!start_pair(&p, vf))
		return;
	len = frame_tcp(vf, frame, 100);
	for (int start = 0; start < ETH_HLEN; start++) {
		meta.csum_start = htole16(start);
		for (int offset = 0; offset < 40; offset += 2) {
			meta.csum_offset = htole16(offset);
			expect_status(&p, &meta, frame, len,
				      EMUNIC_TX_STATUS_META, "start", start);
		}
	}
	for (int start = ETH_HLEN; start < 65536; start += 1 + start / 8) {
		meta.csum_start = htole16(start);
		meta.csum_offset = htole16(start >= (int)len - 1 ? 0 :
					   len - 1 - start);
		expect_status(&p, &meta, frame, len, EMUNIC_TX_STATUS_META,
			      "past the end, start", start);
		meta.csum_offset = htole16(0xffff);
		expect_status(&p, &meta, frame, len, EMUNIC_TX_STATUS_META,
			      "offset 65535, start", start);
	}
	/* A tag of our own: the field may not lie in it either. */
	memmove(frame + 16, frame + 12, len - 16);
	memcpy(frame + 12, "\x81\x00\x00\x00", 4);
	for (int start = ETH_HLEN; start < ETH_HLEN + 4; start++) {
		meta.csum_start = htole16(start);
		meta.csum_offset = 0;
		expect_status(&p, &meta, frame, len, EMUNIC_TX_STATUS_META,
			      "in the tag, start", start);
	}
}

/* Anything at all in headers and metadata: it only has to be survived. */
static void random_frames(struct vf *vf)
{
	u8 frame[HEADERS + PAYLOAD];
	struct emunic_tx_meta meta;
	struct pair p;
	size_t len;

	if (!start_pair(&p, vf))
		return;
	for (int i = 0; i < 2000; i++) {
		len = frame_tcp(vf, frame, random_below(PAYLOAD));
		for (u32 n = random_below(6); n--;)
			frame[12 + random_below(HEADERS - 12)] = random32();
		meta_tcp(&meta, random_below(i % 2 ? 1500 : 30));
		/* All but the reserved byte, which would be a queue error */
		if (i % 3 == 0)
			((u8 *)&meta)[random_below(7)] = random32();
		if (i % 5 == 0)
			meta.inner_l3 = htole16(random_below(i % 2 ? 100 :
							     65536));
		if (i % 4 == 0)
			meta.flags ^= htole16(random_below(32) * EMUNIC_TX_CSUM);
		if (!expect(tx_send(&p.tx, &meta, frame, len) >= 0,
			    "frame %d has no completion", i))
			return;
	}
}

const struct attack meta_attacks[] = {
	{ "meta_lengths", lengths },
	{ "meta_gso", gso_metadata },
	{ "meta_inner", inner_metadata },
	{ "meta_headers", gso_headers },
	{ "meta_checksums", checksums },
	{ "meta_random", random_frames },
	{ }
};
