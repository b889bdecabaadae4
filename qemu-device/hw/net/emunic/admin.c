/*
 * emunic: the admin queue of the PF
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "switch.h"
#include "trace.h"

typedef struct EmunicCommand {
    EmunicState *pf;
    EmunicFunction *f;              /* the vport it is about */
    const struct emunic_admin_cmd *cmd;
    uint64_t data_addr;
    uint32_t data_len;
    uint32_t result;
} EmunicCommand;

static uint16_t emunic_admin_set_mac(EmunicCommand *c)
{
    return emunic_vport_set_mac(c->f, c->cmd->arg);
}

static uint16_t emunic_admin_add_mac(EmunicCommand *c)
{
    return emunic_vport_add_mac(c->f, c->cmd->arg);
}

static uint16_t emunic_admin_del_mac(EmunicCommand *c)
{
    return emunic_vport_del_mac(c->f, c->cmd->arg);
}

static uint16_t emunic_admin_set_vlan(EmunicCommand *c)
{
    const struct emunic_admin_port_vlan *arg = (const void *)c->cmd->arg;

    return emunic_vport_set_vlan(c->f, le16_to_cpu(arg->tpid),
                                 le16_to_cpu(arg->vid),
                                 le16_to_cpu(arg->prio));
}

static uint16_t emunic_admin_add_vlan(EmunicCommand *c)
{
    return emunic_vport_add_vlan(c->f, lduw_le_p(c->cmd->arg));
}

static uint16_t emunic_admin_del_vlan(EmunicCommand *c)
{
    return emunic_vport_del_vlan(c->f, lduw_le_p(c->cmd->arg));
}

static uint16_t emunic_admin_set_mode(EmunicCommand *c)
{
    return emunic_vport_set_mode(c->f, ldl_le_p(c->cmd->arg));
}

static uint16_t emunic_admin_set_link(EmunicCommand *c)
{
    return emunic_vport_set_link(c->f, ldl_le_p(c->cmd->arg));
}

static uint16_t emunic_admin_set_rate(EmunicCommand *c)
{
    const struct emunic_admin_rate *arg = (const void *)c->cmd->arg;

    return emunic_vport_set_rate(c->f, le32_to_cpu(arg->min_rate),
                                 le32_to_cpu(arg->max_rate));
}

static uint16_t emunic_admin_set_spoofchk(EmunicCommand *c)
{
    return emunic_vport_set_spoofchk(c->f, ldl_le_p(c->cmd->arg));
}

static uint16_t emunic_admin_set_flags(EmunicCommand *c)
{
    return emunic_vport_set_flags(c->f, ldl_le_p(c->cmd->arg));
}

/* What is asked for goes to the data buffer, which has room for it. */
static uint16_t emunic_admin_answer(EmunicCommand *c, const void *answer,
                                    uint32_t len)
{
    if (!emunic_dma_write(&c->pf->fn, c->data_addr, answer, len)) {
        return EMUNIC_ADMIN_ST_DMA;
    }
    c->result = len;
    return EMUNIC_ADMIN_ST_OK;
}

static uint16_t emunic_admin_get_policy(EmunicCommand *c)
{
    struct emunic_vport_policy policy;

    emunic_vport_get_policy(c->f, &policy);
    return emunic_admin_answer(c, &policy, sizeof(policy));
}

static uint16_t emunic_admin_clear(EmunicCommand *c)
{
    emunic_vport_clear(c->f);
    emunic_update_status(c->f);
    return EMUNIC_ADMIN_ST_OK;
}

/* @count counters go to the data buffer. */
static uint16_t emunic_admin_put_stats(EmunicCommand *c, const uint64_t *stats,
                                       unsigned count)
{
    g_autofree uint64_t *le = g_new(uint64_t, count);

    for (unsigned i = 0; i < count; i++) {
        le[i] = cpu_to_le64(stats[i]);
    }
    return emunic_admin_answer(c, le, count * sizeof(*le));
}

static uint16_t emunic_admin_get_stats(EmunicCommand *c)
{
    return emunic_admin_put_stats(c, c->f->port.stats,
                                  ARRAY_SIZE(c->f->port.stats));
}

static uint16_t emunic_admin_set_switch(EmunicCommand *c)
{
    uint32_t mode = ldl_le_p(c->cmd->arg);

    if (mode > EMUNIC_SWITCH_VEPA) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    c->pf->switch_mode = mode;
    return EMUNIC_ADMIN_ST_OK;
}

