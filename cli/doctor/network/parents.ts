/** What the lists of /etc/cni/net.d need of the host's links: their parents, bridges that filter VLANs, kinds of the kernel. */

import { hostSocket } from '../../../shared/attachment/sides.ts'
import { nearest } from '../../../shared/config/near.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { defaultLink } from '../../../shared/link/parent.ts'
import { parseBridge } from '../../../shared/netlink/bridge.ts'
import { isHardware } from '../../../shared/netlink/kinds.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { word } from '../../form/shell.ts'
import type { Configured } from '../../host/networks.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { hostOf, linksOf } from '../frame/host.ts'
import { linksByIndex, linksByName } from './tables.ts'
import { bridgeNameOf, typeOf } from './wired.ts'

/** The first plugin of each list: what later ones sit on, an earlier one makes. */
const firstMembers = oncePer((view: View) => {
  const seen = new Set<string>()
  return hostOf(view).configurations.configured.filter(({ file }) => !seen.has(file) && seen.add(file))
})

const withMaster = ['macvlan', 'macvtap', 'ipvlan', 'ipvtap', 'vlan', 'macsec']

/** A list, and the interface of the host that one of its keys names. */
interface Named {
  configured: Configured
  key: string
  name: string
  link?: Link
}

const parentsOf: (view: View) => readonly Named[] = oncePer((view: View) =>
  firstMembers(view).flatMap((configured) => {
    const { raw } = configured
    const type = typeOf(view, raw)
    const key = withMaster.includes(type) ? 'master' : type === 'vxlan' ? 'dev' : undefined
    const name = key && raw[key]
    if (!key || typeof name !== 'string' || name === '' || raw.linkInContainer === true) return []
    return [{ configured, key, name, link: byAnyName(view, name) }]
  }),
)

function byAnyName(view: View, name: string): Link | undefined {
  return linksByName(view).get(name) ?? linksOf(view).find(({ altNames = [] }) => altNames.includes(name))
}

/** What a list says, as evidence. */
function said({ configured: { file }, key, name }: Named) {
  return { where: file, value: `"${key}": ${JSON.stringify(name)}` }
}

/** Writes another name into a list. */
function renaming({ configured: { file }, key, name }: Named, to: string): string {
  const literal = JSON.stringify(name).replace(/[\\/.*^$[\]]/g, '\\$&')
  const value = JSON.stringify(to).replace(/[\\/&]/g, '\\$&')
  return `sed -i ${word(`s/"${key}"\\( *: *\\)${literal}/"${key}"\\1${value}/`)} ${word(file)}`
}

export const parentMissing: Fault = {
  id: 'parent-missing',
  title: "a list's interface of the host does not exist",
  severity: 'error',
  before: true,
  look(view) {
    return parentsOf(view)
      .filter(({ link }) => link === undefined)
      .map((named) => ({
        subject: named.configured.network,
        cause: `the host has no interface ${named.name}, so each container of network ${named.configured.network} is refused`,
        evidence: [said(named), { where: `ip link show dev ${word(named.name)}`, value: 'does not exist' }],
        mend: makingOrRenaming(view, named),
      }))
  },
}

/** A VLAN's name tells how it is made; else the list gets the name that is meant, or the default one. */
function makingOrRenaming(view: View, named: Named): string[] {
  const [, nic = '', id] = /^(.+)\.(\d{1,4})$/.exec(named.name) ?? []
  if (id && linksByName(view).has(nic))
    return [
      `ip link add link ${word(nic)} name ${word(named.name)} type vlan id ${Number(id)}`,
      `ip link set dev ${word(named.name)} up`,
    ]
  const nics = linksOf(view).filter((link) => isHardware(link) && link.name !== 'lo')
  const meant =
    nearest(
      named.name,
      nics.map(({ name }) => name),
    ) ?? (defaultLink(hostSocket(), 4) ?? defaultLink(hostSocket(), 6))?.name
  return meant ? [renaming(named, meant)] : []
}

