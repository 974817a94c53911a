/** What ADD has told of this host, by VNI. */

import { formatAddress, parseAddress } from '../../../shared/ip/address.ts'
import { type Attached, allServed, attached, type ServedVtep } from '../../../shared/store/peers.ts'

export interface Told extends ServedVtep {
  attached: Attached[]
}

/** Reads all records. A damaged one is reported and set aside, and is as one that is not there. */
export function readTold(): Told[] {
  const byVni = new Map<number, Attached[]>()
  for (const one of attached.all()) {
    const others = byVni.get(one.vni)
    if (others) others.push(one)
    else byVni.set(one.vni, [one])
  }
  return allServed().map((served) => ({ ...served, attached: byVni.get(served.vni) ?? [] }))
}

/** An address in canonical form, in which addresses are compared. */
export function canonical(text: string): string {
  const address = parseAddress(text)
  return address ? formatAddress(address) : text
}
