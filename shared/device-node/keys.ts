/** The keys of kinds with a device node: macvtap, ipvtap. */

import { describe, integer, optional, pattern, text, withDefault } from '../config/schema.ts'

/** A user or group ID; 0xffffffff means "unchanged" (chown(2)). */
const id = integer({ min: 0, max: 0xfffffffe })

const nodePath = text(
  'an absolute path without .., in which only {network}, {containerID} and {ifname} stand in braces',
  (value) =>
    /^(\/([^/{}\0]|\{(network|containerID|ifname)\})+)+$/.test(value) && !/\/\.\.?(\/|$)/.test(value),
  { title: 'absolute path', pattern: '^/' },
)

/** The directory of nodes by default. Not below /run: that is often mounted nodev, and nodes there cannot be opened. */
export const nodesDirectory = '/dev/patchbay'

export const nodeKeys = {
  node: describe(
    withDefault(nodePath, `${nodesDirectory}/{containerID}/{ifname}`),
    'The path of the device node, by which a program reads and writes frames; `{network}`, `{containerID}` and `{ifname}` stand for their values.',
  ),
  owner: describe(optional(id), "The node's user, by number. Default: root."),
  group: describe(optional(id), "The node's group, by number. Default: root's."),
  nodeMode: describe(
    withDefault(pattern('three octal digits such as 0660', /^0?[0-7]{3}$/), '0600'),
    'The permissions of owner, group and others.',
  ),
}

export interface NodeConfig {
  node: string
  owner?: number
  group?: number
  nodeMode: string
}
