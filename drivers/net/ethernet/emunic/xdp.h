/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: XDP programs and AF_XDP sockets.
 */
#ifndef EMUNIC_XDP_H
#define EMUNIC_XDP_H

#include "queue.h"

/* xdp_metadata.c */
extern const struct xdp_metadata_ops emunic_xdp_metadata_ops;

/* xdp.c: XDP programs */
void emunic_xdp_netdev_setup(struct emunic *emu);
bool emunic_xdp_plain(const struct emunic *emu);
bool emunic_xdp_mtu_ok(const struct emunic *emu, int mtu);
int emunic_xdp_rxq_register(struct emunic_queue *q);
void emunic_xdp_rxq_unregister(struct emunic_rx *rx);
bool emunic_xdp_buffer(struct emunic_rx *rx, struct page *page, u32 len);
void emunic_xdp_discard(struct emunic_rx *rx);
struct sk_buff *emunic_xdp_receive(struct emunic_queue *q);
void emunic_xdp_flush(struct emunic_queue *q);
int emunic_xdp_bpf(struct net_device *netdev, struct netdev_bpf *bpf);
int emunic_xdp_xmit(struct net_device *netdev, int n,
		    struct xdp_frame **frames, u32 flags);

/* xsk.c: AF_XDP with zero copy */
int emunic_xsk_setup(struct emunic *emu, struct xsk_buff_pool *pool, u16 qid);
int emunic_xsk_wakeup(struct net_device *netdev, u32 qid, u32 flags);
bool emunic_xsk_mtu_ok(const struct emunic *emu, int mtu);
u32 emunic_xsk_buf_len(struct xsk_buff_pool *pool);
bool emunic_xsk_fill(struct emunic_queue *q);
bool emunic_xsk_buffer(struct emunic_rx *rx, struct xdp_buff *xdp, u32 len);
struct sk_buff *emunic_xsk_build_skb(struct emunic_queue *q,
				     struct xdp_buff *xdp);
bool emunic_xsk_xmit(struct emunic_queue *q);

#endif /* EMUNIC_XDP_H */
