/** Faults of links, firewall and sysctls, in the order in which they are looked for. */

import type { Fault } from '../frame/fault.ts'
import { settled } from '../frame/settled.ts'
import { elementsMissing } from './elements.ts'
import { bridgeBypass, bridgeDrop, forwardDrop } from './forward-drop.ts'
import { advertisementsIgnored, forwardingOff } from './forwarding.ts'
import { gatewayMissing, gatewayTwice, ipv6Disabled, subnetDiverted } from './gateways.ts'
import { kindMissing } from './kinds.ts'
import { conntrackFull, neighboursFull } from './limits.ts'
import { localnetOff } from './localnet.ts'
import { networkdManages, networkManagerManages } from './managers.ts'
import { mixedIptables } from './mixed-iptables.ts'
import { mtuMismatch } from './mtu.ts'
import { linkOrphan, ruleOrphan } from './orphans.ts'
import { parentCarrier, parentDown, parentMissing, parentTaken, vlansNotFiltered } from './parents.ts'
import { linkDown, portLost } from './ports.ts'
import { reversePath } from './reverse-path.ts'

const faults: readonly Fault[] = [
  kindMissing,
  parentMissing,
  parentDown,
  parentCarrier,
  parentTaken,
  vlansNotFiltered,
  linkDown,
  portLost,
  mtuMismatch,
  networkdManages,
  networkManagerManages,
  ipv6Disabled,
  gatewayMissing,
  gatewayTwice,
  subnetDiverted,
  forwardingOff,
  advertisementsIgnored,
  reversePath,
  mixedIptables,
  forwardDrop,
  bridgeDrop,
  bridgeBypass,
  localnetOff,
  elementsMissing,
  ruleOrphan,
  linkOrphan,
  conntrackFull,
  neighboursFull,
]

export const networkFaults: readonly Fault[] = faults.map(settled)
