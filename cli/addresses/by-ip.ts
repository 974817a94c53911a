/** The holder of an address that an operator names. */

import { CniError, Code } from '../../shared/error/error.ts'
import { type Address, formatAddress, parseAddress } from '../../shared/ip/address.ts'
import { misuse } from '../form/arguments.ts'
import { word as inShell } from '../form/shell.ts'
import type { Holder, Store } from './stores.ts'

/** An address in any form; a prefix length is ignored. @throws CniError when it is none */
export function requireAddress(word: string): Address {
  const address = parseAddress(word.split('/')[0] ?? '')
  if (address) return address
  throw misuse(`${JSON.stringify(word.slice(0, 60))} is no IP address`, 'write it as 10.1.2.3 or fd00:1::2')
}

/** The holders of an address, in all networks or in one. */
export function holdersOf(address: Address, stores: readonly Store[]): Holder[] {
  const text = formatAddress(address)
  return stores.flatMap(({ holders }) => holders.filter(({ file }) => file === text))
}

/** The one leaked holder of an address. @throws CniError when there is none, several, or it has not ended */
export function requireLeaked(address: Address, stores: readonly Store[]): Holder {
  const holders = holdersOf(address, stores)
  const [holder] = holders
  const text = formatAddress(address)
  if (!holder) throw refusal(`${text} is held by no container`, 'patchbay ipam ls')
  if (holders.length > 1) {
    const networks = holders.map(({ network }) => network).join(', ')
    throw misuse(`several networks have ${text}: ${networks}`, 'name one: --network NETWORK')
  }
  return ended(holder, text)
}

function ended(holder: Holder, text: string): Holder {
  const { life, parked, lentTo, containerID, directory, file } = holder
  if (parked !== undefined)
    throw refusal(
      `${text} is kept for ${parked}, no container holds it`,
      'it is released when its time is over',
    )
  if (lentTo !== undefined)
    throw refusal(
      `${text} is lent to host ${lentTo}, whose container has it`,
      'the agent of this host frees it when that host gives it back: patchbay pool show',
    )
  if (life === 'ended') return holder
  if (life === 'lives')
    throw refusal(
      `${text} is held by container ${containerID}, which lives`,
      'stop the container: its DEL releases the address',
    )
  throw refusal(
    `${text} is held by container ${containerID}, and whether it lives is not known`,
    `no file tells its namespace, or it cannot be seen from here; when you know that it has ended: rm ${inShell(`${directory}/${file}`)}`,
  )
}

function refusal(msg: string, hint: string): CniError {
  return new CniError(Code.TryAgainLater, { msg, hint })
}
