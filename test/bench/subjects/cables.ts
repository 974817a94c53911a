/** Plugins that lay a cable from a container: to the host, or to another container. */

import { addressOf, hostLocal, type Subject } from './subject.ts'

const ptp: Subject = {
  name: 'ptp',
  plugins: () => [{ type: 'ptp', ipam: hostLocal }],
  there: (number) => [
    `link add ptp${number} type veth peer name eth${number} netns there`,
    `link set ptp${number} up`,
    `address add 10.200.0.1/32 dev ptp${number}`,
    `route add ${addressOf(number)}/32 dev ptp${number}`,
  ],
}

/** Two containers for each wire. One alone makes it, and removes it. */
const wire: Subject = {
  name: 'wire',
  plugins: (number) => [{ type: 'wire', wire: `w${number >> 1}`, ipam: hostLocal }],
}

const vxcan: Subject = {
  name: 'vxcan',
  needs: ['link vxcan'],
  plugins: (number) => [{ type: 'vxcan', hostIfname: `can-${number}` }],
  there: (number) => [`link add there${number} type vxcan peer name can${number} netns there`],
}

export const cables: readonly Subject[] = [ptp, wire, vxcan]
