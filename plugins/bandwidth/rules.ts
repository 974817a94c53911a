/** Which limits are asked for, by the configuration or the runtime, and what is refused of them. */

import type { Complaint } from '../../shared/error/error.ts'
import { type Cidr, parseCidr } from '../../shared/ip/subnet.ts'

/** A block of limits, in bits and bits per second. */
interface Block {
  ingressRate?: number
  ingressBurst?: number
  egressRate?: number
  egressBurst?: number
  shapedSubnets?: string[]
  unshapedSubnets?: string[]
}

/** The keys that say which limits are asked for. */
export interface Asking extends Block {
  runtimeConfig?: { bandwidth?: Block }
}

export type Direction = 'ingress' | 'egress'
export const directions: readonly Direction[] = ['ingress', 'egress']

/** A rate and a burst that are asked for, in bits. */
export interface Wish {
  rate: number
  burst: number
}

/** The block that counts: the configuration's own, if it has one of the four amounts, else the runtime's. */
function blockOf(config: Asking): Block {
  const { ingressRate, ingressBurst, egressRate, egressBurst, runtimeConfig } = config
  const isStatic = [ingressRate, ingressBurst, egressRate, egressBurst].some((value) => value !== undefined)
  return isStatic ? config : (runtimeConfig?.bandwidth ?? {})
}

/** The limit that is asked for; undefined when there is none. */
export function wishOf(config: Asking, direction: Direction): Wish | undefined {
  const { rate, burst } = amountsOf(config, direction)
  return rate > 0 ? { rate, burst } : undefined
}

function amountsOf(config: Asking, direction: Direction): Wish {
  const block = blockOf(config)
  return { rate: block[`${direction}Rate`] ?? 0, burst: block[`${direction}Burst`] ?? 0 }
}

/** Whether the configuration itself sets a limit, so that every ADD needs a shaper. */
export function isAlwaysLimited(config: Asking): boolean {
  return directions.some((direction) => (config[`${direction}Rate`] ?? 0) > 0)
}

/** The subnets whose traffic is limited alone, or not at all. */
export interface Subnets {
  isShaped: boolean
  list: Cidr[]
}

/** The subnets of the configuration, or of the runtime; undefined when all traffic is limited. */
export function subnetsOf(config: Asking): Subnets | undefined {
  const { shapedSubnets, unshapedSubnets } = listsOf(config)
  if (shapedSubnets?.length) return { isShaped: true, list: parsed(shapedSubnets) }
  if (unshapedSubnets?.length) return { isShaped: false, list: parsed(unshapedSubnets) }
  return undefined
}

/** Each list is the configuration's own, or the runtime's. */
function listsOf({ shapedSubnets, unshapedSubnets, runtimeConfig }: Asking): Block {
  const { bandwidth } = runtimeConfig ?? {}
  return {
    shapedSubnets: shapedSubnets ?? bandwidth?.shapedSubnets,
    unshapedSubnets: unshapedSubnets ?? bandwidth?.unshapedSubnets,
  }
}

function parsed(list: string[]): Cidr[] {
  return list.flatMap((text) => parseCidr(text) ?? [])
}

/** The reference compares bytes with the greatest number of 32 bits. */
const MOST_BURST = (2 ** 32 - 1) * 8

/** Refuses limits that no shaper can have. */
export function faultOfRequest(config: Asking): Complaint | undefined {
  for (const direction of directions) {
    const fault = faultOfAmounts(amountsOf(config, direction), direction)
    if (fault) return fault
  }
  const { shapedSubnets, unshapedSubnets } = listsOf(config)
  if (!shapedSubnets?.length || !unshapedSubnets?.length) return undefined
  return {
    // The reference's words.
    msg: 'unshapedSubnets and shapedSubnets cannot be both specified, one of them should be discarded',
    hint: 'all other traffic is the other kind already: remove one of them',
  }
}

function faultOfAmounts({ rate, burst }: Wish, direction: Direction): Complaint | undefined {
  const [rateKey, burstKey] = [`${direction}Rate`, `${direction}Burst`]
  // The reference's words, twice.
  if (rate === 0 && burst > 0)
    return { msg: 'if burst is set, rate must also be set', hint: `set ${rateKey}, or remove ${burstKey}` }
  if (burst >= MOST_BURST)
    return {
      msg: 'burst cannot be more than 4GB',
      hint: `${burstKey} is ${burst} bits: remove it for a burst that fits the rate`,
    }
  if (rate > 0 && rate < 8)
    return {
      msg: `${rateKey} is ${rate}, less than a byte per second`,
      hint: `set ${rateKey} to 8 or more, in bits per second`,
    }
  return undefined
}
