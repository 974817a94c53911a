/** What is left of attachments that no file knows any more: elements in the firewall, links. `patchbay gc` finds those that a file names. */

import { attachmentKey, parseAlias, parseAttachmentKey } from '../../../shared/cni/identity.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { deletion, netfilter, owner } from '../../../shared/firewall/table.ts'
import { hasUsers } from '../../../shared/link/claims.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { listElements } from '../../../shared/netlink/nftables-read.ts'
import type { Element, NamedSet } from '../../../shared/netlink/nftables-sets.ts'
import { word } from '../../form/shell.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { hostOf, linksOf } from '../frame/host.ts'
import { commentsIn } from './owned.ts'
import { ownedSets } from './owned-sets.ts'
import { wiredOf } from './wired.ts'

/** The attachments that a file or a link of the host names: as keys, and as the comments of elements. */
const knownOf = oncePer((view: View) => {
  const named = hostOf(view).containers.flatMap(({ attachments }) => attachments)
  const ends = linksOf(view).filter(({ kind }) => kind === 'veth')
  const all = [...named, ...ends.flatMap(({ alias }) => parseAlias(alias) ?? [])]
  return { keys: new Set(all.map(attachmentKey)), comments: new Set(all.map(owner)) }
})

export const ruleOrphan: Fault = {
  id: 'rule-orphan',
  title: 'the firewall has elements of attachments that do not exist',
  severity: 'leak',
  look(view) {
    const { leading, others } = ownedSets()
    const comments = new Set(
      leading.flatMap((set) => [...commentsIn(view, set).keys()].filter((one) => isOrphan(view, one))),
    )
    if (comments.size === 0) return []
    const orphans = [...others, ...leading].flatMap((set) => {
      const elements = listElements(netfilter(), set).filter(({ comment = '' }) => comments.has(comment))
      return elements.length > 0 ? [{ set, elements }] : []
    })
    return [orphaned(orphans, [...comments])]
  },
}

/** A comment that was cut to its greatest length names no attachment. */
function isOrphan(view: View, comment: string): boolean {
  if (comment.includes('~') || !parseAttachmentKey(comment)) return false
  return !knownOf(view).comments.has(comment)
}

function orphaned(
  orphans: readonly { set: NamedSet; elements: Element[] }[],
  comments: readonly string[],
): Finding {
  return {
    subject: comments.length === 1 ? `${comments[0]}` : `${comments.length} attachments`,
    cause:
      'no file and no link names these attachments, so no DEL and no gc will remove what they have in the firewall',
    evidence: orphans.slice(0, 3).map(({ set, elements: [first] }) => ({
      where: `nft list ${set.value ? 'map' : 'set'} ${set.table.family} ${set.table.name} ${set.name}`,
      value: `comment "${first?.comment}"`,
    })),
    mend: orphans.flatMap(({ set, elements }) =>
      deletion(set, elements).map(({ reproduce = '' }) => `nft ${word(reproduce.replace(/^nft /, ''))}`),
    ),
  }
}

/** Aliases of links that several attachments share: shared/link/shared-link.ts, plugins/vxlan/segment.ts. */
const [shared, segment] = ['patchbay: shared', 'patchbay: vxlan']

/** Kinds of plugins that may use shared links. */
const sharing = ['macvlan', 'macvtap', 'ipvlan', 'ipvtap', 'vlan', 'bond', 'macsec']

export const linkOrphan: Fault = {
  id: 'link-orphan',
  title: 'a link of ours has no user',
  severity: 'leak',
  look(view) {
    const isShared = wiredOf(view).some(({ type }) => sharing.includes(type))
    return linksOf(view).flatMap((link) => {
      const { kind, alias } = link
      const attachment = parseAlias(alias)
      if (kind === 'ifb' && attachment && !knownOf(view).keys.has(attachmentKey(attachment)))
        return [unused(link, 'no file and no link names the attachment of its alias')]
      if (alias === shared && !isShared && !hasUsers(link.name))
        return [unused(link, 'no record names an attachment that uses it')]
      return alias === segment && isEmptySegment(view, link)
        ? [unused(link, 'its last container is gone')]
        : []
    })
  },
}

/** Whether a bridge has no port but its VTEP, or a VTEP no such bridge. */
function isEmptySegment(view: View, { index, kind, master }: Link): boolean {
  if (kind === 'vxlan') return master === undefined || !hasContainer(view, master)
  return kind === 'bridge' && !hasContainer(view, index)
}

function hasContainer(view: View, bridge: number): boolean {
  return linksOf(view).some(({ master, alias }) => master === bridge && alias !== segment)
}

function unused({ name, alias }: Link, why: string): Finding {
  return {
    subject: name,
    cause: `${name} was made for containers, and ${why}`,
    evidence: [{ where: `ip -d link show dev ${word(name)}`, value: `alias ${alias}` }],
    mend: [`ip link delete dev ${word(name)}`],
  }
}
