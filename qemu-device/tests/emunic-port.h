/*
 * emunic: functions with one queue pair each, for tests of the data path
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_EMUNIC_PORT_H
#define TESTS_QTEST_EMUNIC_PORT_H

#include "emunic-qos.h"

#define RX_BUF      2048
#define RX_POSTED   32
#define FRAME_MAX   16384
#define TX_BUF      270000
#define TX_SLOTS    64

/* A function with one queue pair and its buffers */
typedef struct Port {
    QEmunicFunction f;
    QEmunicQueue tx, rx;
    uint64_t tx_buf, rx_buf;
    uint32_t tx_slots;          /* frames of a turn that @tx_buf takes */
    uint32_t buf_len;
    uint32_t stride;            /* from one buffer to the next */
} Port;

typedef struct Data {
    QEmunic *nic;
    QEmunicQueue admin, event;
    Port pf, vf[2];
} Data;

/* A received frame, put together, with its first completion */
typedef struct Frame {
    struct emunic_rx_cpl cpl;
    uint16_t flags;
    uint32_t len;
    uint32_t bufs;
    uint8_t data[TX_BUF];
} Frame;

extern const uint8_t pf_mac[6];
extern const uint8_t vf_mac[2][6];
extern const uint8_t broadcast[6];

void port_start(Port *p, uint16_t vport, QEmunicQueue *admin,
                const uint8_t *mac);
void data_init(Data *d);
void data_start(Data *d, const char *args, const char *device);
void build(uint8_t *frame, size_t len, const uint8_t *dst,
           const uint8_t *src, uint16_t type);
void port_put(Port *p, const struct emunic_tx_meta *meta,
              const void *frame, uint32_t len, uint32_t piece);
uint16_t port_tx_done(Port *p);
uint16_t port_send(Port *p, const struct emunic_tx_meta *meta,
                   const void *frame, uint32_t len);
bool port_receive(Port *p, Frame *fr);
bool wait_receive(Port *p, Frame *fr);
void uplink_write(int fd, const uint8_t *frame, uint32_t len);
uint32_t uplink_read(int fd, uint8_t *frame);
void expect(Port *p, const void *data, uint32_t len);
void expect_none(Port *p);
uint64_t vport_stat(Data *d, uint16_t vport, size_t offset);
void admin_ok(Data *d, uint16_t opcode, uint16_t vport,
              const void *arg, size_t len);
void set_port_vlan(Data *d, uint16_t vport, uint16_t tpid,
                   uint16_t vid, uint16_t prio);
void tag(uint8_t *frame, size_t *len, uint16_t tpid, uint16_t tci);
void port_post(Port *p, uint32_t count);
void port_big_buffers(Port *p);

#define STAT(d, vport, name) \
    vport_stat(d, vport, offsetof(struct emunic_vport_stats, name))

#endif /* TESTS_QTEST_EMUNIC_PORT_H */
