/** The host's side of veth pairs: down, or no port of their bridge any more. */

import type { Link } from '../../../shared/netlink/link.ts'
import { word } from '../../form/shell.ts'
import { shortID } from '../../host/words.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { restoring } from './gateways.ts'
import { bridgesOf } from './own-links.ts'
import { linksByIndex } from './tables.ts'
import { type Raw, type Wired, wiredOf } from './wired.ts'

export const linkDown: Fault = {
  id: 'link-down',
  title: 'a link of living containers is down',
  severity: 'error',
  look(view) {
    const bridges = bridgesOf(view).map(({ bridge, wired }) => ({
      link: bridge,
      whose: `the ${wired.length} containers of the bridge`,
    }))
    const ends = wiredOf(view).flatMap(({ end, containerID }) =>
      end ? [{ link: end, whose: `container ${shortID(containerID)}` }] : [],
    )
    return [...bridges, ...ends]
      .filter(({ link }) => !link.up)
      .map(({ link, whose }) => down(view, link, whose))
  },
}

function down(view: View, link: Link, whose: string): Finding {
  const { name } = link
  return {
    subject: name,
    cause: `${name} is down, so frames of ${whose} do not pass`,
    evidence: [{ where: `ip link show dev ${word(name)}`, value: 'the flag UP is missing' }],
    mend: [`ip link set dev ${word(name)} up`, ...restoring(view, link)],
  }
}

export const portLost: Fault = {
  id: 'port-lost',
  title: "a container's link is no port of its bridge",
  severity: 'error',
  look(view) {
    return bridgesOf(view).flatMap(({ bridge, wired }) =>
      wired.flatMap((one) =>
        one.end && one.end.master !== bridge.index ? [lost(view, one.end, bridge, one)] : [],
      ),
    )
  },
}

function lost(view: View, { name, master }: Link, bridge: Link, { containerID, config }: Wired): Finding {
  const other = master === undefined ? undefined : linksByIndex(view).get(master)
  const where = other ? `a port of ${other.name}` : 'no port of any bridge'
  return {
    subject: name,
    cause: `${name} of container ${shortID(containerID)} is ${where}; its network has the bridge ${bridge.name}`,
    evidence: [
      { where: `ip link show dev ${word(name)}`, value: other ? `master ${other.name}` : 'no master' },
    ],
    mend: [`ip link set dev ${word(name)} master ${word(bridge.name)}`, ...portOptions(word(name), config)],
  }
}

/** What a new port of the bridge does not have by itself. A trunk is left to the next ADD. */
function portOptions(name: string, { hairpinMode, portIsolation, vlan, preserveDefaultVlan }: Raw): string[] {
  const id = Number(vlan)
  const port = `ip link set dev ${name} type bridge_slave`
  return [
    ...(hairpinMode === true ? [`${port} hairpin on`] : []),
    ...(portIsolation === true ? [`${port} isolated on`] : []),
    ...(id > 0 ? [`bridge vlan add dev ${name} vid ${id} pvid untagged`] : []),
    ...(id > 1 && preserveDefaultVlan !== true ? [`bridge vlan delete dev ${name} vid 1`] : []),
  ]
}
