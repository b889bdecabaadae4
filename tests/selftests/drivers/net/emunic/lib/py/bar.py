# SPDX-License-Identifier: GPL-2.0
"""BAR0 of a function, behind the back of the driver that has it."""

import mmap

from net.lib.py import KsftSkipEx

SIZE = 0x10000

CTRL, CTRL_ENABLE = 0x0014, 1
EPOCH = 0x001c
KICK, ADMIN_TAIL = 0x1000, 0x1004
MBOX_CTRL, MBOX_STATUS, MBOX_LEN, MBOX_REQUEST = 0x3000, 0x3004, 0x3008, 0x3100
MBOX_SEND, MBOX_STATE, MBOX_BUSY = 1, 0xf, 1
TX_BLOCK, RX_BLOCK, Q_STRIDE = 0x4000, 0x4800, 0x40

# In a queue block
SQ_LO, SQ_HI, CQ_LO, CQ_HI, SHADOW_LO, SHADOW_HI = range(0, 0x18, 4)
Q_SIZE, Q_VECTOR, Q_CTRL, Q_STATE, Q_ERROR = range(0x18, 0x2c, 4)
Q_RUNNING = 1


class Bar:
    """Registers by their offset: value = bar[offset]; bar[offset] = value."""
    def __init__(self, func):
        try:
            with open(func.path / "resource0", "r+b") as resource:
                self._map = mmap.mmap(resource.fileno(), SIZE)
        except OSError as e:
            raise KsftSkipEx(f"registers of {func} out of reach, which "
                             f"iomem=relaxed would allow: {e}") from e
        # Aligned 32-bit accesses: a slice would be copied by bytes
        self._words = memoryview(self._map).cast("I")

    def __getitem__(self, offset):
        return self._words[offset // 4]

    def __setitem__(self, offset, value):
        self._words[offset // 4] = value

    def restart_queue(self, block, **changes):
        """Stop a queue, change registers of its block, start it again."""
        offsets = {"sq_lo": SQ_LO, "sq_hi": SQ_HI, "shadow_lo": SHADOW_LO,
                   "shadow_hi": SHADOW_HI}
        self[block + Q_CTRL] = 0
        for name, value in changes.items():
            self[block + offsets[name]] = value
        self[block + Q_CTRL] = 1

    def confuse_queue(self, block):
        """Have a queue read its completions as its descriptors."""
        self.restart_queue(block, sq_lo=self[block + CQ_LO],
                           sq_hi=self[block + CQ_HI])

    def send(self, message, length=None):
        """Send a request through a VF's mailbox; its state in the end."""
        padded = message + bytes(-len(message) % 4)
        for i in range(0, len(padded), 4):
            self[MBOX_REQUEST + i] = int.from_bytes(padded[i:i + 4], "little")
        self[MBOX_LEN] = len(message) if length is None else length
        self[MBOX_CTRL] = MBOX_SEND
        while self[MBOX_STATUS] & MBOX_STATE == MBOX_BUSY:
            pass
        return self[MBOX_STATUS] & MBOX_STATE
