/*
 * emunic: the register file of BAR0, made from the tables of <emunic/regs.h>
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "trace.h"

enum {
    WHO_PF = 1,
    WHO_VF = 2,
    WHO_FUNC = WHO_PF | WHO_VF,
};

typedef struct EmunicRegInfo {
    const char *name;
    uint8_t who;
    uint32_t reset;
    uint32_t rw;
    uint32_t w1c;
} EmunicRegInfo;

static const EmunicRegInfo reg_info[EMUNIC_R_COUNT] = {
#define REG(name, who, reset, rw, w1c) \
    [EMUNIC_R_##name] = { #name, WHO_##who, reset, rw, w1c },
    EMUNIC_FUNCTION_REGS(REG)
#undef REG
};

/* Offset in words -> 1 + index; 0 where there is no register */
static const uint8_t reg_at[] = {
#define REG(name, who, reset, rw, w1c) \
    [EMUNIC_##name / 4] = 1 + EMUNIC_R_##name,
    EMUNIC_FUNCTION_REGS(REG)
#undef REG
};

static const char *const queue_name[EMUNIC_QR_COUNT] = {
#define QREG(name, reset, rw) [EMUNIC_QR_##name] = #name,
    EMUNIC_QUEUE_REGS(QREG)
#undef QREG
};

static const uint32_t queue_rw[EMUNIC_QR_COUNT] = {
#define QREG(name, reset, rw) [EMUNIC_QR_##name] = rw,
    EMUNIC_QUEUE_REGS(QREG)
#undef QREG
};

static const uint32_t queue_reset[EMUNIC_QR_COUNT] = {
#define QREG(name, reset, rw) [EMUNIC_QR_##name] = reset,
    EMUNIC_QUEUE_REGS(QREG)
#undef QREG
};

/* Table order is offset order, so that an offset is an index. */
#define QREG(name, reset, rw) \
    QEMU_BUILD_BUG_ON(EMUNIC_QR_##name * 4 != EMUNIC_Q_##name);
EMUNIC_QUEUE_REGS(QREG)
#undef QREG

static int emunic_reg_find(const EmunicFunction *f, hwaddr addr)
{
    unsigned who = emunic_is_vf(f) ? WHO_VF : WHO_PF;
    int r;

    if (addr / 4 >= ARRAY_SIZE(reg_at) || !reg_at[addr / 4]) {
        return -1;
    }
    r = reg_at[addr / 4] - 1;
    return reg_info[r].who & who ? r : -1;
}

/* The queue whose block has @addr, and in *@reg which of its registers */
static EmunicQueue *emunic_queue_find(EmunicFunction *f, hwaddr addr,
                                      unsigned *reg)
{
    unsigned queues = f->nqueues;
    EmunicQueue *q = NULL;
    hwaddr block;

    *reg = addr % EMUNIC_Q_STRIDE / 4;
    block = addr - addr % EMUNIC_Q_STRIDE;
    if (*reg >= EMUNIC_QR_COUNT) {
        return NULL;
    }
    if (block >= EMUNIC_TX_BLOCK &&
        block < EMUNIC_TX_BLOCK + queues * EMUNIC_Q_STRIDE) {
        q = &f->txq[(block - EMUNIC_TX_BLOCK) / EMUNIC_Q_STRIDE];
    } else if (block >= EMUNIC_RX_BLOCK &&
               block < EMUNIC_RX_BLOCK + queues * EMUNIC_Q_STRIDE) {
        q = &f->rxq[(block - EMUNIC_RX_BLOCK) / EMUNIC_Q_STRIDE];
    } else if (!emunic_is_vf(f) && block == EMUNIC_ADMIN_BLOCK) {
        q = &f->adminq;
    } else if (!emunic_is_vf(f) && block == EMUNIC_EVENT_BLOCK) {
        q = &f->eventq;
    }
    return q;
}

/* A word of one of the windows, or NULL */
static uint32_t *emunic_window_find(EmunicFunction *f, hwaddr addr,
                                    bool write)
{
    if (addr >= EMUNIC_RSS_KEY) {
        return emunic_rss_window(f, addr, write);
    }
    if (!emunic_is_vf(f)) {
        return NULL;
    }
    if (addr >= EMUNIC_MBOX_REQUEST &&
        addr < EMUNIC_MBOX_REQUEST + EMUNIC_MBOX_WINDOW_SIZE) {
        return &f->mbox.request[(addr - EMUNIC_MBOX_REQUEST) / 4];
    }
    if (!write && addr >= EMUNIC_MBOX_REPLY &&
        addr < EMUNIC_MBOX_REPLY + EMUNIC_MBOX_WINDOW_SIZE) {
        return &f->mbox.reply[(addr - EMUNIC_MBOX_REPLY) / 4];
    }
    return NULL;
}

static uint32_t emunic_limits(const EmunicFunction *f)
{
    return EMUNIC_PREP(EMUNIC_LIMITS_QUEUES, f->nqueues) |
           EMUNIC_PREP(EMUNIC_LIMITS_VECTORS, f->nvectors) |
           EMUNIC_PREP(EMUNIC_LIMITS_RING_MIN, EMUNIC_RING_LOG2_MIN) |
           EMUNIC_PREP(EMUNIC_LIMITS_RING_MAX, EMUNIC_RING_LOG2_MAX);
}

static uint32_t emunic_reg_read(EmunicFunction *f, int r)
{
    const uint8_t *mac = f->pf->conf.macaddr.a;

    switch (r) {
    case EMUNIC_R_FUNC:
        return (emunic_is_vf(f) ? EMUNIC_FUNC_VF : 0) |
               EMUNIC_PREP(EMUNIC_FUNC_VPORT, f->vport);
    case EMUNIC_R_LIMITS:
        return emunic_limits(f);
    case EMUNIC_R_STATUS:
        return f->status;
    case EMUNIC_R_LINK_SPEED:
        return f->pf->speed;
    case EMUNIC_R_MAC_LO:
        return emunic_is_vf(f) ? 0 : ldl_le_p(mac);
    case EMUNIC_R_MAC_HI:
        return emunic_is_vf(f) ? 0 : lduw_le_p(mac + 4);
    case EMUNIC_R_VF_VECTORS:
        return f->pf->vf_vectors;
    case EMUNIC_R_CLOCK_LO:
        return emunic_clock_now(f->pf);
    case EMUNIC_R_CLOCK_HI:
        return emunic_clock_now(f->pf) >> 32;
    case EMUNIC_R_MBOX_STATUS:
        return emunic_mbox_status(f);
    default:
        return f->reg[r];
    }
}

static uint64_t emunic_regs_read(void *opaque, hwaddr addr, unsigned size)
{
    EmunicFunction *f = opaque;
    uint32_t *word = emunic_window_find(f, addr, false);
    const char *name = "-";
    uint32_t value = 0;
    EmunicQueue *q;
    unsigned qr;
    int r;

    r = emunic_reg_find(f, addr);
    q = emunic_queue_find(f, addr, &qr);
    if (r >= 0) {
        name = reg_info[r].name;
        value = emunic_reg_read(f, r);
    } else if (q) {
        name = queue_name[qr];
        value = q->reg[qr];
    } else if (word) {
        name = "window";
        value = *word;
    }
    if (unlikely(f->pf->lie.seed)) {
        value = emunic_lie_register(f, addr, value);
    }
    trace_emunic_reg_read(f->vport, addr, name, value);
    return value;
}

/* Registers that start something when written; all others just keep bits. */
static void emunic_reg_action(EmunicFunction *f, int r, uint32_t value,
                              uint32_t old)
{
    EmunicState *s = f->pf;

    switch (r) {
    case EMUNIC_R_CTRL:
        if (value & EMUNIC_CTRL_RESET) {
            if (emunic_is_vf(f)) {
                emunic_function_reset(f, true);
            } else {
                emunic_pf_soft_reset(s);
            }
        } else if ((value ^ old) & EMUNIC_CTRL_ENABLE) {
            emunic_function_enable(f, value & EMUNIC_CTRL_ENABLE);
        }
        break;
    case EMUNIC_R_CAUSE_MASK:
        if (f->reg[EMUNIC_R_CAUSE] & f->reg[r] & ~old) {
            emunic_raise(f, EMUNIC_VECTOR_CONTROL);
        }
        break;
    case EMUNIC_R_RSS_FIELDS:
    case EMUNIC_R_RSS_CTRL:
        emunic_rss_changed(f);
        break;
    case EMUNIC_R_CLOCK_RATE:
        emunic_clock_set_rate(s, f->reg[r]);
        break;
    case EMUNIC_R_CLOCK_CTRL:
        emunic_clock_ctrl(s, value);
        break;
    case EMUNIC_R_TEST_IRQ:
        if (value == EMUNIC_VECTOR_CONTROL) {
            emunic_set_cause(f, EMUNIC_CAUSE_TEST);
        }
        if (value < f->nvectors) {
            emunic_raise(f, value);
        }
        break;
    case EMUNIC_R_TEST_DMA_CTRL:
        emunic_test_ctrl(f, value);
        break;
    case EMUNIC_R_KICK:
        emunic_kick_now(f, emunic_doze_kicked(f, value & EMUNIC_KICK_TX));
        break;
    case EMUNIC_R_ADMIN_TAIL:
        emunic_admin_tail(s, value);
        break;
    case EMUNIC_R_EVENT_HEAD:
        emunic_event_head(s, value);
        break;
    case EMUNIC_R_MBOX_CTRL:
        emunic_mbox_ctrl(f, value);
        break;
    }
}

static void emunic_reg_write(EmunicFunction *f, int r, uint32_t value)
{
    const EmunicRegInfo *info = &reg_info[r];
    uint32_t old = f->reg[r];

    f->reg[r] = ((old & ~info->rw) | (value & info->rw)) &
                ~(value & info->w1c);
    emunic_reg_action(f, r, value, old);
}

static void emunic_queue_write(EmunicFunction *f, EmunicQueue *q, unsigned qr,
                               uint32_t value)
{
    uint32_t state = q->reg[EMUNIC_QR_STATE];

    if (qr == EMUNIC_QR_CTRL) {
        q->reg[qr] = value & queue_rw[qr];
        emunic_queue_ctrl(f, q, value);
    } else if (qr == EMUNIC_QR_MODERATION ||
               state == EMUNIC_Q_STATE_STOPPED ||
               state == EMUNIC_Q_STATE_ERROR) {
        q->reg[qr] = (q->reg[qr] & ~queue_rw[qr]) | (value & queue_rw[qr]);
    }
}

static void emunic_regs_write(void *opaque, hwaddr addr, uint64_t value,
                              unsigned size)
{
    EmunicFunction *f = opaque;
    uint32_t *word = emunic_window_find(f, addr, true);
    EmunicQueue *q;
    unsigned qr;
    int r;

    r = emunic_reg_find(f, addr);
    q = emunic_queue_find(f, addr, &qr);
    trace_emunic_reg_write(f->vport, addr,
                           r >= 0 ? reg_info[r].name :
                           q ? queue_name[qr] : word ? "window" : "-", value);
    if (r >= 0) {
        emunic_reg_write(f, r, value);
    } else if (q) {
        emunic_queue_write(f, q, qr, value);
    } else if (word) {
        *word = value;
        if (addr >= EMUNIC_RSS_KEY) {
            emunic_rss_written(f, addr);
        }
    }
}

/* Aligned words and nothing else reach the functions above. */
const MemoryRegionOps emunic_regs_ops = {
    .read = emunic_regs_read,
    .write = emunic_regs_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 4,
    .valid.max_access_size = 4,
    .impl.min_access_size = 4,
    .impl.max_access_size = 4,
};

static void emunic_queue_regs_reset(EmunicQueue *q)
{
    emunic_queue_reset(q);
    memcpy(q->reg, queue_reset, sizeof(q->reg));
}

/* EPOCH and the registers that follow other state are left alone. */
void emunic_regs_reset(EmunicFunction *f)
{
    for (int r = 0; r < EMUNIC_R_COUNT; r++) {
        if (reg_info[r].reset != EMUNIC_REG_DYN) {
            f->reg[r] = reg_info[r].reset;
        }
    }
    emunic_rss_reset(f);
    for (int i = 0; i < EMUNIC_MAX_QUEUES; i++) {
        emunic_queue_regs_reset(&f->txq[i]);
        emunic_queue_regs_reset(&f->rxq[i]);
    }
    emunic_queue_regs_reset(&f->adminq);
    emunic_queue_regs_reset(&f->eventq);
}
