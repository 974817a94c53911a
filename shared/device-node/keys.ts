/** Keys of the interfaces whose frames go to a device node: macvtap, ipvtap. */

import { describe, integer, optional, pattern, text, withDefault } from '../cni/schema.ts'

/** A user's or a group's number; the last one means nobody (chown(2)). */
const id = integer({ min: 0, max: 0xfffffffe })

const nodePath = text(
  'an absolute path without .., in which only {network}, {containerID} and {ifname} stand in braces',
  (value) =>
    /^(\/([^/{}\0]|\{(network|containerID|ifname)\})+)+$/.test(value) && !/\/\.\.?(\/|$)/.test(value),
  { title: 'absolute path', pattern: '^/' },
)

/** Where nodes are by default. Below /run, which is mostly mounted nodev, nobody could open them. */
export const nodesDirectory = '/dev/patchbay'

export const nodeKeys = {
  node: describe(
    withDefault(nodePath, `${nodesDirectory}/{containerID}/{ifname}`),
    'Where the device node is made, by which a program has the frames: a path with `{network}`, `{containerID}` and `{ifname}` in it.',
  ),
  owner: describe(optional(id), "The node's user, by number. Default: root."),
  group: describe(optional(id), "The node's group, by number. Default: root's."),
  nodeMode: describe(
    withDefault(pattern('three octal digits such as 0660', /^0?[0-7]{3}$/), '0600'),
    'What owner, group and others may do with the node.',
  ),
}

export interface NodeConfig {
  node: string
  owner?: number
  group?: number
  nodeMode: string
}
