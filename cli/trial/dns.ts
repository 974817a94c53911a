/** Whether a name server of the result answers: a query for the root's name servers (RFC 1035). */

import { type Address, formatAddress, parseAddress } from '../../shared/ip/address.ts'
import { now, waitReadable } from '../../shared/kernel/clock.ts'
import { receiveFrom, sendTo, withSocket } from '../host/inet-socket.ts'
import { failed, inapplicable, passed, type Verdict } from './finding.ts'
import type { Subject } from './subject.ts'

const PORT = 53
const INTERVAL_MILLISECONDS = 500
/** ID, recursion desired, one question: the root, type NS, class IN. */
const query = '7061010000010000000000000000020001'

export function nameServerAnswers(subject: Subject, milliseconds: number): Verdict {
  const texts = subject.result?.dns.nameservers ?? []
  if (texts.length === 0) return inapplicable('the result has no name server')
  const servers = texts.flatMap((text) => parseAddress(text) ?? [])
  const answering = servers.find((server) => answers(subject, server, milliseconds / servers.length))
  const names = servers.map(formatAddress).join(', ')
  return answering ? passed(`${formatAddress(answering)} answers`) : failed(`no answer from ${names}`)
}

function answers({ namespace }: Subject, address: Address, milliseconds: number): boolean {
  return withSocket('udp', address.family, namespace, (socket) => {
    const end = now() + milliseconds
    while (now() < end) {
      sendTo(socket, Buffer.from(query, 'hex'), { address, port: PORT })
      if (!waitReadable(socket.fd, Math.min(INTERVAL_MILLISECONDS, end - now()))) continue
      const received = receiveFrom(socket)
      if (received?.data.toString('hex').startsWith(query.slice(0, 4))) return true
    }
    return false
  })
}
