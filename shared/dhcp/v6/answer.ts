/** Which messages answer a question (RFC 8415 section 16). What was no answer is noted, for the error of an exchange that got none. */

import { note, type Seen } from '../exchange.ts'
import type { Question } from './client.ts'
import { formatDuid, isDuid } from './duid.ts'
import { type Message, MessageType, parseMessage } from './message.ts'
import { type Option, valueIn } from './options.ts'

export interface Answer {
  type: MessageType
  options: Option[]
  /** The server's DUID, hexadecimal. */
  server: string
}

/** Reads a datagram; undefined when it is no answer to the question. */
export function answerIn(payload: Buffer, asked: Question, seen: Seen): Answer | undefined {
  const message = parseMessage(payload)
  const server = message && serverOf(message)
  const fault = message ? faultOf(message, server, asked) : 'a message that is malformed'
  if (fault) note(seen, fault)
  return fault || !message || server === undefined ? undefined : { ...message, server }
}

function serverOf({ options }: Message): string | undefined {
  const duid = valueIn(options, 'SERVERID')
  return duid && isDuid(duid) ? formatDuid(duid) : undefined
}

/** Why a message is no answer. */
function faultOf(message: Message, server: string | undefined, asked: Question): string | undefined {
  const name = nameOf(message)
  if (!isAnswer(message, asked)) return `${name}, which answers nothing that was asked`
  if (server === undefined) return `${name} without a server's identifier`
  const client = valueIn(message.options, 'CLIENTID')
  if (!client?.equals(asked.client.duid)) return `${name} of server ${server} for another client`
  if (message.transaction !== asked.transaction) return `${name} of server ${server} to another request`
  if (asked.server !== undefined && server !== asked.server) return `${name} of another server, ${server}`
  return undefined
}

/** A server REPLYs to a SOLICIT only with a lease, when the client has asked for that (RFC 8415 section 18.2.1). */
function isAnswer({ type, options }: Message, asked: Question): boolean {
  if (type === MessageType.ADVERTISE) return asked.type === MessageType.SOLICIT
  if (type !== MessageType.REPLY || asked.type !== MessageType.SOLICIT) return type === MessageType.REPLY
  const isRapid = (all: readonly Option[]) => valueIn(all, 'RAPID_COMMIT') !== undefined
  return isRapid(options) && isRapid(asked.options)
}

/** The name of a message's type: `ADVERTISE`. */
export function nameOf({ type }: Pick<Message, 'type'>): string {
  return Object.entries(MessageType).find(([, number]) => number === type)?.[0] ?? `message ${type}`
}
