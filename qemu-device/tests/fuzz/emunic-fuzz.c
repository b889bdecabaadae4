/*
 * emunic: targets for QEMU's fuzzer
 *
 * An input is a program: operations of a driver, each an octet that chooses it
 * and then what it takes, in the device's own layouts, so that what the fuzzer
 * changes is a field and not the way to it. An operation that is not whole
 * ends the program; two inputs are crossed between operations.
 *
 * Each input finds two VFs and the PF at work, as after an FLR of the PF: what
 * the one before it has left must not keep them from it, which the helpers
 * assert.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "net/net.h"
#include "fuzz.h"

#define OPERATIONS  64              /* at most, of an input */
#define STEP_NS     20000           /* the clock, from one to the next */
/* Between inputs: what the device does once a second may be done again. */
#define REST_NS     (2 * NANOSECONDS_PER_SECOND)
#define MAPS_KEPT   32              /* old memory maps, before they are freed */
#define UPLINK      "uplink"        /* what the NIC is connected to */

static QEmunic nic;
static Data d;
static bool with_pf;                /* the target is emunic-pf */

/* Let the device finish its work, and its timers come. */
static void run_device(QTestState *qts)
{
    qtest_clock_step(qts, STEP_NS);
    flush_events(qts);
}

/* Most addresses are in one of the function's buffers, else few are mapped. */
static uint64_t place(const Port *p, uint64_t addr)
{
    switch (addr >> 62) {
    case 0:
        return p->tx_buf + addr % TX_BUF;
    case 1:
        return p->rx_buf + addr % (RX_POSTED * RX_BUF);
    case 2:
        return addr % (64 * MiB);
    default:
        return addr;
    }
}

/* A register, of those that there are or any */
typedef struct Register {
    uint16_t base;
    uint16_t at;
    uint32_t value;
} QEMU_PACKED Register;

static void op_register(Port *p, const void *arg)
{
    static const uint16_t bases[] = {
        0, EMUNIC_KICK, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_REQUEST,
        EMUNIC_ADMIN_BLOCK, EMUNIC_TX_BLOCK, EMUNIC_RX_BLOCK, EMUNIC_RSS_KEY,
        EMUNIC_RSS_TABLE, EMUNIC_FLOW_RULE,
    };
    const Register *reg = arg;
    uint32_t at = (bases[reg->base % ARRAY_SIZE(bases)] + reg->at * 4) &
                  (EMUNIC_BAR_REGS_SIZE - 4);

    qemunic_write(&p->f, at, reg->value);
    qemunic_read(&p->f, at);
}

typedef struct Message {
    uint8_t ctrl;
    uint8_t len;
    uint8_t words[4][4];
} QEMU_PACKED Message;

static void op_mailbox(Port *p, const void *arg)
{
    const Message *msg = arg;

    for (int i = 0; i < ARRAY_SIZE(msg->words); i++) {
        qemunic_write(&p->f, EMUNIC_MBOX_REQUEST + 4 * i,
                      ldl_le_p(msg->words[i]));
    }
    qemunic_write(&p->f, EMUNIC_MBOX_LEN, msg->len);
    qemunic_write(&p->f, EMUNIC_MBOX_CTRL, msg->ctrl);
}

static void op_meta(Port *p, const void *arg)
{
    struct emunic_tx_meta meta;

    memcpy(&meta, arg, sizeof(meta));
    meta.flags |= cpu_to_le16(EMUNIC_TX_META);
    qemunic_put(&p->tx, &meta, sizeof(meta));
}

static void op_tx(Port *p, const void *arg)
{
    struct emunic_tx_desc desc;

    memcpy(&desc, arg, sizeof(desc));
    desc.addr = cpu_to_le64(place(p, le64_to_cpu(desc.addr)));
    qemunic_put(&p->tx, &desc, sizeof(desc));
}

static void op_rx(Port *p, const void *arg)
{
    struct emunic_rx_desc desc;

    memcpy(&desc, arg, sizeof(desc));
    desc.addr = cpu_to_le64(place(p, le64_to_cpu(desc.addr)));
    qemunic_put(&p->rx, &desc, sizeof(desc));
    qemunic_tail(&p->rx);
}

static void op_send(Port *p, const void *arg)
{
    qemunic_tail(&p->tx);
    run_device(nic.qts);
}

/*
 * What a frame begins with: Ethernet and IP, TCP or UDP, maybe in a tunnel of
 * IPv4; TCP's is a segment of 60 bytes whose IP header is good.
 */
