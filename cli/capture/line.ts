/** A frame as one line for a terminal: time, interface, direction, addresses, protocol, ports, flags, length. */

import { plain } from '../../shared/error/log.ts'
import { formatAddress, fromBytes } from '../../shared/ip/address.ts'
import { formatMac } from '../../shared/ip/mac.ts'
import type { Frame } from './frames.ts'
import { isHeadless } from './pcapng.ts'

export function lineOf(frame: Frame, name: string): string {
  const offset = isHeadless(frame) ? 0 : ETHERNET_HEADER
  const { time, isOutgoing, length } = frame
  return `${clock(time)} ${plain(name)} ${isOutgoing ? 'out' : 'in '} ${wordsOf(frame, offset)} length ${length}`
}

const ETHERNET_HEADER = 14

/** `12:34:56.123456`, UTC. */
function clock(time: bigint): string {
  const micro = String((time / 1000n) % 1_000_000n).padStart(6, '0')
  return `${new Date(Number(time / 1_000_000n)).toISOString().slice(11, 19)}.${micro}`
}

function wordsOf({ protocol, data }: Frame, offset: number): string {
  const packet = data.subarray(offset)
  const parse = parsers[protocol]
  const words = parse?.(packet)
  if (words !== undefined) return words
  const hexadecimal = `0x${protocol.toString(16).padStart(4, '0')}`
  const macs = offset > 0 ? `${formatMac(data.subarray(6, 12))} > ${formatMac(data.subarray(0, 6))}` : ''
  return `${macs} type ${hexadecimal}`.trim()
}

/** By EtherType; undefined for a packet that is cut short. */
const parsers: Readonly<Record<number, (packet: Buffer) => string | undefined>> = {
  2048: ipv4,
  2054: arp,
  34525: ipv6,
}

const text = (bytes: Buffer) => formatAddress(fromBytes(bytes))

function ipv4(packet: Buffer): string | undefined {
  if (packet.length < 20) return undefined
  const [source, destination] = [text(packet.subarray(12, 16)), text(packet.subarray(16, 20))]
  const isLater = (packet.readUInt16BE(6) & 0x1fff) !== 0
  const behind = isLater ? Buffer.alloc(0) : packet.subarray(((packet[0] ?? 0) & 15) * 4)
  return transport({ source, destination }, packet[9] ?? 0, behind, isLater)
}

function ipv6(packet: Buffer): string | undefined {
  if (packet.length < 40) return undefined
  const [source, destination] = [text(packet.subarray(8, 24)), text(packet.subarray(24, 40))]
  return transport({ source, destination }, packet[6] ?? 0, packet.subarray(40))
}

interface Ends {
  source: string
  destination: string
}

const names: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp6', 132: 'sctp' }

function transport({ source, destination }: Ends, protocol: number, packet: Buffer, isLater = false): string {
  const name = names[protocol] ?? `protocol ${protocol}`
  if (isLater || packet.length < 4) return `${source} > ${destination} ${name}${isLater ? ' fragment' : ''}`
  if (name === 'icmp' || name === 'icmp6') return `${source} > ${destination} ${name} ${icmp(name, packet)}`
  if (!['tcp', 'udp', 'sctp'].includes(name)) return `${source} > ${destination} ${name}`
  const [from, to] = [packet.readUInt16BE(0), packet.readUInt16BE(2)]
  return `${withPort(source, from)} > ${withPort(destination, to)} ${name}${name === 'tcp' ? flags(packet) : ''}`
}

const withPort = (address: string, port: number) =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** RFC 9293, section 3.1: from the lowest bit. */
const tcpFlags = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr']

function flags(packet: Buffer): string {
  const bits = packet[13] ?? 0
  const set = tcpFlags.filter((_, bit) => bits & (1 << bit))
  return set.length > 0 ? ` ${set.join(',')}` : ''
}

/** Types of ICMP (RFC 792) and ICMPv6 (RFC 4443, 4861). */
const icmpTypes: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  icmp: { 0: 'echo reply', 3: 'unreachable', 5: 'redirect', 8: 'echo request', 11: 'time exceeded' },
  icmp6: {
    1: 'unreachable',
    2: 'packet too big',
    3: 'time exceeded',
    128: 'echo request',
    129: 'echo reply',
    133: 'router solicitation',
    134: 'router advertisement',
    135: 'neighbour solicitation',
    136: 'neighbour advertisement',
  },
}

function icmp(name: string, packet: Buffer): string {
  const [type = 0, code = 0] = packet
  const words = icmpTypes[name]?.[type] ?? `type ${type}`
  if (words.startsWith('echo') && packet.length >= 8)
    return `${words} ${packet.readUInt16BE(4)}/${packet.readUInt16BE(6)}`
  return code === 0 ? words : `${words} code ${code}`
}

/** RFC 826, for IPv4 on Ethernet. */
function arp(packet: Buffer): string | undefined {
  if (packet.length < 28) return undefined
  const [sender, target] = [text(packet.subarray(14, 18)), text(packet.subarray(24, 28))]
  const mac = formatMac(packet.subarray(8, 14))
  return packet.readUInt16BE(6) === 1 ? `arp who has ${target}, ${sender} asks` : `arp ${sender} is at ${mac}`
}
