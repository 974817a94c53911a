/** A process that changes the masquerade like a plugin: `add N`, `remove N` or `cycle N`. */

import { toCniError } from '../../shared/error/error.ts'
import { addMasquerade, type MasqueradeBackend, removeMasquerade } from '../../shared/firewall/masquerade.ts'
import { parseCidr } from '../../shared/ip/subnet.ts'

const [verb, number, backend] = process.argv.slice(2) as [string, string, MasqueradeBackend | undefined]
const attachment = { network: 'many', containerID: `c${number}`, ifname: 'eth0' }
const addresses = [`10.99.0.${number}/24`, `fd99::${number}/64`].flatMap((text) => parseCidr(text) ?? [])

try {
  if (verb !== 'remove') await addMasquerade(attachment, addresses, backend)
  if (verb !== 'add') await removeMasquerade(attachment)
} catch (error) {
  const { code, message, details } = toCniError(error)
  console.log(JSON.stringify({ code, message, details }))
  process.exitCode = 1
}
