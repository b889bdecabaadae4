/*
 * emunic: frames: buffers, tags and checksums that are left to the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "frame.h"
#include "net/checksum.h"

EmunicScratch *emunic_scratch_new(void)
{
    EmunicScratch *scratch = g_new0(EmunicScratch, 1);

    scratch->hdr = g_malloc0(EMUNIC_HDR_ROOM + EMUNIC_FRAME_MAX);
    scratch->segment_hdr = g_malloc0(EMUNIC_HDR_ROOM + EMUNIC_GSO_HDR_MAX);
    scratch->bounce = g_malloc0(EMUNIC_BIG_GSO_MAX);
    return scratch;
}

void emunic_scratch_free(EmunicScratch *scratch)
{
    g_free(scratch->hdr);
    g_free(scratch->segment_hdr);
    g_free(scratch->bounce);
    g_free(scratch);
}

static void emunic_frame_hdr_changed(EmunicFrame *fr)
{
    fr->iov[0].iov_base = fr->hdr;
    fr->iov[0].iov_len = EMUNIC_MACS_LEN;
    fr->iov[1].iov_base = fr->hdr + EMUNIC_MACS_LEN;
    fr->iov[1].iov_len = fr->hdr_copied - EMUNIC_MACS_LEN;
}

static void emunic_frame_read_tag(EmunicFrame *fr)
{
    uint16_t type = lduw_be_p(fr->hdr + EMUNIC_MACS_LEN);

    fr->tpid = 0;
    fr->tci = 0;
    if ((type == ETH_P_VLAN || type == ETH_P_DVLAN) &&
        fr->hdr_copied >= ETH_HLEN + EMUNIC_TAG_LEN) {
        fr->tpid = type;
        fr->tci = lduw_be_p(fr->hdr + ETH_HLEN);
    }
}

/*
 * @hdr: copy of the first @hdr_copied bytes (at least ETH_HLEN), with room
 * for EMUNIC_TAGS_MAX tags before it; @iov: the other @len - @hdr_copied, all
 * of them, in EMUNIC_FRAME_IOV - 2 pieces at most.
 */
void emunic_frame_init(EmunicFrame *fr, uint8_t *hdr, uint32_t hdr_copied,
                       uint32_t len, const struct iovec *iov, int iovcnt,
                       uint16_t src)
{
    memset(&fr->iovcnt, 0, sizeof(*fr) - offsetof(EmunicFrame, iovcnt));
    fr->hdr = hdr;
    fr->hdr_copied = hdr_copied;
    fr->len = len;
    fr->sent_len = len;
    fr->src = src;
    fr->iovcnt = 2;
    emunic_frame_hdr_changed(fr);
    emunic_frame_read_tag(fr);
    if (len > hdr_copied) {
        assert(iovcnt <= EMUNIC_FRAME_IOV - 2);
        fr->iovcnt += iov_copy(fr->iov + 2, EMUNIC_FRAME_IOV - 2, iov, iovcnt,
                               0, len - hdr_copied);
    }
}

/*
 * @to begins as @fr does: with its first @len bytes, which have been copied to
 * @hdr, and with nothing yet in iov[2], which is for what is behind them.
 */
void emunic_frame_copy(EmunicFrame *to, const EmunicFrame *fr, uint8_t *hdr,
                       uint32_t len)
{
    memcpy(&to->src, &fr->src, sizeof(*to) - offsetof(EmunicFrame, src));
    to->hdr = hdr;
    to->hdr_copied = len;
    to->len = len;
    to->sent_len = len;
    emunic_frame_hdr_changed(to);
    to->iov[2].iov_base = hdr + len;
    to->iov[2].iov_len = 0;
    to->iovcnt = 3;
}

/* A new outer tag */
void emunic_frame_insert_tag(EmunicFrame *fr, uint16_t tpid, uint16_t tci)
{
    memmove(fr->hdr - EMUNIC_TAG_LEN, fr->hdr, EMUNIC_MACS_LEN);
    fr->hdr -= EMUNIC_TAG_LEN;
    fr->hdr_copied += EMUNIC_TAG_LEN;
    fr->len += EMUNIC_TAG_LEN;
    fr->csum_start += EMUNIC_TAG_LEN;
    fr->hdr_len += EMUNIC_TAG_LEN;
    fr->gso_l3 += EMUNIC_TAG_LEN;
    fr->gso_outer += fr->gso_outer ? EMUNIC_TAG_LEN : 0;
    emunic_frame_hdr_changed(fr);
    emunic_frame_set_tag(fr, tpid, tci);
}

/* Other contents for the outer tag that is there */
void emunic_frame_set_tag(EmunicFrame *fr, uint16_t tpid, uint16_t tci)
{
    stw_be_p(fr->hdr + EMUNIC_MACS_LEN, tpid);
    stw_be_p(fr->hdr + ETH_HLEN, tci);
    fr->tpid = tpid;
    fr->tci = tci;
}

static uint16_t emunic_frame_finish_csum(EmunicFrame *fr)
{
    uint32_t sum;

    if (!fr->csum_finished) {
        sum = net_checksum_add_iov(fr->iov, fr->iovcnt, fr->csum_start,
                                   fr->len - fr->csum_start, 0);
        fr->csum_final = net_checksum_finish_nozero(sum);
        fr->csum_finished = true;
    }
    return fr->csum_final;
}

/*
 * What one port gets in the checksum field: the finished sum, or the partial
 * one as the sender left it. The sum is made once, from the partial one.
 */
void emunic_frame_put_csum(EmunicFrame *fr, bool finished)
{
    uint16_t value;

    if (fr->csum) {
        value = finished ? emunic_frame_finish_csum(fr) : fr->csum_partial;
        stw_be_p(fr->hdr + fr->csum_start + fr->csum_offset, value);
    }
}

/* Folded sum of the bytes from offset @from to the end, not inverted */
uint16_t emunic_frame_sum(const EmunicFrame *fr, uint32_t from)
{
    return ~net_checksum_finish(net_checksum_add_iov(fr->iov, fr->iovcnt, from,
                                                     fr->len - from, 0));
}

uint32_t emunic_frame_segments(const EmunicFrame *fr)
{
    if (fr->merged) {
        return fr->merged;
    }
    if (!fr->gso_type || fr->len <= fr->hdr_len) {
        return 1;
    }
    return DIV_ROUND_UP(fr->len - fr->hdr_len, fr->gso_size);
}

/* Bytes of all segments of @fr, as a frame of @len bytes at that place */
uint64_t emunic_frame_wire_bytes(const EmunicFrame *fr, uint32_t len)
{
    uint32_t header = fr->hdr_len - (fr->len - len);

    return len + (emunic_frame_segments(fr) - 1) * (uint64_t)header;
}
