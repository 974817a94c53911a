/** The programs of the model: a verb of host-local, ours or the reference's, for one container. */

import type { Request } from '../../shared/cni/plugin.ts'
import type { HostLocalConfig } from '../../shared/ipam/host-local/config.ts'
import type { Product } from './load.ts'
import type { Program } from './process.ts'
import { referenceAdd, referenceDel } from './reference.ts'

export type Verb = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'reference ADD' | 'reference DEL'

/** One execution of a plugin, as a runtime starts it. */
export interface Call {
  verb: Verb
  /** Empty for GC. */
  container: string
  /** DEL: the addresses of the previous result. */
  previous: readonly string[]
  /** GC: the valid containers. */
  valid: readonly string[]
  /** STICKY_KEY of CNI_ARGS. Without it, the container's name is its key. */
  key?: string
}

/** What a plugin answered: an ADD its addresses, or an error of a CNI code. A code is absent when the program broke. */
export type Outcome = { addresses: string[] } | { code?: number; message: string }

/** A network of the model: what is in its configuration. */
export interface Network {
  /** The addresses of each range set, in their order. */
  sets: readonly { subnet: string; addresses: readonly string[] }[]
  isSticky: boolean
}

export const dataDir = '/var/lib/cni/networks'
export const directory = `${dataDir}/net`
const ifname = 'eth0'

/** The exact text of a container's record. */
export function recordOf(container: string): string {
  return `${container}\r\n${ifname}`
}

/** Makes the programs of a network's calls. */
export function programsOf(product: Product, network: Network): (call: Call) => Program<Outcome> {
  const { hostLocal } = product
  const log = { warn: () => {}, info: () => {} }
  const ranges = network.sets.map(({ subnet, addresses }) => [
    { subnet, rangeStart: addresses[0], rangeEnd: addresses.at(-1) },
  ])
  const ipam = { type: 'host-local', dataDir, ranges, sticky: network.isSticky }
  const raw = { cniVersion: '1.1.0', name: 'net', type: 'host-local', ipam }
  const config = hostLocal.config.parse(raw, log)
  const requestOf = (call: Call): Request<HostLocalConfig> => ({
    command: 'ADD',
    plugin: 'host-local',
    network: 'net',
    containerID: call.container,
    ifname,
    netns: '',
    args: call.key === undefined ? {} : { STICKY_KEY: call.key },
    path: [],
    cniVersion: '1.1.0',
    config,
    raw,
    input: '',
    prevResult: {
      ips: call.previous.map((address) => ({ address: `${address}/32` })),
    } as Request['prevResult'],
    validAttachments: call.valid.map((containerID) => ({ containerID, ifname })),
    segment: 'lan',
    log,
  })
  return (call) => () => {
    product.boot.forgetBootId()
    return answered(() => run(product, network, call, requestOf(call)))
  }
}

function run(product: Product, network: Network, call: Call, request: Request<HostLocalConfig>): string[] {
  const { hostLocal } = product
  const record = recordOf(call.container)
  switch (call.verb) {
    case 'ADD':
      return addressesOf(hostLocal.add(request))
    case 'DEL':
      hostLocal.del(request)
      return []
    case 'CHECK':
      hostLocal.check(request)
      return []
    case 'GC':
      hostLocal.gc?.(request)
      return []
    case 'reference ADD': {
      const address = referenceAdd(product, directory, record, network.sets[0]?.addresses ?? [])
      if (address === undefined) throw { code: 11, message: 'no addresses' }
      return [address]
    }
    case 'reference DEL':
      referenceDel(product, directory, record)
      return []
  }
}

function addressesOf(result: unknown): string[] {
  const { ips } = result as { ips: { address: string }[] }
  return ips.map(({ address }) => address.replace(/\/\d+$/, ''))
}

/** Turns an error into an outcome. What stops a program is no error of it. */
function answered(action: () => string[]): Outcome {
  try {
    return { addresses: action() }
  } catch (error) {
    if (typeof error === 'symbol') throw error
    const { code, message } = error as { code?: unknown; message: string }
    return { code: typeof code === 'number' ? code : undefined, message: String(message) }
  }
}
