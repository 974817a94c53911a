/** The configuration of tuning in a chain. The descriptions become the README's table and the JSON Schema. */

import { tuningDirectory } from '../../shared/attachment/tuned.ts'
import { macRequests, requests } from '../../shared/config/common.ts'
import { type Config, network } from '../../shared/config/config.ts'
import {
  boolean,
  describe,
  integer,
  mac,
  optional,
  path,
  record,
  string,
  withDefault,
} from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { mtuOf, possibleMtu, txQueueLen } from '../../shared/link/keys.ts'

const sysctls = optional(record(string))
const mtu = integer({ min: 0, max: 65535 })

/** What `args.cni` may have: its entries override those of the configuration. */
const overrides = () => ({
  ...macRequests(),
  sysctl: sysctls,
  mtu: optional(mtu),
  promisc: optional(boolean),
  allmulti: optional(boolean),
  txQLen: optional(integer({ min: 0, max: 0x7fff })),
})

const shape = {
  ...requests(macRequests, overrides),
  sysctl: describe(
    sysctls,
    'Network sysctls of the container and their values; `IFNAME` in a name stands for the interface.',
  ),
  mac: describe(optional(mac), 'MAC address of the interface.'),
  mtu: mtuOf('the interface', 'as it is'),
  promisc: describe(withDefault(boolean, false), 'Promiscuous mode. false: as it is.'),
  allmulti: describe(optional(boolean), 'Take frames to all multicast addresses, or not. Default: as it is.'),
  txQLen: describe(txQueueLen, 'Transmit queue length, in packets. Default: as it is.'),
  dataDir: describe(
    withDefault(path, tuningDirectory),
    'Directory with the former values, which DEL restores.',
  ),
}

export type TuningConfig = Config<typeof shape>

export const config = network(shape, { rules: [possibleMtu, possibleOverride] })

function possibleOverride({ args }: TuningConfig): Complaint | undefined {
  const complaint = possibleMtu({ mtu: args?.cni?.mtu ?? 0 })
  return complaint && { ...complaint, msg: `args.cni.${complaint.msg}` }
}
