/** The network that the templates make: that of an example, with the node's subnets. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const example = join(import.meta.dirname, '../../../conf-examples/250-kubernetes.conflist')

/** The example's list for a node with these subnets. */
export function kubernetesNetwork(...subnets: string[]): object {
  const { _comment, ...list } = JSON.parse(readFileSync(example, 'utf8'))
  list.plugins[0].ipam.ranges = subnets.map((subnet) => [{ subnet }])
  return list
}
