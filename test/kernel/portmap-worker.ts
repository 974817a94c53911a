/** A process that changes host ports of iptables like a plugin: `add N PORT`, `remove N` or `cycle N PORT`, with container number N. */

import { toCniError } from '../../shared/error/error.ts'
import { addPortmap } from '../../shared/firewall/portmap.ts'
import { removePortmap } from '../../shared/firewall/portmap-removal.ts'
import { parseCidr } from '../../shared/ip/subnet.ts'
import { renewPatience } from '../../shared/state/lock.ts'
import { isLate } from '../harness/insisting.ts'
import { retried } from '../harness/until.ts'

const [verb, number, port] = process.argv.slice(2) as [string, string, string]
const attachment = { network: 'many', containerID: `c${number}`, ifname: 'eth0' }
const addresses = [`10.99.0.${number}/24`, `fd99::${number}/64`].flatMap((text) => parseCidr(text) ?? [])
const mappings = [{ protocol: 'tcp' as const, hostPort: Number(port), containerPort: 80 }]

/** Again, as a runtime does, when others have had the lock for too long. */
function insist(change: () => Promise<unknown>): Promise<unknown> {
  return retried(change, isLate, renewPatience)
}

try {
  const rules = addresses.map((address) => ({ attachment, address, mappings, snat: true, masqAll: false }))
  if (verb !== 'remove') await insist(() => addPortmap(attachment, rules, () => {}, 'iptables'))
  if (verb !== 'add') await insist(() => removePortmap(attachment))
} catch (error) {
  await removePortmap(attachment)
  const { code, message, details } = toCniError(error)
  console.log(JSON.stringify({ code, message, details }))
  process.exitCode = 1
}