typedef struct Headers {
    uint8_t dst;
    uint8_t ip6;
    uint8_t tags;
    uint8_t tunnel;
    uint8_t udp;
} QEMU_PACKED Headers;

static void op_headers(Port *p, const void *arg)
{
    static const uint8_t ip4[] = {
        0x45, 0, 0, 100, 0, 0, 0, 0, 64, 6, 0x66, 0x92,
        10, 0, 0, 1, 10, 0, 0, 2,
        0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10,
    };
    static const uint8_t ip6[] = {
        0x60, 0, 0, 0, 0, 80, 6, 64,
        0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
        0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
        0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10,
    };
    const uint8_t *const macs[] = { vf_mac[0], vf_mac[1], pf_mac, broadcast };
    const Headers *h = arg;
    bool six = h->ip6 & 1, tunnel = h->tunnel & 1;
    uint8_t frame[128] = { 0 };
    size_t len = 14;

    build(frame, len, macs[h->dst % 4], vf_mac[0],
          six && !tunnel ? 0x86dd : 0x0800);
    for (int i = h->tags % 3; i; i--) {
        tag(frame, &len, h->tags & 4 ? 0x88a8 : 0x8100, h->tags >> 3);
    }
    if (tunnel) {
        memcpy(frame + len, ip4, 20);
        frame[len + 9] = six ? 41 : 4;
        len += 20;
    }
    memcpy(frame + len, six ? ip6 : ip4, six ? sizeof(ip6) : sizeof(ip4));
    frame[len + (six ? 6 : 9)] = h->udp & 1 ? 17 : 6;
    qtest_memwrite(nic.qts, p->tx_buf, frame, sizeof(frame));
}

/* Some octets of a frame, or of what else is in memory */
typedef struct Memory {
    uint16_t at;
    uint8_t where;
    uint8_t data[8];
} QEMU_PACKED Memory;

static void op_memory(Port *p, const void *arg)
{
    const uint64_t places[] = {
        p->tx_buf, p->tx.sq, p->tx.shadow, p->rx.sq, p->rx.shadow,
        d.admin.sq,
    };
    const Memory *mem = arg;
    unsigned where = mem->where % ARRAY_SIZE(places);

    qtest_memwrite(nic.qts, places[where] + (where ? mem->at % 1024 : mem->at),
                   mem->data, sizeof(mem->data));
}

/* Old memory maps are freed by a thread that waits for an idle main loop. */
static void free_maps(void)
{
    static unsigned changes;

    if (++changes % MAPS_KEPT == 0) {
        drain_call_rcu();
    }
}

static void enable_vfs(unsigned num)
{
    free_maps();
    qemunic_set_num_vfs(&d.pf.f, num);
    for (unsigned n = 0; n < num; n++) {
        qemunic_map(&d.vf[n].f, true);
    }
}

static void reset_function(Port *p, bool soft)
{
    if (soft) {
        qemunic_write(&p->f, EMUNIC_CTRL, EMUNIC_CTRL_RESET);
        return;
    }
    qemunic_flr(&p->f);
    if (p == &d.pf) {
        qemunic_pf_init(&nic, &p->f);
        enable_vfs(ARRAY_SIZE(d.vf));
    } else {
        qemunic_map(&p->f, true);
    }
}

static void restart_queue(QEmunicQueue *q, QEmunicFunction *f, uint64_t block,
                          uint32_t log2, uint32_t vector)
{
    qemunic_write(f, block + EMUNIC_Q_CTRL, 0);
    qemunic_queue_init(f, block, log2, vector, q);
    qemunic_write(f, block + EMUNIC_Q_CTRL, EMUNIC_Q_CTRL_START);
}

/*
 * Start over, with what the driver of a function may say about it: after a
 * reset or without, one of the first queues, and maybe all without Bus Master.
 */
typedef struct Restart {
    uint8_t kind;
    uint8_t queue;
    uint8_t features;
    uint16_t frame;
    uint32_t gso;
} QEMU_PACKED Restart;

static void op_restart(Port *p, const void *arg)
{
    const Restart *how = arg;
    uint32_t log2 = EMUNIC_RING_LOG2_MIN + how->queue % 2;
    uint32_t at = (how->queue >> 1) % 4 * EMUNIC_Q_STRIDE;

    if (how->kind & 3) {
        reset_function(p, how->kind & 1);
    }
    restart_queue(&p->tx, &p->f, EMUNIC_TX_BLOCK + at, log2, 1);
    restart_queue(&p->rx, &p->f, EMUNIC_RX_BLOCK + at, log2, 2);
    port_post(p, RX_POSTED);
    qemunic_write(&p->f, EMUNIC_RX_FEATURES, how->features);
    qemunic_write(&p->f, EMUNIC_RX_MAX_FRAME, how->frame);
    qemunic_write(&p->f, EMUNIC_RX_MAX_GSO, how->gso);
    qemunic_write(&p->f, EMUNIC_CTRL, EMUNIC_CTRL_ENABLE);
    if (how->kind & 4) {
        qemunic_map(&p->f, false);
    }
}

