/** Plugins that move NICs of the host into a container, and give them back. */

import { hostLocal, nics, type Subject } from './subject.ts'

const two = (number: number) => [`nic${2 * number}`, `nic${2 * number + 1}`].map((name) => ({ name }))

function joined(type: string, mode: string): Subject {
  return {
    name: type,
    needs: [`link ${type}`],
    plugins: (number) => [{ type, mode, links: two(number), ipam: hostLocal }],
    host: (containers) => nics(2 * containers),
  }
}

export const lent: readonly Subject[] = [
  {
    name: 'host-device',
    plugins: (number) => [{ type: 'host-device', device: `nic${number}`, ipam: hostLocal }],
    host: nics,
  },
  joined('bond', 'active-backup'),
  joined('team', 'activebackup'),
]
