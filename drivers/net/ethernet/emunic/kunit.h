/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emunic: what KUnit tests see of the driver's insides.
 *
 * These are static in a kernel without KUnit. None looks at hardware.
 */
#ifndef EMUNIC_KUNIT_H
#define EMUNIC_KUNIT_H

#include <kunit/visibility.h>

#if IS_ENABLED(CONFIG_KUNIT)
#include "emunic.h"
#include "pf.h"
#include "reset.h"
#include "ring.h"

struct kunit;

/* hw.c, reset.c */
bool emunic_hw_set_limits(struct emunic *emu, u32 limits);
bool emunic_hw_set_func(struct emunic *emu, u32 func);
enum emunic_reset_need emunic_reset_need(const struct emunic_sight *sight,
					 u32 known, u32 pending);
bool emunic_reset_awaited(u32 status, unsigned long announced,
			  unsigned long now);
unsigned long emunic_retry_pause(unsigned long took);

/* tx.c, rx.c */
unsigned int emunic_tx_wake_level(const struct emunic_tx *tx);
void emunic_tx_put_meta(struct emunic_tx *tx, u32 index,
			const struct sk_buff *skb);
bool emunic_tx_end_list(struct emunic_tx *tx, u32 index,
			const struct scatterlist *sg, int nents, int count);
struct scatterlist *emunic_tx_sg_add(struct scatterlist *s, struct page *page,
				     u32 len, u32 offset);
bool emunic_tx_release(struct emunic_queue *q, const struct emunic_tx_cpl *cpl,
		       int budget, struct emunic_tx_done *done);
bool emunic_rx_missing(const struct emunic_rx *rx);
bool emunic_rx_metadata(struct emunic_queue *q, struct sk_buff *skb,
			const struct emunic_rx_cpl *cpl);

/* features.c, coalesce.c, ptp.c, xdp_metadata.c */
u32 emunic_rx_features(const struct emunic *emu, netdev_features_t features);
u32 emunic_moderation_reg(const struct emunic_moderation *mod);
s32 emunic_clock_rate(long scaled_ppm);
enum xdp_rss_hash_type emunic_xdp_hash_type(const struct xdp_buff *xdp,
					    const struct emunic_rx *rx);

/* vf_mbox.c */
int emunic_vf_mbox_check(const void *msg, size_t len, u16 opcode,
			 size_t payload);
int emunic_vf_mbox_state(u32 status);

/* admin.c, pf_ndo.c */
bool emunic_admin_complete(struct emunic_admin *admin,
			   const struct emunic_admin_cpl *cpl);
void emunic_admin_drain(struct emunic_admin *admin);
void emunic_admin_close(struct emunic_admin *admin);
int emunic_admin_take(struct emunic_admin *admin);
u64 emunic_pf_other_minima(struct emunic *emu, unsigned int vf);

/* kunit.c */
struct emunic *emunic_kunit_function(struct kunit *test);
#endif

#endif /* EMUNIC_KUNIT_H */
