/** INFORMATION-REQUEST: DNS without addresses, for hosts that make their own (RFC 8415 section 18.2.6). */

import { type Exchange, note, type Seen, step } from '../exchange.ts'
import type { LeaseDns } from '../lease.ts'
import { answerIn } from './answer.ts'
import { type Client6, payloadOf, type Question, question, requestOf } from './client.ts'
import { dnsOf } from './dns.ts'
import { MessageType } from './message.ts'
import type { RequestOptions } from './request.ts'
import { nextWait, waits } from './retransmit.ts'
import { formatStatus, StatusCode, statusIn } from './status.ts'

/** Asks any server for DNS, until one answers. */
export function* informationRequest(
  client: Client6,
  { milliseconds, now }: RequestOptions,
  seen: Seen,
): Exchange<LeaseDns | undefined> {
  const wanted = requestOf(['DNS_SERVERS', 'DOMAIN_LIST', 'INFORMATION_REFRESH_TIME', 'INF_MAX_RT'])
  const asked = question(client, MessageType.INFORMATION_REQUEST, [wanted])
  const read = (payload: Buffer) => informationIn(payload, asked, seen)
  const [begin, end] = [now(), now() + milliseconds]
  for (let wait: number | undefined; now() < end; ) {
    wait = nextWait(client, waits.information, wait)
    const send = { payload: payloadOf(asked, now() - begin) }
    const dns: LeaseDns | undefined = yield* step({ send, milliseconds: Math.min(wait, end - now()), read })
    if (dns) return dns
  }
  return undefined
}

function informationIn(payload: Buffer, asked: Question, seen: Seen): LeaseDns | undefined {
  const answer = answerIn(payload, asked, seen)
  if (!answer) return undefined
  const status = statusIn(answer.options)
  if (status.code === StatusCode.SUCCESS) return dnsOf(answer.options)
  note(seen, `REPLY of server ${answer.server} with ${formatStatus(status)}`)
  return undefined
}
