/** vxlan: the first container of a network makes its bridge and its VTEP, the last one removes them. */

import { hostLocal, nic, type Subject } from './subject.ts'

export const overlay: readonly Subject[] = [
  {
    name: 'vxlan',
    needs: ['link vxlan'],
    plugins: () => [{ type: 'vxlan', vni: 200, bridge: 'br0', remote: '192.0.2.2', ipam: hostLocal }],
    host: () => [...nic('nic0'), 'address add 192.0.2.1/24 dev nic0'],
  },
]