static uint16_t emunic_admin_reply(EmunicCommand *c)
{
    const struct emunic_admin_reply *arg = (const void *)c->cmd->arg;

    return emunic_mbox_reply(c->f, le32_to_cpu(arg->epoch),
                             le32_to_cpu(arg->tag), c->data_addr,
                             c->data_len);
}

static uint16_t emunic_admin_notify(EmunicCommand *c)
{
    uint32_t cause = ldl_le_p(c->cmd->arg);

    if (cause & ~(EMUNIC_CAUSE_POLICY | EMUNIC_CAUSE_RESET_IMPENDING)) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    if (cause & EMUNIC_CAUSE_RESET_IMPENDING) {
        c->f->reset_impending = true;
        emunic_update_status(c->f);
    }
    emunic_set_cause(c->f, cause);
    return EMUNIC_ADMIN_ST_OK;
}

static uint16_t emunic_admin_vf_reset(EmunicCommand *c)
{
    emunic_vf_forced_reset(c->f);
    return EMUNIC_ADMIN_ST_OK;
}

static uint16_t emunic_admin_set_vectors(EmunicCommand *c)
{
    return emunic_vf_set_vectors(c->f, ldl_le_p(c->cmd->arg));
}

static uint16_t emunic_admin_port_stats(EmunicCommand *c)
{
    return emunic_admin_put_stats(c, c->pf->uplink.stats,
                                  ARRAY_SIZE(c->pf->uplink.stats));
}

static uint16_t emunic_admin_port_pause(EmunicCommand *c)
{
    return emunic_port_set_pause(c->pf, ldl_le_p(c->cmd->arg));
}

/* Which vports a command is for */
typedef enum EmunicTarget {
    TARGET_ANY,
    TARGET_PF,
    TARGET_VF,                      /* also one that is not enabled */
    TARGET_ENABLED,                 /* VF */
} EmunicTarget;

static bool emunic_target_good(EmunicTarget target, const EmunicFunction *f)
{
    switch (target) {
    case TARGET_PF:
        return !emunic_is_vf(f);
    case TARGET_VF:
        return emunic_is_vf(f);
    case TARGET_ENABLED:
        return emunic_vf_enabled(f);
    default:
        return true;
    }
}

/* @min, @max: what data_len may be */
static const struct EmunicAdminOp {
    uint16_t opcode;
    EmunicTarget target;
    uint32_t min;
    uint32_t max;
    uint16_t (*run)(EmunicCommand *c);
} admin_ops[] = {
    { EMUNIC_ADMIN_VPORT_SET_MAC, TARGET_ANY, 0, 0, emunic_admin_set_mac },
    { EMUNIC_ADMIN_VPORT_SET_VLAN, TARGET_ANY, 0, 0, emunic_admin_set_vlan },
    { EMUNIC_ADMIN_VPORT_ADD_MAC, TARGET_ANY, 0, 0, emunic_admin_add_mac },
    { EMUNIC_ADMIN_VPORT_DEL_MAC, TARGET_ANY, 0, 0, emunic_admin_del_mac },
    { EMUNIC_ADMIN_VPORT_ADD_VLAN, TARGET_ANY, 0, 0, emunic_admin_add_vlan },
    { EMUNIC_ADMIN_VPORT_DEL_VLAN, TARGET_ANY, 0, 0, emunic_admin_del_vlan },
    { EMUNIC_ADMIN_VPORT_SET_RX_MODE, TARGET_ANY, 0, 0,
      emunic_admin_set_mode },
    { EMUNIC_ADMIN_VPORT_CLEAR, TARGET_ANY, 0, 0, emunic_admin_clear },
    { EMUNIC_ADMIN_VPORT_GET_STATS, TARGET_ANY,
      sizeof(struct emunic_vport_stats), UINT32_MAX, emunic_admin_get_stats },
    { EMUNIC_ADMIN_VPORT_SET_LINK, TARGET_VF, 0, 0, emunic_admin_set_link },
    { EMUNIC_ADMIN_VPORT_SET_RATE, TARGET_VF, 0, 0, emunic_admin_set_rate },
    { EMUNIC_ADMIN_VPORT_SET_SPOOFCHK, TARGET_ANY, 0, 0,
      emunic_admin_set_spoofchk },
    { EMUNIC_ADMIN_VPORT_SET_FLAGS, TARGET_ANY, 0, 0, emunic_admin_set_flags },
    { EMUNIC_ADMIN_VPORT_GET_POLICY, TARGET_ANY,
      sizeof(struct emunic_vport_policy), UINT32_MAX,
      emunic_admin_get_policy },
    { EMUNIC_ADMIN_SWITCH_SET_MODE, TARGET_PF, 0, 0, emunic_admin_set_switch },
    { EMUNIC_ADMIN_VF_REPLY, TARGET_ENABLED, sizeof(struct emunic_mbox_hdr),
      EMUNIC_MBOX_WINDOW_SIZE, emunic_admin_reply },
    { EMUNIC_ADMIN_VF_NOTIFY, TARGET_ENABLED, 0, 0, emunic_admin_notify },
    { EMUNIC_ADMIN_VF_RESET, TARGET_ENABLED, 0, 0, emunic_admin_vf_reset },
    { EMUNIC_ADMIN_VF_SET_VECTORS, TARGET_ENABLED, 0, 0,
      emunic_admin_set_vectors },
    { EMUNIC_ADMIN_PORT_GET_STATS, TARGET_PF,
      sizeof(struct emunic_port_stats), UINT32_MAX, emunic_admin_port_stats },
    { EMUNIC_ADMIN_PORT_SET_PAUSE, TARGET_PF, 0, 0, emunic_admin_port_pause },
};

