/** Two NICs of the host on one cable, keys for macsec on them, and the frames between them. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type Network, network } from './cnitool.ts'
import { ip, ipJson } from './command.ts'
import type { Netns } from './host.ts'
import { fixed } from './networks.ts'
import { whileListening } from './traffic.ts'

export const secrets = '/run/secrets/macsec.json'

/** A key for each side of the cable, by name. */
export const keys = { a: '0a0a0a0a1b1b1b1b2c2c2c2c3d3d3d3d', b: 'b0b0b0b0a1a1a1a19292929283838383' }

/** The key file of the networks. */
export function writeKeys(content: object | string = keys, mode = 0o600, path = secrets): void {
  mkdirSync('/run/secrets', { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode, flush: true })
}

/** The cable's ends on the host, without link-local addresses, so that the kernel sends no frames of its own. */
export function layCable(one = 'nic0', two = 'nic1'): void {
  ip(`link add ${one} address 02:00:00:00:00:0a type veth peer name ${two} address 02:00:00:00:00:0b`)
  for (const name of [one, two]) ip(`link set ${name} addrgenmode none up`)
}

/** The two sides of the cable: parent, identifier, key and address. */
const sides = [
  { master: 'nic0', sci: '02000000000a0001', key: 'a', address: '10.181.0.1' },
  { master: 'nic1', sci: '02000000000b0001', key: 'b', address: '10.181.0.2' },
] as const

/** The network of one side. @param own keys in place of the usual ones @param peer keys in place of its peer's usual ones */
export function macsecNetwork(side: 0 | 1, own: Record<string, unknown> = {}, peer: object = {}): Network {
  const { master, key, address } = sides[side]
  const other = sides[1 - side] as (typeof sides)[number]
  return network(`side${side}`, {
    type: 'macsec',
    master,
    keyFile: secrets,
    key,
    peers: [{ sci: other.sci, key: other.key, ...peer }],
    ipam: fixed(`${address}/24`),
    ...own,
  })
}

export const addressOf = (side: 0 | 1): string => sides[side].address

/** The frames that pass an interface of the host during an action, as bytes. */
export async function framesOn(ifname: string, act: () => unknown): Promise<Buffer[]> {
  const file = '/run/test/capture.pcap'
  const listener = spawn('tcpdump', ['-U', '--immediate-mode', '-i', ifname, '-w', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await once(listener.stderr, 'data')
  await whileListening(listener, act)
  return framesOf(readFileSync(file))
}

/** pcap-savefile(5): a header of 24 bytes, and one of 16 for each frame, with the frame's length at 8. */
function framesOf(file: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 24; at + 16 <= file.length; ) {
    const length = file.readUInt32LE(at + 8)
    frames.push(file.subarray(at + 16, at + 16 + length))
    at += 16 + length
  }
  return frames
}

/** Counters of packets: with a valid number, with a repeated number but accepted, and with a repeated number and dropped. */
type Counts = Record<'InPktsOK' | 'InPktsDelayed' | 'InPktsLate', number>

/** The counters of packets that a container's interface received from its first peer. */
export function received({ name }: Netns, ifname = 'eth0'): Counts {
  type Shown = { ifname: string; rx_sc: Counts[] }
  const shown = ipJson<Shown>(`-n ${name} -s macsec show`)
  const [channel] = shown.find((device) => device.ifname === ifname)?.rx_sc ?? []
  if (!channel) throw new Error(`${ifname} has no peer`)
  return channel
}

/** A network with most of the keys, on its own cable. */
export const wholeMacsec = {
  config: {
    type: 'macsec',
    master: 'nic0',
    mtu: 1400,
    port: 7,
    replayProtect: true,
    window: 64,
    keyFile: secrets,
    key: 'a',
    peers: [{ mac: '02:00:00:00:00:0b', key: 'b', an: 2 }],
  },
  subnets: ['10.180.0.0/24', 'fd00:180::/64'],
}
