/*
 * emunic: frames from the uplink in many pieces, as another NIC's guest puts
 * them together
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic-peer.h"
#include "emunic-test.h"

static const uint8_t far[6] = { 0x02, 0, 0, 0, 0, 0x99 };

static void expect_soon(Port *p, const uint8_t *frame, uint32_t len)
{
    Frame fr;

    g_assert_true(wait_receive(p, &fr));
    g_assert_cmpmem(fr.data, fr.len, frame, len);
}

/* None is lost, and each is whole, whatever the sender makes of it. */
static void test_pieces(void)
{
    static const unsigned counts[] = { 0, 1, 127, 128, 129, 130, 131, 132,
                                       133, 250 };
    uint8_t frame[2048];
    Data d;
    Peer p;

    data_start(&d, PEER_ARGS, "max_vfs=2,netdev=up");
    peer_init(&p, d.nic);
    build(frame, sizeof(frame), broadcast, far, 0x88b5);
    for (int i = 0; i < ARRAY_SIZE(counts); i++) {
        uint32_t len = 256 + 4 * counts[i];

        peer_send(&p, frame, 256, counts[i], 4);
        expect_soon(&d.pf, frame, len);
        expect_soon(&d.vf[0], frame, len);
        expect_soon(&d.vf[1], frame, len);
    }
    qemunic_stop(d.nic);
}

void emunic_add_pieces_tests(void)
{
    qtest_add_func("emunic/pieces", test_pieces);
}
