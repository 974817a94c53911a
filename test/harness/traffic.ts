/** Real traffic: pings, the source address that a far host sees, announcements. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { command, succeeds } from './command.ts'
import type { Netns } from './host.ts'
import { pause, until } from './until.ts'

/** Whether all addresses answer pings from a namespace (from the host when there is none), each within twenty seconds. */
export function pings(from: Netns | undefined, ...addresses: string[]): boolean {
  assert.ok(addresses.length > 0, 'no address to ping')
  return addresses.every((address) => isAnswered(from, address, 20))
}

/** Whether an address answers pings with these options of ping. */
export function pingsWith(
  options: readonly string[],
  from: Netns | undefined,
  address: string,
  seconds = 20,
): boolean {
  return isAnswered(from, address, seconds, options)
}

/** Whether none of the addresses answers any of five pings in a second. */
export function isSilent(from: Netns | undefined, ...addresses: string[]): boolean {
  assert.ok(addresses.length > 0, 'no address to ping')
  return !addresses.some((address) => isAnswered(from, address, 1))
}

/** ping ends with the first answer or after the seconds, but also with an error from the network, which may be the state of a moment. */
function isAnswered(
  from: Netns | undefined,
  address: string,
  seconds: number,
  options: readonly string[] = [],
): boolean {
  const ping = ['ping', '-n', '-q', '-c', '1', '-i', '0.2', ...options, '-w']
  const end = performance.now() + seconds * 1000
  for (let left = seconds; left > 0; left = (end - performance.now()) / 1000) {
    if (succeeds(...inside(from), ...ping, String(Math.ceil(left)), address)) return true
    pause(100)
  }
  return false
}

function inside(netns: Netns | undefined): [string, ...string[]] {
  return netns ? ['ip', 'netns', 'exec', netns.name] : ['env']
}

/** A server in a namespace that answers each connection and datagram with the client's address. */
export interface Mirror {
  /**
   * The source address that the server saw of a connection made in a namespace, or on the host.
   * @param at the port, default: the server's own
   * @param seconds how long the answer may take
   * @throws when there is no answer
   */
  sourceOf(
    client: Netns | undefined,
    address: string,
    protocol: 'tcp' | 'udp',
    at?: number,
    seconds?: number,
  ): string
  stop(): void
}

/**
 * The source addresses that a server sees of a client: over TCP and UDP, at each of the server's addresses.
 * @param at the port, default: the server's own
 */
export function sourcesAt(
  mirror: Mirror,
  client: Netns | undefined,
  addresses: readonly string[],
  at?: number,
): string[] {
  const protocols = ['tcp', 'udp'] as const
  return addresses.flatMap((address) =>
    protocols.map((protocol) => mirror.sourceOf(client, address, protocol, at)),
  )
}

/** What `sourcesAt` shows of a client with these addresses. */
export function twice(addresses: readonly string[]): string[] {
  return addresses.flatMap((address) => [address, address])
}

const port = 7000

/** Each question has a port of its own: conntrack keeps the translation of a datagram with ports that it knows. */
let nextPort = 32768

/** Starts a mirror, by default on the host, and waits until it listens. */
export async function mirrorIn(netns: Netns | undefined): Promise<Mirror> {
  const program = new URL('mirror.ts', import.meta.url).pathname
  const server = await started([...inside(netns), process.execPath, program, String(port)], 'listening')
  letGo(server)
  return {
    sourceOf: (client, address, protocol, at = port, seconds = 20) => {
      nextPort += 2
      const ask = `echo ${nextPort} ${nextPort + 1} >/proc/sys/net/ipv4/ip_local_port_range && exec 3<>/dev/${protocol}/${address}/${at} && echo >&3 && timeout ${seconds} dd bs=64 count=1 status=none <&3`
      return command(...inside(client), 'bash', '-c', ask).trim()
    },
    stop: () => void server.kill('SIGKILL'),
  }
}

/** Starts a program and waits until its output contains a word. */
async function started([file = '', ...args]: string[], word: string): Promise<ChildProcess> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const seen = new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      output += chunk
      if (output.includes(word)) resolve()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('exit', () => reject(new Error(`${file} ended: ${output}`)))
  })
  await seen
  return child
}

/** A test program may end while the child runs: the child ends with the private host. */
function letGo(child: ChildProcess): void {
  child.unref()
  for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref()
}

/**
 * Listens on an interface during an action.
 * @param filter of tcpdump: `arp or icmp6`
 * @param act gets a function that returns the lines until now
 * @param netns of the interface; default: the host
 * @returns the lines that tcpdump printed
 */
export async function overhear(
  ifname: string,
  filter: string,
  act: (heard: () => string[]) => unknown,
  netns?: Netns,
): Promise<string[]> {
  const options = ['-l', '-n', '-e', '--immediate-mode', '-i', ifname]
  const listener = await started([...inside(netns), 'tcpdump', ...options, filter], 'listening on')
  let heard = ''
  listener.stdout?.on('data', (chunk: Buffer) => {
    heard += chunk
  })
  const lines = () => heard.split('\n').filter(Boolean)
  await whileListening(listener, () => act(lines))
  return lines()
}

/** Runs an action while a program listens to packets, then ends the program and waits until it has written all. */
export async function whileListening(listener: ChildProcess, act: () => unknown): Promise<void> {
  try {
    await act()
    await wait(200) // what is sent late, and must not be
    await until('all packets are read', () => isAsleep(listener.pid))
  } finally {
    listener.kill('SIGINT')
    await once(listener, 'close')
  }
}

/** Whether a process sleeps (proc_pid_stat(5)): one that listens has read all packets then. */
export function isAsleep(pid: number | undefined): boolean {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('S') ?? false
}

/** Starts the program at the other end of a container's tap or tun (tun-peer.ts), and waits until it listens. */
export async function tunPeer(netns: Netns, ...words: string[]): Promise<ChildProcess> {
  const program = new URL('tun-peer.ts', import.meta.url).pathname
  const peer = await started([...inside(netns), process.execPath, program, ...words], 'listening')
  letGo(peer)
  return peer
}
