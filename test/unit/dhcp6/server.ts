/** A network of DHCPv6 that is played: a clock, what the client sends, and what comes back when. */

import type { Exchange } from '../../../shared/dhcp/exchange.ts'
import type { Client6 } from '../../../shared/dhcp/v6/client.ts'
import { INFINITE } from '../../../shared/dhcp/v6/ia.ts'
import { encodeMessage, type Message, MessageType, parseMessage } from '../../../shared/dhcp/v6/message.ts'
import { encodeOptions, type Option, option, u16, u32, valueIn } from '../../../shared/dhcp/v6/options.ts'
import { parseAddress, toBytes } from '../../../shared/ip/address.ts'

export const client: Client6 = {
  duid: Buffer.from('00030001020000000001', 'hex'),
  iaid: 7,
  random: () => 0.5,
}

/** DUIDs of servers, hexadecimal. */
export const [one, two] = ['0003000102000000aa01', '0003000102000000aa02']

/** What comes back, and how many milliseconds after the client sent. */
export interface Arrival {
  after: number
  payload: Buffer
}

export type Network = (sent: Message) => Arrival[]

interface Played<Outcome> {
  outcome: Outcome
  /** What the client sent: `SOLICIT at 0`, milliseconds. */
  sent: string[]
  messages: Message[]
  /** When it was over, milliseconds. */
  end: number
}

const name = (type: number) => Object.entries(MessageType).find(([, number]) => number === type)?.[0]

/** Runs an exchange. @param begin makes it with the clock of the network @throws when it does not end */
export function play<Outcome>(
  begin: (now: () => number) => Exchange<Outcome>,
  network: Network,
): Played<Outcome> {
  let time = 0
  let arrivals: { at: number; payload: Buffer }[] = []
  const messages: Message[] = []
  const sent: string[] = []
  const exchange = begin(() => time)
  let next = exchange.next()
  for (let steps = 0; !next.done; steps++) {
    if (steps > 1000) throw new Error('the exchange does not end')
    const { send, milliseconds, read } = next.value
    if (send) {
      const message = parseMessage(send.payload) as Message
      messages.push(message)
      sent.push(`${name(message.type)} at ${Math.round(time)}`)
      const from = time
      arrivals.push(...network(message).map(({ after, payload }) => ({ at: from + after, payload })))
      arrivals.sort((first, other) => first.at - other.at)
    }
    const deadline = time + milliseconds
    let answer: unknown
    while (answer === undefined && arrivals[0] && arrivals[0].at <= deadline) {
      time = Math.max(time, arrivals[0].at)
      answer = read(arrivals[0].payload)
      arrivals = arrivals.slice(1)
    }
    if (answer === undefined) time = deadline
    next = exchange.next(answer)
  }
  return { outcome: next.value, sent, messages, end: Math.round(time) }
}

export interface GivenAddress {
  address: string
  preferred?: number
  valid?: number
  /** Options in it. */
  inside?: Option[]
}

/** An IA_NA as a server sends it. */
export function ia(
  addresses: readonly GivenAddress[],
  { iaid = client.iaid, t1 = 0, t2 = 0, inside = [] as Option[] } = {},
): Option {
  const options = addresses.map(({ address, preferred = 100, valid = 200, inside = [] }) => {
    const value = parseAddress(address)
    if (!value) throw new Error(`no address: ${address}`)
    // An IPv4-mapped one is IPv4 as a value.
    const bytes =
      value.family === 6
        ? toBytes(value)
        : Buffer.concat([Buffer.from('00000000000000000000ffff', 'hex'), toBytes(value)])
    return option('IAADDR', Buffer.concat([bytes, u32(preferred), u32(valid), encodeOptions(inside)]))
  })
  return option('IA_NA', Buffer.concat([u32(iaid), u32(t1), u32(t2), encodeOptions([...options, ...inside])]))
}

export const forever = { preferred: INFINITE, valid: INFINITE }

export function status(code: number, text = ''): Option {
  return option('STATUS_CODE', Buffer.concat([u16(code), Buffer.from(text)]))
}

/** A server's message to a client's. @param changes of the header */
export function answer(
  to: Message,
  type: MessageType,
  server: string,
  options: Option[],
  changes: Partial<Message> = {},
): Buffer {
  const duid = valueIn(to.options, 'CLIENTID') ?? Buffer.alloc(0)
  const identifiers = [option('CLIENTID', duid), option('SERVERID', Buffer.from(server, 'hex'))]
  return encodeMessage({
    type,
    transaction: to.transaction,
    options: [...identifiers, ...options],
    ...changes,
  })
}

export interface ServerSettings {
  duid?: string
  addresses?: string[]
  preference?: number
  /** Milliseconds until it answers. */
  after?: number
  /** The options of its REPLY; undefined when it sends none. */
  reply?: (to: Message) => Option[] | undefined
}

/** A server that offers addresses, and gives what is asked for. */
export function server(settings: ServerSettings = {}): Network {
  const { duid = one, addresses = ['2001:db8::1'], preference = 0, after = 5 } = settings
  const lease = [ia(addresses.map((address) => ({ address })))]
  const reply = settings.reply ?? (() => lease)
  return (sent) => {
    const to = valueIn(sent.options, 'SERVERID')?.toString('hex')
    if (to !== undefined && to !== duid) return []
    if (sent.type === MessageType.SOLICIT) {
      const options = [...lease, option('PREFERENCE', Buffer.from([preference]))]
      return [{ after, payload: answer(sent, MessageType.ADVERTISE, duid, options) }]
    }
    const options = reply(sent)
    return options ? [{ after, payload: answer(sent, MessageType.REPLY, duid, options) }] : []
  }
}

/** Several servers on one link. */
export function together(...networks: Network[]): Network {
  return (sent) => networks.flatMap((network) => network(sent))
}
