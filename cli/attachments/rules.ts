/** What an attachment has in the firewall and beside it, by the records of the plugins. */

import { attachmentHash } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { readPlaced } from '../../shared/device-node/record.ts'
import { kept as filters } from '../../shared/firewall/filter-record.ts'
import { kept as ports } from '../../shared/firewall/portmap-record.ts'
import { holdings } from '../../shared/lent/record.ts'
import { claimsOf } from '../../shared/link/claims.ts'
import { noted } from '../../shared/state/noted.ts'

/** What a feature does for the attachment. */
export interface Rule {
  feature: string
  does: string
}

/** The rules of one attachment. @throws KernelError when a record cannot be read */
export function rulesOf(attachment: Attachment): Rule[] {
  const hash = attachmentHash(attachment)
  return [
    ...masquerade(attachment),
    ...portmap(attachment),
    ...filter(attachment),
    ...macCheck(attachment),
    ...claimsOf(attachment).map(({ name, notes }) => ({
      feature: 'link',
      does: [`uses ${name} of the host`, ...notes].join(', '),
    })),
    ...(holdings.read(hash)?.links ?? []).map(({ name, nameInside }) => ({
      feature: 'lent',
      does: `${name} of the host is ${nameInside} in the container`,
    })),
    ...[readPlaced(attachment)].flatMap((node) =>
      node
        ? [{ feature: 'device node', does: `${node.path} (${node.numbers.major}:${node.numbers.minor})` }]
        : [],
    ),
  ]
}

function masquerade(attachment: Attachment): Rule[] {
  const note = noted('firewall/ipMasq').find(attachment)
  if (!note) return []
  const words = note.more.split(' ').filter(Boolean)
  const addresses = words.filter((word) => word.includes('/'))
  const backend = words.find((word) => !word.includes('/')) ?? 'nftables'
  return [
    { feature: 'ipMasq', does: `${addresses.join(' ')} leaves with an address of the host, by ${backend}` },
  ]
}

function portmap(attachment: Attachment): Rule[] {
  const record = ports.find(attachment)
  if (!record) return []
  return record.rules.map(({ address, mappings, snat }) => {
    const hosts = mappings.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`)
    const masquerades = snat ? ', masquerades what comes from the host and the container itself' : ''
    return {
      feature: 'portmap',
      does: `${hosts.join(' ')} to ${address}, by ${record.backend}${masquerades}`,
    }
  })
}

function filter(attachment: Attachment): Rule[] {
  const found = filters.find(attachment)
  if (!found) return []
  const { policy, backEnd, through, hostIngress, acceptInto } = found
  const chains = acceptInto.map(({ family, table, chain }) => `${family} ${table} ${chain}`)
  const words = [
    `policy ${policy}, by ${backEnd}`,
    ...(through ? [`through ${through}`] : []),
    ...(hostIngress ? ['the host may be reached'] : []),
    ...(chains.length > 0 ? [`accepted in ${chains.join(', ')}`] : []),
  ]
  return [{ feature: 'firewall', does: words.join(', ') }]
}

function macCheck(attachment: Attachment): Rule[] {
  const [port, mac] = noted('firewall/macspoofchk').find(attachment)?.more.split(' ') ?? []
  return port ? [{ feature: 'macspoofchk', does: `${port} takes frames from ${mac} only` }] : []
}
