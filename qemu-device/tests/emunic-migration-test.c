/*
 * emunic: migration, with everything in the middle of something
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-port.h"
#include "emunic-test.h"
#include "standard-headers/linux/pci_regs.h"

#define DEVICE "max_vfs=2,mac=02:01:02:03:04:05"

#define SECTION_FULL    4       /* QEMU_VM_SECTION_FULL */
#define VPORTS          3

static void get_policies(Data *d, struct emunic_vport_policy *policy)
{
    uint64_t data = qemunic_alloc(d->nic, 4096);

    for (int v = 0; v < VPORTS; v++) {
        g_assert_cmpuint(qemunic_admin(&d->admin, EMUNIC_ADMIN_VPORT_GET_POLICY,
                                       v, NULL, 0, data, sizeof(*policy)),
                         ==, 0);
        qtest_memread(d->nic->qts, data, policy + v, sizeof(*policy));
    }
}

static void test_migration(void)
{
    struct emunic_admin_reply arg;
    uint8_t frame[100], multicast[6] = { 0x33, 0x33, 0, 0, 0, 1 };
    struct emunic_vport_policy before[VPORTS], after[VPORTS];
    struct emunic_event e;
    uint32_t epoch;
    uint64_t data;
    Data d;

    data_start(&d, "", DEVICE);
    data = qemunic_alloc(d.nic, 4096);
    do {
        g_assert_true(qemunic_event(&d.event, &e));
    } while (e.vport != 2);
    /* Rings that have turned round, a filter, a request without an answer */
    build(frame, 100, vf_mac[1], vf_mac[0], 0x88b5);
    for (int i = 0; i < 70; i++) {
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
        expect(&d.vf[1], frame, 100);
    }
    admin_ok(&d, EMUNIC_ADMIN_VPORT_ADD_MAC, 2, multicast, 6);
    qemunic_write(&d.vf[0].f, EMUNIC_TEST_SCRATCH, 0x12345678);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_REQUEST, 0x99);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_LEN, 8);
    qemunic_write(&d.vf[0].f, EMUNIC_MBOX_CTRL, EMUNIC_MBOX_CTRL_SEND);
    g_assert_true(qemunic_event(&d.event, &e));
    epoch = qemunic_read(&d.vf[0].f, EMUNIC_EPOCH);

    set_port_vlan(&d, 1, 0x8100, 100, 3);
    set_port_vlan(&d, 2, 0x8100, 100, 5);
    get_policies(&d, before);

    qemunic_migrate(d.nic, DEVICE);

    get_policies(&d, after);
    g_assert_cmpmem(before, sizeof(before), after, sizeof(after));
    g_assert_cmpuint(qemunic_read(&d.vf[0].f, EMUNIC_EPOCH), ==, epoch);
    g_assert_cmphex(qemunic_read(&d.vf[0].f, EMUNIC_TEST_SCRATCH), ==,
                    0x12345678);
    g_assert_cmphex(qemunic_read(&d.vf[0].f, EMUNIC_MBOX_STATUS), ==, 1);
    g_assert_cmphex(qemunic_read(&d.vf[0].f, EMUNIC_STATUS), ==, 7);
    for (int i = 0; i < 70; i++) {
        g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
        expect(&d.vf[1], frame, 100);
    }
    memcpy(frame, multicast, 6);
    g_assert_cmpuint(port_send(&d.vf[0], NULL, frame, 100), ==, 0);
    expect(&d.vf[1], frame, 100);
    expect_none(&d.pf);
    g_assert_cmpuint(STAT(&d, 1, tx_packets), ==, 141);

    arg = (struct emunic_admin_reply) { e.epoch, e.tag };
    g_assert_cmpuint(qemunic_admin(&d.admin, EMUNIC_ADMIN_VF_REPLY, 1, &arg,
                                   sizeof(arg), data, 8), ==, 0);
    g_assert_cmphex(qemunic_read(&d.vf[0].f, EMUNIC_MBOX_STATUS), ==,
                    0x10002);
    qemunic_stop(d.nic);
}

/* The version of the section of device @id in a stream */
static uint8_t *section_version(char *stream, size_t size, const char *id)
{
    size_t len = strlen(id);

    for (size_t at = 6; at + len + 8 <= size; at++) {
        if (!memcmp(stream + at, id, len) && stream[at - 1] == (char)len &&
            stream[at - 6] == SECTION_FULL) {
            return (uint8_t *)stream + at + len + 4;
        }
    }
    g_assert_not_reached();
}

/* A QEMU does not take the stream, and says why. */
static void refused(const char *dir, const char *device, const char *why)
{
    g_autofree char *uri = g_strdup_printf("file:%s/stream", dir);
    g_autofree char *words = g_strdup_printf("%s/stderr", dir);
    g_autofree char *args = g_strdup_printf("-incoming defer 2>%s", words);
    QEmunic *to = qemunic_start(device, args);
    g_autofree char *text = NULL;
    bool failed = false;

    qtest_qmp_assert_success(to->qts, "{'execute': 'migrate-incoming',"
                             " 'arguments': {'uri': %s,"
                             " 'exit-on-error': false}}", uri);
    for (int i = 0; i < 5000 && !failed; i++) {
        QDict *rsp = qtest_qmp(to->qts, "{'execute': 'query-migrate'}");
        const char *status = qdict_get_try_str(qdict_get_qdict(rsp, "return"),
                                               "status");

        g_assert_cmpstr(status, !=, "completed");
        failed = !g_strcmp0(status, "failed");
        qobject_unref(rsp);
        g_usleep(1000);
    }
    g_assert_true(failed);
    qemunic_stop(to);
    g_assert_true(g_file_get_contents(words, &text, NULL, NULL));
    if (!strstr(text, why)) {
        g_test_message("no \"%s\" in: %s", why, text);
        g_test_fail();
    }
    unlink(words);
}

