"""An SCTP association (RFC 9260, section 5.1) by a raw socket, on kernels without SCTP: `serve PORT [6]` (6: IPv6), or `ask ADDRESS PORT`.

The server's cookie is the address that it sees of the client; the client prints it when the association is established."""

import ipaddress
import random
import socket
import struct
import sys

INIT, INIT_ACK, COOKIE_ECHO, COOKIE_ACK = 1, 2, 10, 11
STATE_COOKIE = 7
TAG = 4711


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def padded(data):
    return data + bytes(-len(data) % 4)


def packet(source, destination, tag, kind, value=b''):
    ports = struct.pack('!HHI', source, destination, tag)
    chunk = padded(struct.pack('!BBH', kind, 0, 4 + len(value)) + value)
    return ports + struct.pack('<I', crc32c(ports + bytes(4) + chunk)) + chunk


def init(cookie=b''):
    parameter = padded(struct.pack('!HH', STATE_COOKIE, 4 + len(cookie)) + cookie) if cookie else b''
    return struct.pack('!IIHHI', TAG, 65536, 1, 1, 1) + parameter


def received(raw, port):
    """The next packet to a port with a right checksum: its sender, source port, tag, chunk and value."""
    while True:
        data, (address, *_) = raw.recvfrom(4096)
        if raw.family == socket.AF_INET:
            data = data[(data[0] & 15) * 4 :]
        source, destination, tag, checksum = struct.unpack('!HHI', data[:8]) + struct.unpack('<I', data[8:12])
        if destination == port and checksum == crc32c(data[:8] + bytes(4) + data[12:]):
            kind, _, length = struct.unpack('!BBH', data[12:16])
            return address, source, tag, kind, data[16 : 12 + length]


def serve(port):
    family = socket.AF_INET6 if sys.argv[3:] == ['6'] else socket.AF_INET
    raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_SCTP)
    print('listens', flush=True)
    peers = {}
    while True:
        address, source, _, kind, value = received(raw, port)
        if kind == INIT:
            peers[source] = struct.unpack('!I', value[:4])[0]
            answer = packet(port, source, peers[source], INIT_ACK, init(address.encode()))
        elif kind == COOKIE_ECHO and source in peers:
            answer = packet(port, source, peers[source], COOKIE_ACK)
        else:
            continue
        raw.sendto(answer, (address, 0))


def ask(address, port):
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_SCTP)
    raw.settimeout(20)
    raw.connect((address, 0))  # an answer of ICMP is an error then
    own = random.randrange(32768, 61000)
    raw.send(packet(own, port, 0, INIT, init()))
    sender, source, _, kind, value = received(raw, own)
    assert (sender, source, kind) == (address, port, INIT_ACK), (sender, source, kind)
    tag, = struct.unpack('!I', value[:4])
    cookie = value[20 : 16 + struct.unpack('!H', value[18:20])[0]]
    raw.send(packet(own, port, tag, COOKIE_ECHO, cookie))
    sender, source, tag, kind, _ = received(raw, own)
    assert (sender, source, tag, kind) == (address, port, TAG, COOKIE_ACK), (sender, source, tag, kind)
    print(cookie.decode())


if sys.argv[1] == 'serve':
    serve(int(sys.argv[2]))
else:
    ask(sys.argv[2], int(sys.argv[3]))
