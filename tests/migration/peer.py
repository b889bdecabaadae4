# SPDX-License-Identifier: GPL-2.0-only
"""The outside of the machine: one host that sends numbered frames and gets
them back, and the switch between it and the QEMUs, which learns as switches
do from where an address was heard last."""

import socket
import struct
import threading
import time

ETH_P_ECHO = b"\x88\xb5"
OUTER_MAC = bytes.fromhex("020000000300")
MY_MAC = bytes.fromhex("020000000fff")
PERIOD = 0.005


class Peer:
    """Sends to whichever QEMU has OUTER_MAC."""

    def __init__(self, folder):
        self.folder = folder
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = folder / "peer.net"
        path.unlink(missing_ok=True)
        self.sock.bind(str(path))
        self.lock = threading.Lock()    # of all below
        self.where = None       # name of the QEMU that has the address
        self.moves = []         # (time, name): when it was heard elsewhere
        self.sent = []          # time of each number
        self.back = {}          # number -> times it came back
        self.wrong = 0          # frames that came back changed
        self.sending = False
        for work in (self.send, self.receive):
            threading.Thread(target=work, daemon=True).start()

    @staticmethod
    def frame(seq):
        """Frame number @seq."""
        size = 46 + seq * 31 % 1400
        return OUTER_MAC + MY_MAC + ETH_P_ECHO + struct.pack("!Q", seq) + \
            bytes((seq + i) & 0xff for i in range(size))

    def send(self):
        """Thread."""
        while True:
            time.sleep(PERIOD)
            with self.lock:
                if not self.sending or self.where is None:
                    continue
                where, seq = self.where, len(self.sent)
                self.sent.append(time.time())
            try:
                self.sock.sendto(self.frame(seq), socket.MSG_DONTWAIT,
                                 str(self.folder / f"{where}.net"))
            except BlockingIOError:
                # The socket holds 50 ms of them, and a QEMU on a busy host does not
                # read for longer: it has not had this one, which has its turn again.
                with self.lock:
                    self.sent.pop()
            except OSError:
                pass    # a QEMU that is gone: lost

    def receive(self):
        """Thread."""
        while True:
            data, source = self.sock.recvfrom(65536)
            name = source.rsplit("/", 1)[-1].removesuffix(".net")
            with self.lock:
                if data[6:12] == OUTER_MAC:
                    self.heard(name)
                if data[:6] == MY_MAC and data[12:14] == ETH_P_ECHO:
                    self.returned(data)

    def heard(self, name):
        """The address is there."""
        if name != self.where:
            self.where = name
            self.moves.append((time.time(), name))

    def returned(self, data):
        """An echo."""
        seq = struct.unpack_from("!Q", data, 14)[0]
        if seq < len(self.sent) and data[14:] == self.frame(seq)[14:]:
            self.back[seq] = self.back.get(seq, 0) + 1
        else:
            self.wrong += 1

    def start(self, name):
        """Send, at first there."""
        with self.lock:
            self.where = self.where or name
            self.sending = True

    def stop(self):
        """Send no more, and wait for what is on its way."""
        with self.lock:
            self.sending = False
        time.sleep(0.5)

    def moved_to(self, name, seconds=10):
        """When the address was heard there."""
        end = time.monotonic() + seconds
        while True:
            with self.lock:
                for at, where in self.moves:
                    if where == name:
                        return at
            if time.monotonic() > end:
                raise TimeoutError(f"{name} has not been heard of within {seconds} s")
            time.sleep(0.02)

    def returned_since(self, since):
        """How many frames that were sent after @since came back."""
        with self.lock:
            return sum(self.sent[seq] > since for seq in self.back)

    def missing(self, since):
        """Times at which frames were sent after @since that have not come back;
        those that came more than once; those that came back changed."""
        with self.lock:
            lost = [at for seq, at in enumerate(self.sent)
                    if at >= since and seq not in self.back]
            twice = [seq for seq, times in self.back.items() if times > 1]
            return lost, twice, self.wrong
