/** What ADD has told of this host, by VNI. */

import { formatAddress, parseAddress } from '../../../shared/ip/address.ts'
import { type Attached, allServed, attached, type ServedVtep } from '../../../shared/store/peers.ts'

export interface Told extends ServedVtep {
  attached: Attached[]
}

/** Reads all records. A damaged one is reported and set aside, and is as one that is not there. */
export function readTold(): Told[] {
  return toldOf(allServed(), attached.all())
}

/** MAC addresses are in the form in which they are compared. */
export function toldOf(served: readonly ServedVtep[], all: readonly Attached[]): Told[] {
  const byVni = new Map<number, Attached[]>()
  for (const { mac, ...rest } of all) {
    const one = { ...rest, mac: mac.toLowerCase().replaceAll('-', ':') }
    const others = byVni.get(one.vni)
    if (others) others.push(one)
    else byVni.set(one.vni, [one])
  }
  return served.map((one) => ({ ...one, attached: byVni.get(one.vni) ?? [] }))
}

/** An address in canonical form, in which addresses are compared. */
export function canonical(text: string): string {
  const address = parseAddress(text)
  return address ? formatAddress(address) : text
}
