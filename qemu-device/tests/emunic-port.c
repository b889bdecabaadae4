/*
 * emunic: functions with one queue pair each, for tests of the data path
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"

const uint8_t pf_mac[6] = { 0x02, 0, 0, 0, 0, 0x10 };
const uint8_t vf_mac[2][6] = {
    { 0x02, 0, 0, 0, 0, 0x20 }, { 0x02, 0, 0, 0, 0, 0x21 }
};
const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

void port_post(Port *p, uint32_t count)
{
    for (; count; count--) {
        uint32_t id = p->rx.tail % RX_POSTED;
        struct emunic_rx_desc desc = {
            .addr = cpu_to_le64(p->rx_buf + id * p->stride),
            .len = cpu_to_le32(p->buf_len),
            .buf_id = cpu_to_le16(id),
        };

        qemunic_put(&p->rx, &desc, sizeof(desc));
    }
    qemunic_tail(&p->rx);
}

void port_start(Port *p, uint16_t vport, QEmunicQueue *admin,
                const uint8_t *mac)
{
    QEmunic *nic = p->f.nic;

    p->buf_len = RX_BUF;
    p->stride = RX_BUF;
    p->tx_buf = qemunic_alloc(nic, TX_BUF);
    p->tx_slots = TX_SLOTS;
    p->rx_buf = qemunic_alloc(nic, RX_POSTED * RX_BUF);
    qemunic_queue_init(&p->f, EMUNIC_TX_BLOCK, 6, 1, &p->tx);
    qemunic_queue_init(&p->f, EMUNIC_RX_BLOCK, 6, 2, &p->rx);
    qemunic_queue_start(&p->tx);
    qemunic_queue_start(&p->rx);
    port_post(p, RX_POSTED);
    g_assert_cmpuint(qemunic_admin(admin, EMUNIC_ADMIN_VPORT_SET_MAC, vport,
                                   mac, 6, 0, 0), ==, 0);
    qemunic_write(&p->f, EMUNIC_RX_MAX_FRAME, 9600);
    qemunic_write(&p->f, EMUNIC_CTRL, EMUNIC_CTRL_ENABLE);
}

/* A new Rx queue, with buffers for the longest frames */
void port_big_buffers(Port *p)
{
    qemunic_write(&p->f, EMUNIC_RX_BLOCK + EMUNIC_Q_CTRL, 0);
    qemunic_queue_init(&p->f, EMUNIC_RX_BLOCK, 6, 2, &p->rx);
    qemunic_queue_start(&p->rx);
    p->stride = p->buf_len = EMUNIC_RX_BUF_MAX;
    p->rx_buf = qemunic_alloc(p->f.nic, RX_POSTED * EMUNIC_RX_BUF_MAX);
    port_post(p, RX_POSTED);
}

void data_start(Data *d, const char *args, const char *device)
{
    memset(d, 0, sizeof(*d));
    d->nic = qemunic_start(device, args);
    data_init(d);
}

/* A device as it is after a reset gets two VFs, and all three are set up. */
void data_init(Data *d)
{
    qemunic_pf_init(d->nic, &d->pf.f);
    qemunic_set_num_vfs(&d->pf.f, 2);
    qemunic_vf_init(&d->pf.f, 0, &d->vf[0].f);
    qemunic_vf_init(&d->pf.f, 1, &d->vf[1].f);
    qemunic_pf_ready(&d->pf.f, &d->admin, &d->event);
    port_start(&d->pf, 0, &d->admin, pf_mac);
    port_start(&d->vf[0], 1, &d->admin, vf_mac[0]);
    port_start(&d->vf[1], 2, &d->admin, vf_mac[1]);
}

void build(uint8_t *frame, size_t len, const uint8_t *dst,
           const uint8_t *src, uint16_t type)
{
    for (size_t i = 14; i < len; i++) {
        frame[i] = i * 7 + (i >> 8);
    }
    memcpy(frame, dst, 6);
    memcpy(frame + 6, src, 6);
    stw_be_p(frame + 12, type);
}

/* Queue a frame in pieces of at most @piece bytes; does not kick. */
void port_put(Port *p, const struct emunic_tx_meta *meta,
              const void *frame, uint32_t len, uint32_t piece)
{
    qtest_memwrite(p->f.nic->qts, p->tx_buf, frame, len);
    if (meta) {
        qemunic_put(&p->tx, meta, sizeof(*meta));
    }
    for (uint32_t at = 0; at < len; at += piece) {
        struct emunic_tx_desc desc = {
            .addr = cpu_to_le64(p->tx_buf + at),
            .len = cpu_to_le32(MIN(piece, len - at)),
            .flags = cpu_to_le16(at + piece >= len ? EMUNIC_TX_EOP : 0),
        };

        qemunic_put(&p->tx, &desc, sizeof(desc));
    }
}

