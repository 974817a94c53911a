/** The ethtool features of a VTEP for large packets and checksums, if the configuration sets them. */

import { CniError, Code } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { inWords } from '../../shared/netlink/command.ts'
import { changeFeatures, type Features, listFeatures } from '../../shared/netlink/ethtool.ts'
import type { LinkName } from '../../shared/netlink/link.ts'
import { openSocket, Protocol, type Socket } from '../../shared/netlink/socket.ts'
import type { Change } from './change.ts'
import type { VxlanConfig } from './config.ts'

/** The kernel's features for each key. gso includes those of TCP and UDP: otherwise forwarded packets are not split. */
const featuresOf = {
  txChecksum: ['tx-checksum-ip-generic'],
  gso: [
    'tx-generic-segmentation',
    'tx-tcp-segmentation',
    'tx-tcp-ecn-segmentation',
    'tx-tcp6-segmentation',
    'tx-udp-segmentation',
  ],
  gro: ['rx-gro'],
} as const

function wantedFeatures(config: VxlanConfig): [string, boolean][] {
  const keys = ['txChecksum', 'gso', 'gro'] as const
  return keys.flatMap((key) => {
    const value = config[key]
    return value === undefined ? [] : featuresOf[key].map((name): [string, boolean] => [name, value])
  })
}

/** The features that are not as configured. Must be called in the VTEP's namespace. @throws CniError of code 50 */
export function featureDifferences(vtep: LinkName, config: VxlanConfig): Features {
  const wanted = wantedFeatures(config)
  if (wanted.length === 0) return {}
  const on = withEthtool((socket) => listFeatures(socket, vtep))
  return Object.fromEntries(wanted.filter(([feature, value]) => on.has(feature) !== value))
}

/** The switches of the features that differ. They must be found and made in the VTEP's namespace. */
export function featureChanges(vtep: LinkName, config: VxlanConfig): Change[] {
  const wrong = featureDifferences(vtep, config)
  const names = Object.entries(wrong)
  if (names.length === 0) return []
  const says = names.map(([feature, on]) => `switch ${feature} ${inWords(on)}`)
  return [{ says, make: () => withEthtool((socket) => changeFeatures(socket, vtep, wrong)) }]
}

/** ENOENT: the kernel has no generic netlink family for ethtool. */
function withEthtool<T>(action: (socket: Socket) => T): T {
  try {
    return action(openSocket(Protocol.GENERIC))
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
    throw new CniError(Code.PluginNotAvailable, {
      msg: 'this kernel has no ethtool over netlink, which txChecksum, gso and gro need: take them out',
      hint: 'it was built without CONFIG_ETHTOOL_NETLINK, or is older than 5.8: take these keys out',
      errno: 'ENOENT',
      cause: error,
    })
  }
}