static uint16_t emunic_admin_execute(EmunicState *s,
                                     const struct emunic_admin_cmd *cmd,
                                     uint32_t *result)
{
    uint16_t opcode = le16_to_cpu(cmd->opcode);
    uint16_t vport = le16_to_cpu(cmd->vport);
    EmunicCommand c = {
        .pf = s,
        .cmd = cmd,
        .data_addr = le64_to_cpu(cmd->data_addr),
        .data_len = le32_to_cpu(cmd->data_len),
    };
    const struct EmunicAdminOp *op = admin_ops;
    uint16_t status;

    while (op < admin_ops + ARRAY_SIZE(admin_ops) && op->opcode != opcode) {
        op++;
    }
    if (op == admin_ops + ARRAY_SIZE(admin_ops)) {
        return EMUNIC_ADMIN_ST_OPCODE;
    }
    if (vport > s->max_vfs || !s->port[vport] ||
        !emunic_target_good(op->target, s->port[vport])) {
        return EMUNIC_ADMIN_ST_VPORT;
    }
    if (c.data_len < op->min || c.data_len > op->max) {
        return EMUNIC_ADMIN_ST_INVALID;
    }
    c.f = s->port[vport];
    status = op->run(&c);
    *result = c.result;
    return status;
}

void emunic_admin_tail(EmunicState *s, uint32_t tail)
{
    EmunicQueue *q = &s->fn.adminq;

    if (!emunic_queue_running(q)) {
        return;
    }
    if (tail - q->head > emunic_queue_size(q) ||
        tail - q->head < q->tail - q->head) {
        emunic_queue_error(&s->fn, q, EMUNIC_Q_ERROR_INDEX);
        return;
    }
    q->tail = tail;
    s->admin_work = true;
    emunic_schedule(s);
}

/* Execute the next command. False: the queue is not running any more. */
static bool emunic_admin_one(EmunicState *s, EmunicQueue *q)
{
    struct emunic_admin_cpl cpl = { 0 };
    struct emunic_admin_cmd cmd;
    uint32_t result = 0;
    uint16_t status;

    if (!emunic_queue_fetch(&s->fn, q, q->head, &cmd, 1, sizeof(cmd))) {
        return false;
    }
    q->head++;
    status = emunic_admin_execute(s, &cmd, &result);
    trace_emunic_admin(le16_to_cpu(cmd.opcode), le16_to_cpu(cmd.vport),
                       le32_to_cpu(cmd.cookie), status);
    cpl.cookie = cmd.cookie;
    cpl.result = cpu_to_le32(result);
    cpl.status = cpu_to_le16(status);
    return emunic_queue_complete(&s->fn, q, &cpl, 1, sizeof(cpl),
                                 offsetof(struct emunic_admin_cpl, flags));
}

/* True: the budget is used up and there is more. */
bool emunic_admin_run(EmunicState *s, int budget)
{
    EmunicQueue *q = &s->fn.adminq;
    bool done = false;

    while (s->admin_work && emunic_queue_running(q) && q->head != q->tail &&
           budget-- > 0 && emunic_admin_one(s, q)) {
        done = true;
    }
    s->admin_work = emunic_queue_running(q) && q->head != q->tail;
    if (done && emunic_queue_running(q)) {
        emunic_set_cause(&s->fn, EMUNIC_CAUSE_ADMIN);
    }
    return s->admin_work;
}