/* A stream, in @dir; where its PF has the SR-IOV capability */
typedef struct Stream {
    char *dir, *path, *bytes;
    gsize size;
    unsigned sriov;
} Stream;

static void stream_save(Stream *stream)
{
    Data d;

    stream->dir = g_dir_make_tmp("emunic-XXXXXX", NULL);
    stream->path = g_strdup_printf("%s/stream", stream->dir);
    data_start(&d, "", DEVICE);
    stream->sriov = qemunic_find_ext_cap(d.nic, d.nic->devfn,
                                         PCI_EXT_CAP_ID_SRIOV);
    qemunic_save(d.nic, stream->path);
    qemunic_stop(d.nic);
    g_assert_true(g_file_get_contents(stream->path, &stream->bytes,
                                      &stream->size, NULL));
}

static void stream_free(Stream *stream)
{
    unlink(stream->path);
    rmdir(stream->dir);
    g_free(stream->dir);
    g_free(stream->path);
    g_free(stream->bytes);
}

/* With @value, in the order of the stream, at @at nobody takes it. */
static void stream_refused(Stream *stream, uint8_t *at, uint32_t value,
                           const char *why)
{
    uint32_t ours = ldl_be_p(at);

    stl_be_p(at, value);
    g_assert_true(g_file_set_contents(stream->path, stream->bytes, stream->size,
                                      NULL));
    refused(stream->dir, DEVICE, why);
    stl_be_p(at, ours);
}

/* A stream of another version of the device is refused by name. */
static void test_versions(void)
{
    static const struct {
        const char *id;
        uint32_t version;
        const char *why;
    } other[] = {
        { "0000:00:02.0/emunic", 2,
          "emunic: incoming version_id 2 is too old" },
        { "0000:00:02.0/emunic", 4, "unsupported version 4 for "
                                    "'0000:00:02.0/emunic'" },
        { "0000:00:02.2/emunic-vf", 1,
          "emunic-vf: incoming version_id 1 is too old" },
        { "0000:00:02.1/emunic-vf", 4, "unsupported version 4 for "
                                       "'0000:00:02.1/emunic-vf'" },
    };
    Stream stream;

    stream_save(&stream);
    for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
        stream_refused(&stream,
                       section_version(stream.bytes, stream.size, other[i].id),
                       other[i].version, other[i].why);
    }
    stream_free(&stream);
}

/* So is one that contradicts what the device is. */
static void test_bad_stream(void)
{
    uint8_t *at, *config;
    Stream stream;

    stream_save(&stream);
    at = section_version(stream.bytes, stream.size, "0000:00:02.0/emunic");
    /* Behind the versions of the device and of its PCI part */
    config = at + 8;
    g_assert_cmphex(lduw_le_p(config + PCI_VENDOR_ID), ==, EMUNIC_PCI_VENDOR);
    stream_refused(&stream, config + stream.sriov + PCI_SRIOV_NUM_VF,
                   0xffff0000,
                   "vport 0: the migration stream has a bad number of VFs");
    while (ldl_be_p(at) != EMUNIC_ID_MAGIC) {
        at++;
    }
    stream_refused(&stream, at, EMUNIC_ID_MAGIC + 1,
                   "vport 0: the migration stream has a bad identity");
    stream_refused(&stream, at + EMUNIC_CAPS, EMUNIC_CAPS_ALL | 1u << 31,
                   "vport 0: the migration stream has a bad identity");
    stream_free(&stream);
}

/* Whatever has an address is announced, in its VLAN. */
static void test_announce(void)
{
    uint8_t frame[FRAME_MAX], want[64];
    bool seen[2] = { false, false };
    g_autofree char *args = NULL;
    int fds[2];
    size_t len;
    Data d;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    args = g_strdup_printf("-netdev socket,id=up,fd=%d", fds[1]);
    data_start(&d, args, "max_vfs=2,netdev=up");
    set_port_vlan(&d, 1, 0x8100, 100, 3);
    qtest_qmp_assert_success(d.nic->qts, "{'execute': 'announce-self',"
                             " 'arguments': {'initial': 50, 'max': 50,"
                             " 'rounds': 1, 'step': 10}}");
    /* QEMU's own, the PF and two VFs */
    for (int i = 0; i < 4; i++) {
        uint32_t got = uplink_read(fds[0], frame);

        g_assert_cmpmem(frame, 6, broadcast, 6);
        for (int v = 0; v < 2; v++) {
            if (memcmp(frame + 6, vf_mac[v], 6)) {
                continue;
            }
            memset(want, 0, sizeof(want));
            build(want, 60, broadcast, vf_mac[v], 0x8035);
            memset(want + 14, 0, 46);
            stw_be_p(want + 14, 1);
            stw_be_p(want + 16, 0x0800);
            want[18] = 6;
            want[19] = 4;
            stw_be_p(want + 20, 3);
            memcpy(want + 22, vf_mac[v], 6);
            memcpy(want + 32, vf_mac[v], 6);
            len = 60;
            if (!v) {
                tag(want, &len, 0x8100, 3 << 13 | 100);
            }
            g_assert_cmpmem(frame, got, want, len);
            seen[v] = true;
        }
    }
    g_assert_true(seen[0] && seen[1]);
    qemunic_stop(d.nic);
    close(fds[0]);
    close(fds[1]);
}

void emunic_add_migration_tests(void)
{
    qtest_add_func("emunic/migration", test_migration);
    qtest_add_func("emunic/migration-versions", test_versions);
    qtest_add_func("emunic/migration-bad-stream", test_bad_stream);
    qtest_add_func("emunic/announce", test_announce);
}
