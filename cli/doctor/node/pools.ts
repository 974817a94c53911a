/** Faults of what this host holds of pools: files that are damaged, blocks and addresses that another host may give, too. */

import { oncePer } from '../../../shared/config/once.ts'
import { type Address, formatAddress } from '../../../shared/ip/address.ts'
import { contains, parseCidr } from '../../../shared/ip/subnet.ts'
import { readRecord } from '../../../shared/ipam/host-local/records.ts'
import { lstat } from '../../../shared/kernel/stat.ts'
import { word } from '../../form/shell.ts'
import { type HeldHere, type Holding, heldHere, isHeld } from '../../host/holdings.ts'
import type { Evidence, Fault, Finding, View } from '../frame/fault.ts'
import { knownOf } from '../frame/host.ts'
import { takeAway } from './lists.ts'
import { bootTime } from './records.ts'

const hereOf: (view: View) => HeldHere = oncePer((view: View) =>
  heldHere(knownOf(view).dataDirs, view.leftOut),
)

export const poolFileDamaged: Fault = {
  id: 'pool-file-damaged',
  title: 'a file about a pool is damaged',
  severity: 'warning',
  look: (view) =>
    hereOf(view).damaged.map(({ file, why }) => ({
      subject: file,
      cause: file.endsWith('/host.json')
        ? 'this host gets a new ID with its next claim, and what it holds is that of another one for the store: patchbay pool check'
        : 'its network gives no address before it has asked the store which blocks it holds',
      evidence: [{ where: file, value: why }],
      mend: [takeAway(file)],
    })),
}

/** Without an address in it such a block goes with the next claim. */
export const blockDisputed: Fault = {
  id: 'block-disputed',
  title: 'another host has a block of addresses, too',
  severity: 'error',
  look: (view) =>
    hereOf(view).networks.flatMap((one) =>
      one.holdings.blocks
        .filter(({ state }) => state === 'disputed')
        .flatMap(({ block }) => disputed(one, block)),
    ),
}

function disputed(holding: Holding, block: string): Finding[] {
  const cidr = parseCidr(block)
  const inside = holding.taken.filter((address) => cidr && contains(cidr, address))
  if (inside.length === 0) return []
  const { network, pool } = holding.holdings
  return [
    {
      subject: `${network} ${block}`,
      cause: `pool ${pool}: the store gave it to another host, after a restore or after patchbay pool release: its containers may get the same addresses`,
      evidence: [{ where: holding.file, value: `${block} is disputed` }, ...evidenceOf(holding, inside)],
      mend: endings(holding, inside),
    },
  ]
}

export const addressUnheld: Fault = {
  id: 'address-unheld',
  title: 'a container has an address of a pool in no block of its network',
  severity: 'error',
  look: (view) =>
    hereOf(view).networks.flatMap((one) => {
      const outside = one.taken.filter((address) => !isHeld(one, address))
      if (outside.length === 0) return []
      return [
        {
          subject: `${one.holdings.network} ${outside.slice(0, 3).map(formatAddress).join(' ')}`,
          cause: `another host may claim the block of pool ${one.holdings.pool}, and give the address again: as after a file of it was lost`,
          evidence: evidenceOf(one, outside),
          mend: endings(one, outside),
        },
      ]
    }),
}

/** So many addresses are shown, and their containers are ended by one command each. */
const shown = 5

function evidenceOf({ directory }: Holding, addresses: readonly Address[]): Evidence[] {
  return addresses.slice(0, shown).map((address) => ({
    where: `${directory}/${formatAddress(address)}`,
    value: containerOf(directory, address) ?? 'names no container',
  }))
}

const containerOf = (directory: string, address: Address) =>
  readRecord(directory, formatAddress(address))?.containerID

/** Only the runtime can end a container. */
function endings({ directory }: Holding, addresses: readonly Address[]): string[] {
  const containers = addresses.flatMap((address) => containerOf(directory, address) ?? [])
  return [...new Set(containers)]
    .slice(0, shown)
    .map((id) => `crictl rmp -f ${word(id)} || podman restart ${word(id)}`)
}

export const claimUnanswered: Fault = {
  id: 'claim-unanswered',
  title: 'a claim of a former boot has had no answer',
  severity: 'warning',
  look: (view) => {
    const boot = bootTime()
    return hereOf(view).networks.flatMap(({ file, holdings: { network, blocks, singles } }) => {
      const open = [
        ...blocks.filter(isOpen).map(({ block, state }) => `${block} is ${state}`),
        ...singles.filter(isOpen).map(({ address, state }) => `${address} is ${state}`),
      ]
      if (open.length === 0 || (lstat(file)?.mtime ?? boot) >= boot) return []
      return [
        {
          subject: network,
          cause: 'no address is given from it before etcd has said whose it is: the agent asks at its start',
          evidence: [{ where: file, value: open.slice(0, shown).join(', ') }],
          mend: ['systemctl restart patchbay-agent'],
        },
      ]
    })
  },
}

const isOpen = ({ state }: { state: string }) => state === 'claiming' || state === 'leaving'
