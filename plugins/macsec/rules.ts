/** Rules between the keys of a macsec network, where the kernel would only say EINVAL. */

import { needs, notTogether, type Rule, repeated } from '../../shared/config/rules.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { possibleMtu } from '../../shared/link/keys.ts'
import { isExtended, sciOf } from '../../shared/netlink/macsec.ts'
import type { MacsecConfig } from './config.ts'

type Peer = NonNullable<MacsecConfig['peers']>[number]

export const rules: Rule<MacsecConfig>[] = [
  possibleMtu,
  notTogether('port', 'sci', 'the port is the last part of the identifier'),
  notTogether('endStation', 'scb', 'a frame can carry only one of the two bits'),
  notTogether('sendSci', 'endStation', 'such frames carry no identifier'),
  notTogether('sendSci', 'scb', 'such frames carry no identifier'),
  impliedIdentifier,
  windowOfReplay,
  windowOfExtended,
  needs('keyFile', 'key'),
  needs('key', 'keyFile'),
  needs('key', 'peers'),
  needs('peers', 'key'),
  peersIdentified,
  shortIdentifiers,
]

/** Whether frames carry the identifier; by default they do where the kernel allows it. */
export function sendsSci({ sendSci, endStation, scb }: MacsecConfig): boolean {
  return sendSci ?? !(endStation || scb)
}

/** The receiver of a frame without identifier assumes the frame's MAC address and port 1. */
function impliedIdentifier(config: MacsecConfig): Complaint | undefined {
  const { sci, port = 1 } = config
  if (sendsSci(config) || (sci === undefined && port === 1)) return undefined
  const key = sci === undefined ? 'port' : 'sci'
  return {
    msg: `${key} is set but frames do not carry the identifier: peers assume port 1`,
    hint: `remove ${key}, or put the identifier into frames: "sendSci": true, without endStation and scb`,
  }
}

function windowOfReplay({ window, replayProtect }: MacsecConfig): Complaint | undefined {
  if (window === 0 || replayProtect) return undefined
  return {
    msg: 'window is set but replayProtect is not: late frames are received anyway',
    hint: 'set replayProtect too, or remove window',
  }
}

/** MACSEC_XPN_MAX_REPLAY_WINDOW, include/uapi/linux/if_macsec.h. */
const mostExtended = 2 ** 30 - 1

function windowOfExtended({ window, cipherSuite }: MacsecConfig): Complaint | undefined {
  if (window <= mostExtended || !isExtended(cipherSuite)) return undefined
  return { msg: `window: must be at most ${mostExtended} with ${cipherSuite}, found ${window}` }
}

/** The identifier of a peer. */
export function sciOfPeer({ sci, mac = '', port = 1 }: Peer): string {
  return sci?.toLowerCase() ?? sciOf(mac, port)
}

function peersIdentified({ peers = [] }: MacsecConfig): Complaint | undefined {
  const unclear = peers.findIndex(
    ({ sci, mac, port }) => (sci === undefined) === (mac === undefined) || (sci && port),
  )
  if (unclear >= 0)
    return {
      msg: `peers[${unclear}] must have either sci, or mac with optional port`,
      hint: 'run on the peer: ip macsec show; its TXSC is the sci',
    }
  const twice = repeated(peers.map(sciOfPeer))
  return twice === undefined ? undefined : { msg: `peers has ${twice} twice` }
}

function shortIdentifiers({ cipherSuite, keyFile, ssci, peers = [] }: MacsecConfig): Complaint | undefined {
  const all = [ssci, ...peers.map((peer) => peer.ssci)]
  const given = all.filter((one) => one !== undefined)
  if (!isExtended(cipherSuite))
    return given.length > 0
      ? {
          msg: `ssci is set but cipherSuite is ${cipherSuite}: it only has a meaning with XPN`,
          hint: 'remove ssci',
        }
      : undefined
  if (!keyFile || (given.length === all.length && new Set(given).size === given.length)) return undefined
  return {
    msg: `with ${cipherSuite}, the network and each of its peers need an ssci each, all different`,
    hint: 'number them from 1, with the same numbers on every host',
  }
}