export const parentDown: Fault = {
  id: 'parent-down',
  title: "a list's interface of the host is down",
  severity: 'error',
  before: true,
  look(view) {
    return each(view, ({ up }) => !up).map(([link, named]) => ({
      subject: link.name,
      cause: `${link.name} is down, so containers of ${networksOf(named)} reach nothing by it`,
      evidence: [
        ...named.map(said),
        { where: `ip link show dev ${word(link.name)}`, value: 'the flag UP is missing' },
      ],
      mend: [`ip link set dev ${word(link.name)} up`],
    }))
  },
}

export const parentCarrier: Fault = {
  id: 'parent-carrier',
  title: "a list's interface of the host has no carrier",
  severity: 'error',
  before: true,
  look(view) {
    return each(view, ({ up, carrier }) => up && !carrier).map(([link, named]) => {
      const peer = link.kind === 'veth' && link.parentNamespace === undefined ? link.parent : undefined
      const other = peer === undefined ? undefined : linksByIndex(view).get(peer)
      return {
        subject: link.name,
        cause: `${link.name} has no carrier, so containers of ${networksOf(named)} reach nothing by it: ${other ? `its peer ${other.name} is down` : 'see its cable, and the port of its switch'}`,
        evidence: [...named.map(said), { where: `/sys/class/net/${link.name}/carrier`, value: '0' }],
        mend: other ? [`ip link set dev ${word(other.name)} up`] : [],
      }
    })
  },
}

/** Links that lists name and that have a fault, each once with the lists that name it. */
function each(view: View, isFaulty: (link: Link) => boolean): [Link, Named[]][] {
  const faulty = parentsOf(view).filter(({ link }) => link && isFaulty(link))
  return [...Map.groupBy(faulty, ({ link }) => link as Link)]
}

const networksOf = (named: readonly Named[]) => named.map(({ configured }) => configured.network).join(', ')

export const parentTaken: Fault = {
  id: 'parent-taken',
  title: "a list's interface of the host is a port of a bridge",
  severity: 'error',
  before: true,
  look(view) {
    return parentsOf(view).flatMap((named) => {
      const { link, key } = named
      const master = link?.master === undefined ? undefined : linksByIndex(view).get(link.master)
      // VLANs pass the bridge by; the others want every frame.
      const wantsAll = key === 'master' && typeOf(view, named.configured.raw) !== 'vlan'
      if (!link || master?.kind !== 'bridge' || !wantsAll) return []
      return [
        {
          subject: named.configured.network,
          cause: `${link.name} is a port of bridge ${master.name}, which takes all frames that arrive: the kernel refuses each container of network ${named.configured.network}`,
          evidence: [
            said(named),
            { where: `ip link show dev ${word(link.name)}`, value: `master ${master.name}` },
          ],
          mend: [renaming(named, master.name)],
        },
      ]
    })
  },
}

export const vlansNotFiltered: Fault = {
  id: 'vlan-filtering-off',
  title: "a list's bridge does not filter VLANs",
  severity: 'error',
  before: true,
  look(view) {
    const wanted = firstMembers(view).flatMap(({ raw, network }) => {
      const name = bridgeNameOf({ type: typeOf(view, raw), config: raw })
      const wants = Number(raw.vlan) > 0 || (Array.isArray(raw.vlanTrunk) && raw.vlanTrunk.length > 0)
      const bridge = wants && name !== undefined ? linksByName(view).get(name) : undefined
      return bridge?.kind === 'bridge' && bridge.data ? [{ bridge, data: bridge.data, network }] : []
    })
    const off = wanted.filter(({ data }) => !parseBridge(data).vlanFiltering)
    return [...Map.groupBy(off, ({ bridge }) => bridge)].map(
      ([{ name }, lists]): Finding => ({
        subject: name,
        cause: `${name} does not filter VLANs, so containers of ${lists.map(({ network }) => network).join(', ')}, which are to be in a VLAN, are refused`,
        evidence: [{ where: `ip -d link show dev ${word(name)}`, value: 'vlan_filtering 0' }],
        mend: [`ip link set dev ${word(name)} type bridge vlan_filtering 1`],
      }),
    )
  },
}
