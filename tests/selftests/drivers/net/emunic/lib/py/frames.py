# SPDX-License-Identifier: GPL-2.0
"""Captured frames taken apart, every length and checksum looked at."""

import struct

ETH_IPV4, ETH_IPV6, ETH_TEB, ETH_VLAN = 0x0800, 0x86dd, 0x6558, 0x8100
IPIP, TCP, UDP, IPV6, GRE = 4, 6, 17, 41, 47
VXLAN_PORT = 4789
DF = 0x4000
GRE_CSUM = 0x8000


def checksum(data):
    """Folded sum, complemented: 0 for data that has its checksum in it."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Frame:
    """
    The layers of a frame, outermost first, as (name, fields) in @layers, and
    what is wrong with them in @faults. TCP and UDP have "payload".
    """
    def __init__(self, data):
        self.layers = []
        self.faults = []
        self._ether(data)

    def all(self, name):
        """The fields of each layer of that name."""
        return [fields for layer, fields in self.layers if layer == name]

    def has(self, name):
        """Is there such a layer?"""
        return bool(self.all(name))

    def _expect(self, good, what):
        if not good:
            self.faults.append(what)

    def _ether(self, data):
        ethertype, = struct.unpack_from("!H", data, 12)
        data = data[14:]
        if ethertype == ETH_VLAN:
            self.layers.append(("vlan", {"tci": struct.unpack_from("!H", data)[0]}))
            ethertype, = struct.unpack_from("!H", data, 2)
            data = data[4:]
        self._network(ethertype, data)

    def _network(self, ethertype, data):
        if ethertype == ETH_IPV4:
            self._ip4(data)
        elif ethertype == ETH_IPV6:
            self._ip6(data)
        elif ethertype == ETH_TEB:
            self._ether(data)

    def _ip4(self, data):
        header = data[:(data[0] & 0xf) * 4]
        length, ident, frag = struct.unpack_from("!3H", data, 2)
        # A short frame is padded
        self._expect(length == len(data) or len(data) == 46 > length,
                     f"IPv4 length {length} of {len(data)}")
        self._expect(not checksum(header), "IPv4 checksum")
        self.layers.append(("ip4", {"id": ident, "df": bool(frag & DF)}))
        data = data[:length]
        payload = data[len(header):]
        if frag & ~DF:
            return
        pseudo = data[12:20] + struct.pack("!HH", data[9], len(payload))
        self._transport(data[9], payload, pseudo, False)

    def _ip6(self, data):
        length, proto = struct.unpack_from("!HB", data, 4)
        self._expect(length == len(data) - 40,
                     f"IPv6 length {length} of {len(data) - 40}")
        self.layers.append(("ip6", {}))
        payload = data[40:]
        if proto == 60:     # destination options: ip6tnl's encapsulation limit
            proto, payload = payload[0], payload[8 + payload[1] * 8:]
        pseudo = data[8:40] + struct.pack("!IHH", len(payload), 0, proto)
        self._transport(proto, payload, pseudo, True)

    def _transport(self, proto, data, pseudo, v6):
        if proto == TCP:
            self._tcp(data, pseudo)
        elif proto == UDP:
            self._udp(data, pseudo, v6)
        elif proto == GRE:
            self._gre(data)
        elif proto in (IPIP, IPV6):
            self._network(ETH_IPV4 if proto == IPIP else ETH_IPV6, data)

    def _tcp(self, data, pseudo):
        self._expect(not checksum(pseudo + data), "TCP checksum")
        sport, dport, seq, _, off, flags = struct.unpack_from("!HHIIBB", data)
        self.layers.append(("tcp", {"sport": sport, "dport": dport, "seq": seq,
                                    "flags": flags, "payload": data[off // 16 * 4:]}))

    def _udp(self, data, pseudo, v6):
        sport, dport, length, csum = struct.unpack_from("!4H", data)
        self._expect(length == len(data), f"UDP length {length} of {len(data)}")
        if csum:
            self._expect(not checksum(pseudo + data), "UDP checksum")
        else:
            self._expect(not v6 or dport == VXLAN_PORT, "UDP without checksum")
        self.layers.append(("udp", {"sport": sport, "dport": dport,
                                    "csum": bool(csum), "payload": data[8:]}))
        if dport == VXLAN_PORT:
            self._ether(data[16:])

    def _gre(self, data):
        flags, proto = struct.unpack_from("!HH", data)
        if flags & GRE_CSUM:
            self._expect(not checksum(data), "GRE checksum")
        self.layers.append(("gre", {"csum": bool(flags & GRE_CSUM)}))
        self._network(proto, data[8 if flags & GRE_CSUM else 4:])
