/** A port of DHCPv4 for an interface without an address: packets by a packet socket (RFC 2131 section 4.1). */

import type { Datagram } from '../../dhcp/exchange.ts'
import { unspecified } from '../../dhcp/v4/message.ts'
import { payloadOf, udpPacket } from '../../dhcp/v4/packet.ts'
import type { Address } from '../../ip/address.ts'
import { formatMac } from '../../ip/mac.ts'
import { bootClock } from '../../kernel/clock.ts'
import type { LinkName } from '../../netlink/link.ts'
import { nextFrame, openIpv4Socket, sendFrame } from '../../netlink/packet.ts'
import { ethernet } from '../../netlink/probe-frames.ts'
import { filterProgram } from '../../netlink/socket-filter.ts'
import type { Port } from './port.ts'

/** UDP ports (RFC 2131 section 4.1). */
export const [serverPort, clientPort] = [67, 68]

/** 255.255.255.255. */
export const everyHost: Address = { family: 4, value: 0xffffffffn }
const everyMac = Buffer.alloc(6, 0xff)
const [ETHERNET, IPV4] = [14, 0x0800]

const [LD_B_ABS, LD_H_ABS, LD_H_IND, LDX_MSH, JEQ, JSET, RET] = [0x30, 0x28, 0x48, 0xb1, 0x15, 0x45, 0x06]
const UDP = 17

/** UDP to the client's port, the first fragment or all of it: containers with traffic do not wake the reader. */
const toClients = filterProgram([
  [LD_B_ABS, 0, 0, ETHERNET + 9],
  [JEQ, 0, 6, UDP],
  [LD_H_ABS, 0, 0, ETHERNET + 6],
  [JSET, 4, 0, 0x1fff],
  [LDX_MSH, 0, 0, ETHERNET],
  [LD_H_IND, 0, 0, ETHERNET + 2],
  [JEQ, 0, 1, clientPort],
  [RET, 0, 0, 0x40000],
  [RET, 0, 0, 0],
])

/**
 * Opens one in the current namespace.
 * @param nextHop MAC address to which datagrams for one server are sent; without it they are sent to all
 */
export function packetPort(link: LinkName, mac: Buffer, nextHop: Buffer = everyMac): Port {
  const fd = openIpv4Socket(link, toClients)
  const port: Port = {
    fd,
    send(datagram) {
      port.sentAt = bootClock()
      sendFrame(fd, frameOf(datagram, mac, nextHop))
    },
    read() {
      const frame = nextFrame(fd)
      if (frame) port.readFrom = formatMac(frame.subarray(6, 12))
      return frame && payloadOf(frame.subarray(ETHERNET), clientPort)
    },
  }
  return port
}

function frameOf({ payload, from = unspecified, to }: Datagram, mac: Buffer, nextHop: Buffer): Buffer {
  const ports = { sourcePort: clientPort, targetPort: serverPort }
  const packet = udpPacket({ ...ports, from, to: to ?? everyHost, payload })
  return ethernet(to ? nextHop : everyMac, mac, IPV4, packet)
}
