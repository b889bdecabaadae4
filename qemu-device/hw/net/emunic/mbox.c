/*
 * emunic: VF mailbox: one request at a time, and the credit for it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "trace.h"

static bool emunic_mbox_credit(const EmunicFunction *f)
{
    return f->mbox.state != EMUNIC_MBOX_STATE_BUSY &&
           f->mbox.state != EMUNIC_MBOX_STATE_CANCELLED;
}

uint32_t emunic_mbox_status(const EmunicFunction *f)
{
    return EMUNIC_PREP(EMUNIC_MBOX_STATUS_STATE, f->mbox.state) |
           EMUNIC_PREP(EMUNIC_MBOX_STATUS_ERROR, f->mbox.error) |
           (emunic_mbox_credit(f) ? EMUNIC_MBOX_STATUS_CREDIT : 0);
}

static void emunic_mbox_set(EmunicFunction *f, uint32_t state, uint32_t error)
{
    uint32_t old = f->mbox.state;

    trace_emunic_mbox(f->vport, f->mbox.tag, old, state, error);
    f->mbox.state = state;
    f->mbox.error = error;
    if (old != state && (old == EMUNIC_MBOX_STATE_BUSY ||
                         old == EMUNIC_MBOX_STATE_CANCELLED) &&
        state != EMUNIC_MBOX_STATE_CANCELLED) {
        emunic_set_cause(f, EMUNIC_CAUSE_MBOX);
    }
}

/* That the PF is not there is no fault of the VF. */
static void emunic_mbox_refuse(EmunicFunction *f, uint32_t state,
                               uint32_t error)
{
    EMUNIC_COUNT(f, mbox_errors, 1);
    if (error != EMUNIC_MBOX_ERROR_NO_PF) {
        emunic_offence(f, EMUNIC_OFFENCE_MBOX, 1);
    }
    emunic_mbox_set(f, state, error);
}

static void emunic_mbox_next_tag(EmunicMbox *m)
{
    if (!++m->tag) {
        m->tag = 1;
    }
}

static void emunic_mbox_send(EmunicFunction *f)
{
    EmunicMbox *m = &f->mbox;
    uint32_t len = f->reg[EMUNIC_R_MBOX_LEN];

    if (!emunic_mbox_credit(f)) {
        emunic_mbox_refuse(f, m->state, EMUNIC_MBOX_ERROR_NO_CREDIT);
    } else if (!emunic_pf_ready(f->pf)) {
        emunic_mbox_refuse(f, EMUNIC_MBOX_STATE_FAILED,
                           EMUNIC_MBOX_ERROR_NO_PF);
    } else if (len < sizeof(struct emunic_mbox_hdr) ||
               len > EMUNIC_MBOX_WINDOW_SIZE) {
        emunic_mbox_refuse(f, EMUNIC_MBOX_STATE_FAILED,
                           EMUNIC_MBOX_ERROR_LENGTH);
    } else {
        m->len = len;
        memcpy(m->message, m->request, sizeof(m->message));
        emunic_mbox_next_tag(m);
        emunic_mbox_set(f, EMUNIC_MBOX_STATE_BUSY, EMUNIC_MBOX_ERROR_NONE);
        emunic_event_wait(f, EMUNIC_EVENT_VF_MSG);
    }
}

void emunic_mbox_ctrl(EmunicFunction *f, uint32_t value)
{
    value &= EMUNIC_MBOX_CTRL_SEND | EMUNIC_MBOX_CTRL_CANCEL;
    if (value == EMUNIC_MBOX_CTRL_SEND) {
        emunic_mbox_send(f);
    } else if (value == EMUNIC_MBOX_CTRL_CANCEL &&
               f->mbox.state == EMUNIC_MBOX_STATE_BUSY) {
        emunic_mbox_set(f, EMUNIC_MBOX_STATE_CANCELLED,
                        EMUNIC_MBOX_ERROR_NONE);
        emunic_set_cause(f, EMUNIC_CAUSE_MBOX);
    }
}

void emunic_mbox_pf_gone(EmunicFunction *f)
{
    if (!emunic_mbox_credit(f)) {
        emunic_event_cancel(f, EMUNIC_EVENT_VF_MSG);
        emunic_mbox_next_tag(&f->mbox);
        emunic_mbox_set(f, EMUNIC_MBOX_STATE_FAILED, EMUNIC_MBOX_ERROR_NO_PF);
    }
}

/* The tag goes on, so that it never repeats within the old epochs. */
void emunic_mbox_reset(EmunicFunction *f)
{
    uint32_t tag = f->mbox.tag;

    memset(&f->mbox, 0, sizeof(f->mbox));
    f->mbox.tag = tag;
}

/*
 * VF_REPLY of the PF: @len bytes (8 to 224) at @addr of PF memory. Returns
 * the status of the command.
 */
uint16_t emunic_mbox_reply(EmunicFunction *f, uint32_t epoch, uint32_t tag,
                           uint64_t addr, uint32_t len)
{
    uint32_t reply[EMUNIC_MBOX_WORDS] = { 0 };
    EmunicMbox *m = &f->mbox;

    if (epoch != f->reg[EMUNIC_R_EPOCH] || tag != m->tag ||
        emunic_mbox_credit(f)) {
        trace_emunic_mbox_stale(f->vport, epoch, tag);
        return EMUNIC_ADMIN_ST_STALE;
    }
    if (m->state == EMUNIC_MBOX_STATE_CANCELLED) {
        trace_emunic_mbox_stale(f->vport, epoch, tag);
        emunic_mbox_set(f, EMUNIC_MBOX_STATE_IDLE, EMUNIC_MBOX_ERROR_NONE);
        return EMUNIC_ADMIN_ST_STALE;
    }
    if (!emunic_dma_read(&f->pf->fn, addr, reply, len)) {
        return EMUNIC_ADMIN_ST_DMA;
    }
    for (unsigned i = 0; i < EMUNIC_MBOX_WORDS; i++) {
        m->reply[i] = le32_to_cpu(reply[i]);
    }
    f->reg[EMUNIC_R_MBOX_REPLY_LEN] = len;
    emunic_mbox_set(f, EMUNIC_MBOX_STATE_DONE, EMUNIC_MBOX_ERROR_NONE);
    return EMUNIC_ADMIN_ST_OK;
}