/* Where a message goes when a vector is raised: also to the device itself */
typedef struct Interrupt {
    uint8_t vector;
    uint8_t where;
    uint16_t at;
    uint32_t value;
} QEMU_PACKED Interrupt;

static void op_interrupt(Port *p, const void *arg)
{
    const uint64_t places[] = {
        p->rx_buf, d.vf[0].f.bar0, d.vf[1].f.bar0, d.pf.f.bar0,
        d.vf[0].f.bar2, d.pf.f.bar2,
        /* and of no more than a page */
        qemunic_cfg(d.vf[0].f.devfn, 0), qemunic_cfg(d.pf.f.devfn, 0),
    };
    const Interrupt *irq = arg;
    unsigned where = irq->where % ARRAY_SIZE(places);
    uint32_t at = irq->at & (where < 6 ? 0xfffc : 0xffc);

    qemunic_msix(&p->f, irq->vector % EMUNIC_MAX_VECTORS, places[where] + at,
                 irq->value);
    run_device(nic.qts);
}

/* The frame that is in a function's buffer comes from outside. */
static void op_uplink(Port *p, const void *arg)
{
    static uint8_t frame[FRAME_MAX];
    size_t len = lduw_le_p(arg) % (sizeof(frame) + 1);

    qtest_memread(nic.qts, p->tx_buf, frame, len);
    qemu_send_packet(qemu_find_netdev(UPLINK), frame, len);
    run_device(nic.qts);
}

static void execute(const struct emunic_admin_cmd *cmd)
{
    qemunic_put(&d.admin, cmd, sizeof(*cmd));
    qemunic_write(&d.pf.f, EMUNIC_ADMIN_TAIL, d.admin.tail);
    run_device(nic.qts);
}

/* Commands that there are, or one that there is not */
static void op_command(Port *p, const void *arg)
{
    struct emunic_admin_cmd cmd;

    memcpy(&cmd, arg, sizeof(cmd));
    cmd.opcode = cpu_to_le16(0x0f + le16_to_cpu(cmd.opcode) % 0x24);
    cmd.vport = cpu_to_le16(le16_to_cpu(cmd.vport) % 4);
    cmd.data_addr = cpu_to_le64(place(p, le64_to_cpu(cmd.data_addr)));
    execute(&cmd);
}

/* Take events up to a request; it gets an answer that fits, or nearly. */
typedef struct Answer {
    uint8_t epoch;
    uint8_t tag;
    uint8_t len;
} QEMU_PACKED Answer;

static void op_answer(Port *p, const void *arg)
{
    struct emunic_admin_cmd cmd = {
        .opcode = cpu_to_le16(EMUNIC_ADMIN_VF_REPLY),
        .data_addr = cpu_to_le64(p->tx_buf),
    };
    struct emunic_admin_reply *reply = (void *)cmd.arg;
    const Answer *answer = arg;
    struct emunic_event e;

    do {
        if (!qemunic_queue_next(&d.event, sizeof(e),
                                offsetof(struct emunic_event, flags), &e)) {
            return;
        }
        qemunic_write(&d.pf.f, EMUNIC_EVENT_HEAD, d.event.cq_head);
    } while (le16_to_cpu(e.type) != EMUNIC_EVENT_VF_MSG);
    cmd.vport = e.vport;
    cmd.data_len = cpu_to_le32(answer->len);
    reply->epoch = cpu_to_le32(le32_to_cpu(e.epoch) + answer->epoch % 2);
    reply->tag = cpu_to_le32(le32_to_cpu(e.tag) + answer->tag % 2);
    execute(&cmd);
}

/* Other rings for the PF, and another number of VFs */
static void op_pf_restart(Port *p, const void *arg)
{
    uint8_t how = ldub_p(arg);

    if (how & 1) {
        reset_function(&d.pf, true);
    }
    if (how & 2) {
        enable_vfs((how >> 2) % 3);
    }
    restart_queue(&d.admin, &d.pf.f, EMUNIC_ADMIN_BLOCK, 6, 0);
    restart_queue(&d.event, &d.pf.f, EMUNIC_EVENT_BLOCK, 6, 0);
}

