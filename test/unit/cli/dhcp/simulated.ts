/** A renewer on a machine that does not exist: its clock goes on when it waits, and its servers are functions. */

import { adoptAll } from '../../../../cli/dhcp/adopt.ts'
import { round, type Source, type Wait } from '../../../../cli/dhcp/loop.ts'
import type { Absent } from '../../../../cli/dhcp/place.ts'
import { type Host, newRenewer } from '../../../../cli/dhcp/renewer.ts'
import type { Entry, EntryResult } from '../../../../shared/ipam/dhcp/journal.ts'
import type { Port } from '../../../../shared/ipam/dhcp/port.ts'
import {
  decode4,
  encode4,
  type Form4,
  type Message4,
  quads,
  seconds,
} from '../../../harness/dhcp-message4.ts'

/** A message that a client has sent, and when, in seconds. */
export interface Sent extends Message4 {
  at: number
  /** To one server, not to all. */
  isUnicast: boolean
}

/** What a server answers; undefined: nothing. */
export type Answer = (message: Sent) => Form4 | undefined

export interface Machine {
  entries: Map<string, Entry>
  sent: Sent[]
  log: string[]
  /** Changes of interfaces: addresses before and after. */
  changes: [string[], string[]][]
  /** Sockets that are open. */
  open: Set<number>
  /** The most that were open at once. */
  most: number
  renewer: ReturnType<typeof newRenewer>
  now(): number
  /** Goes on until a time, in seconds. */
  runTo(end: number): void
  /** What `visit` says in place of the interface. */
  absent?: Absent
  answer: Answer
}

export const boot = 'boot'

/** Of the container of a number: 10.0.0.9 of the ninth. */
export const addressOf = (number: number) => `10.0.${Math.floor(number / 250)}.${number % 250 || 250}`

/** An entry with a lease since the clock's zero. */
export function entryWith(times: { renew?: number; rebind?: number; expire?: number }, number = 9): Entry {
  const result: EntryResult = { ips: [{ address: `${addressOf(number)}/24` }], routes: [], dns: {} }
  const client = { broadcast: false, request: [1, 3], provide: [], duid: '', iaid: 1 }
  return {
    ...{
      network: 'net',
      containerID: `c${number}`,
      ifname: 'eth0',
      netns: '/run/netns/c',
      namespace: '0:4/1',
    },
    ...{ boot, ifindex: 2, mac: '02:00:00:00:00:09', client, rapidCommit: false },
    lease4: {
      ...times,
      since: 0,
      address: `${addressOf(number)}/24`,
      server: '10.0.0.1',
      routes: [],
      dns: {},
    },
    ...{ given: result, now: result },
  }
}

/** A good ACK or OFFER. */
export function gives(
  type: 'ACK' | 'OFFER',
  times: readonly [number, number, number],
  yiaddr = '10.0.0.9',
): Form4 {
  const [lease, renew, rebind] = times.map(seconds)
  const options = [
    [54, quads('10.0.0.1')],
    [51, lease ?? ''],
    [58, renew ?? ''],
    [59, rebind ?? ''],
    [1, quads('255.255.255.0')],
  ] as const
  return { type, yiaddr, options }
}

export function newMachine(entries: Record<string, Entry>, answer: Answer = () => undefined): Machine {
  let [time, end, nextFd] = [0, 0, 10]
  const waiting = new Map<number, Buffer[]>()
  const machine = {
    entries: new Map(Object.entries(entries)),
    sent: [] as Sent[],
    log: [] as string[],
    changes: [] as Machine['changes'],
  }
  const now = () => time
  const addressesOf = ({ ips }: EntryResult) => ips.map(({ address }) => address)
  const keyOf = (entry: Entry) =>
    [...whole.entries].find(([, { containerID }]) => containerID === entry.containerID)?.[0]
  const port = (): Port => {
    const fd = nextFd++
    whole.open.add(fd)
    whole.most = Math.max(whole.most, whole.open.size)
    waiting.set(fd, [])
    return {
      fd,
      send({ payload, to }) {
        const message = decode4(payload)
        if (!message) throw new Error('no message')
        const sent = { ...message, at: time / 1000, isUnicast: to !== undefined }
        whole.sent.push(sent)
        const form = whole.answer(sent)
        if (form) waiting.get(fd)?.push(bytesFor(form, message))
      },
      read: () => waiting.get(fd)?.shift(),
    }
  }
  const host: Host = {
    ...{ now, random: () => 0, boot },
    log: { warn: (text) => void whole.log.push(text), info: (text) => void whole.log.push(text) },
    journal: {
      keys: () => [...whole.entries.keys()],
      at: (key) => whole.entries.get(key),
      replace(former, entry) {
        const key = keyOf(former)
        if (key) whole.entries.set(key, entry)
        return key !== undefined
      },
      drop: (entry) => void whole.entries.delete(keyOf(entry) ?? ''),
    },
    visit: (_, action) => whole.absent ?? { value: action({} as never) },
    open: port,
    close: (fd) => void whole.open.delete(fd),
    apply: (_, before, after) => void whole.changes.push([addressesOf(before), addressesOf(after)]),
  }
  const wait: Wait = (fds, milliseconds) => {
    const ready = fds.filter((fd) => (waiting.get(fd)?.length ?? 0) > 0)
    if (ready.length === 0) time += Math.min(Math.max(1, milliseconds), end - time)
    return ready
  }
  const never: Source = { fd: 1, take: () => true }
  const whole: Machine = {
    ...machine,
    ...{ open: new Set(), most: 0, renewer: newRenewer(host), now, answer },
    runTo(until) {
      end = until * 1000
      while (time < end) round(whole.renewer, [never], wait)
    },
  }
  adoptAll(whole.renewer)
  return whole
}

function bytesFor(form: Form4, { xid, mac }: Message4): Buffer {
  const text = encode4(form).replace('{xid}', xid).replace('{chaddr}', mac.replaceAll(':', ''))
  return Buffer.from(text, 'hex')
}