uint16_t port_tx_done(Port *p)
{
    struct emunic_tx_cpl cpl;

    g_assert_true(qemunic_queue_wait(&p->tx, sizeof(cpl),
                                     offsetof(struct emunic_tx_cpl, flags),
                                     &cpl));
    g_assert_cmpuint(le32_to_cpu(cpl.sq_head), ==, p->tx.tail);
    return le16_to_cpu(cpl.status);
}

uint16_t port_send(Port *p, const struct emunic_tx_meta *meta,
                   const void *frame, uint32_t len)
{
    port_put(p, meta, frame, len, len > UINT16_MAX ? 40000 : len);
    qemunic_tail(&p->tx);
    return port_tx_done(p);
}

/*
 * The next frame of @p, whose buffers are posted again. Completions are
 * written before the sender's, so that it is there or does not come.
 */
bool port_receive(Port *p, Frame *fr)
{
    struct emunic_rx_cpl cpl;

    fr->len = 0;
    fr->bufs = 0;
    do {
        if (!qemunic_queue_next(&p->rx, sizeof(cpl),
                                offsetof(struct emunic_rx_cpl, flags),
                                &cpl)) {
            g_assert_cmpuint(fr->bufs, ==, 0);
            return false;
        }
        if (!fr->bufs++) {
            fr->cpl = cpl;
            fr->flags = le16_to_cpu(cpl.flags);
        }
        qtest_memread(p->f.nic->qts,
                      p->rx_buf + le16_to_cpu(cpl.buf_id) * p->stride,
                      fr->data + fr->len, le32_to_cpu(cpl.len));
        fr->len += le32_to_cpu(cpl.len);
    } while (!(le16_to_cpu(cpl.flags) & EMUNIC_RX_EOP));
    port_post(p, fr->bufs);
    return true;
}

void expect(Port *p, const void *data, uint32_t len)
{
    Frame fr;

    g_assert_true(port_receive(p, &fr));
    g_assert_cmpuint(fr.len, ==, len);
    g_assert_cmpmem(fr.data, fr.len, data, len);
}

void expect_none(Port *p)
{
    Frame fr;

    g_assert_false(port_receive(p, &fr));
}

uint64_t vport_stat(Data *d, uint16_t vport, size_t offset)
{
    uint64_t data = qemunic_alloc(d->nic, 4096);

    g_assert_cmpuint(qemunic_admin(&d->admin, EMUNIC_ADMIN_VPORT_GET_STATS,
                                   vport, NULL, 0, data, 128), ==, 0);
    return qtest_readq(d->nic->qts, data + offset);
}

void admin_ok(Data *d, uint16_t opcode, uint16_t vport,
              const void *arg, size_t len)
{
    g_assert_cmpuint(qemunic_admin(&d->admin, opcode, vport, arg, len, 0, 0),
                     ==, 0);
}

void set_port_vlan(Data *d, uint16_t vport, uint16_t tpid,
                   uint16_t vid, uint16_t prio)
{
    struct emunic_admin_port_vlan arg = {
        .tpid = cpu_to_le16(tpid),
        .vid = cpu_to_le16(vid),
        .prio = cpu_to_le16(prio),
    };

    admin_ok(d, EMUNIC_ADMIN_VPORT_SET_VLAN, vport, &arg, sizeof(arg));
}

void tag(uint8_t *frame, size_t *len, uint16_t tpid, uint16_t tci)
{
    memmove(frame + 16, frame + 12, *len - 12);
    stw_be_p(frame + 12, tpid);
    stw_be_p(frame + 14, tci);
    *len += 4;
}

/* The uplink is one end of a socket: a length, then the frame. */
void uplink_write(int fd, const uint8_t *frame, uint32_t len)
{
    uint32_t head = cpu_to_be32(len);

    g_assert_cmpint(write(fd, &head, 4), ==, 4);
    g_assert_cmpint(write(fd, frame, len), ==, len);
}

uint32_t uplink_read(int fd, uint8_t *frame)
{
    uint32_t len, at = 0;

    g_assert_cmpint(recv(fd, &len, 4, MSG_WAITALL), ==, 4);
    len = be32_to_cpu(len);
    g_assert_cmpuint(len, <=, FRAME_MAX);
    at = recv(fd, frame, len, MSG_WAITALL);
    g_assert_cmpuint(at, ==, len);
    return len;
}

bool wait_receive(Port *p, Frame *fr)
{
    for (int i = 0; i < 2000; i++) {
        if (port_receive(p, fr)) {
            return true;
        }
        g_usleep(1000);
    }
    return false;
}
