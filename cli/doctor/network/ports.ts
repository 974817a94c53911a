/** The host's side of veth pairs: down, or no port of their bridge any more. */

import type { Link } from '../../../shared/netlink/link.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { word } from '../frame/shell.ts'
import { bridgesOf } from './own-links.ts'
import { linksByIndex } from './tables.ts'
import { wiredOf } from './wired.ts'

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
      end ? [{ link: end, whose: `container ${containerID.slice(0, 12)}` }] : [],
    )
    return [...bridges, ...ends].filter(({ link }) => !link.up).map(({ link, whose }) => down(link, whose))
  },
}

function down({ name }: Link, whose: string): Finding {
  return {
    subject: name,
    cause: `${name} is down, so frames of ${whose} do not pass`,
    evidence: [{ where: `ip link show dev ${name}`, value: 'the flag UP is missing' }],
    mend: [`ip link set dev ${word(name)} up`],
  }
}

export const portLost: Fault = {
  id: 'port-lost',
  title: "a container's link is no port of its bridge",
  severity: 'error',
  look(view) {
    return bridgesOf(view).flatMap(({ bridge, wired }) =>
      wired.flatMap(({ end, containerID }) =>
        end && end.master !== bridge.index ? [lost(view, end, bridge, containerID)] : [],
      ),
    )
  },
}

function lost(view: View, { name, master }: Link, bridge: Link, container: string): Finding {
  const other = master === undefined ? undefined : linksByIndex(view).get(master)
  const where = other ? `a port of ${other.name}` : 'no port of any bridge'
  return {
    subject: name,
    cause: `${name} of container ${container.slice(0, 12)} is ${where}; its network has the bridge ${bridge.name}`,
    evidence: [{ where: `ip link show dev ${name}`, value: other ? `master ${other.name}` : 'no master' }],
    mend: [`ip link set dev ${word(name)} master ${word(bridge.name)}`],
  }
}
