/** The nftables ruleset as lines. nft runs only when the kernel's ruleset is another than the last time. */

import { familyHeader } from '../../shared/netlink/nftables.ts'
import { ask, closeSocket, openSocket, Protocol } from '../../shared/netlink/socket.ts'
import { command } from './command.ts'

/** NFNL_SUBSYS_NFTABLES and NFT_MSG_GETGEN, include/uapi/linux/netfilter. */
const GETGEN = (10 << 8) | 16

let last: { generation: string; lines: string[] } | undefined

export function rulesetLines(): string[] {
  const generation = currentGeneration()
  if (last?.generation !== generation) last = { generation, lines: listed() }
  return last.lines
}

function listed(): string[] {
  const rules = command('nft', '--stateless', 'list', 'ruleset')
  return rules.split('\n').map((line) => `nft ${line}`)
}

/** The number that the kernel counts up with each change of the ruleset. */
function currentGeneration(): string {
  const socket = openSocket(Protocol.NETFILTER)
  try {
    const request = { type: GETGEN, flags: 0, payload: familyHeader(0) }
    const [answer] = ask(socket, { ...request, attempt: 'read the generation of nftables' })
    return answer?.data.subarray(4).toString('hex') ?? ''
  } finally {
    closeSocket(socket)
  }
}