/* What each takes, and as many octets of it */
static const struct Operation {
    void (*run)(Port *p, const void *arg);
    size_t size;
} operations[] = {
    { op_register, sizeof(Register) },
    { op_mailbox, sizeof(Message) },
    { op_meta, sizeof(struct emunic_tx_meta) },
    { op_tx, sizeof(struct emunic_tx_desc) },
    { op_rx, sizeof(struct emunic_rx_desc) },
    { op_send, 0 },
    { op_headers, sizeof(Headers) },
    { op_memory, sizeof(Memory) },
    { op_restart, sizeof(Restart) },
    { op_interrupt, sizeof(Interrupt) },
    { op_uplink, sizeof(uint16_t) },
    /* and those of a PF */
    { op_command, sizeof(struct emunic_admin_cmd) },
    { op_answer, sizeof(Answer) },
    { op_pf_restart, sizeof(uint8_t) },
};
#define VF_OPERATIONS   11

/* The operation that begins with @octet, of which the upper bit is whose */
static const struct Operation *operation(uint8_t octet)
{
    return &operations[(octet & 0x7f) % (with_pf ? ARRAY_SIZE(operations)
                                                 : VF_OPERATIONS)];
}

/* Offset of the operation behind the one at @at; @at if that is not whole */
static size_t next_operation(const uint8_t *data, size_t size, size_t at)
{
    size_t next = at < size ? at + 1 + operation(data[at])->size : at;

    return next <= size ? next : at;
}

static void run_input(QTestState *qts, const unsigned char *data, size_t size)
{
    Port *const who[] = {
        with_pf ? &d.pf : &d.vf[0], with_pf ? &d.vf[0] : &d.vf[1],
    };
    size_t at = 0, next;

    qemunic_flr(&d.pf.f);
    qtest_clock_step(qts, REST_NS);
    nic.next_page = QEMUNIC_FIRST_PAGE;
    free_maps();
    data_init(&d);
    for (int i = 0; i < OPERATIONS; i++) {
        next = next_operation(data, size, at);
        if (next == at) {
            break;
        }
        operation(data[at])->run(who[data[at] >> 7], data + at + 1);
        at = next;
    }
    run_device(qts);
}

/* Where operation @n begins, counted round and round with the end as one */
static size_t cut(const uint8_t *data, size_t size, unsigned n)
{
    size_t at[OPERATIONS + 1] = { 0 };
    unsigned count = 1;

    while (count < ARRAY_SIZE(at)) {
        at[count] = next_operation(data, size, at[count - 1]);
        if (at[count] == at[count - 1]) {
            break;
        }
        count++;
    }
    return at[n % count];
}

/* The beginning of one input and the end of the other */
static size_t crossover(const uint8_t *data1, size_t size1,
                        const uint8_t *data2, size_t size2, uint8_t *out,
                        size_t max_size, unsigned int seed)
{
    size_t head = MIN(cut(data1, size1, seed & 0xffff), max_size);
    size_t from = cut(data2, size2, seed >> 16);
    size_t tail = MIN(size2 - from, max_size - head);

    memcpy(out, data1, head);
    memcpy(out + head, data2 + from, tail);
    return head + tail;
}

static void start(QTestState *qts)
{
    nic = (QEmunic) {
        .qts = qts,
        .devfn = QEMUNIC_DEVFN,
        .idle = run_device,
    };
    qemunic_enable_ecam(qts);
    d.nic = &nic;
    qemunic_pf_init(&nic, &d.pf.f);
}

static void start_pf(QTestState *qts)
{
    with_pf = true;
    start(qts);
}

static GString *command_line(FuzzTarget *t)
{
    return g_string_new(TARGET_NAME " -M q35 -accel qtest -m 64 -nodefaults"
                        " -display none -netdev hubport,hubid=0,id=" UPLINK
                        " -device emunic,addr=2,max_vfs=2,netdev=" UPLINK);
}

static void register_targets(void)
{
    fuzz_add_target(&(FuzzTarget) {
        .name = "emunic-vf",
        .description = "registers, mailboxes, rings and frames of two VFs",
        .get_init_cmdline = command_line,
        .pre_fuzz = start,
        .fuzz = run_input,
        .crossover = crossover,
    });
    fuzz_add_target(&(FuzzTarget) {
        .name = "emunic-pf",
        .description = "the same of the PF and a VF, admin queue and events",
        .get_init_cmdline = command_line,
        .pre_fuzz = start_pf,
        .fuzz = run_input,
        .crossover = crossover,
    });
}

fuzz_target_init(register_targets);
