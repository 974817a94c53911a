/** Plugins that give a container an interface below a NIC of the host. */

import { hostLocal, nic, type Subject } from './subject.ts'

const parent = { host: () => nic('nic0') }
const keys = (type: string) => ({ type, master: 'nic0', ipam: hostLocal })

/** A kind without numbers of its own. */
function child(type: string, words = ''): Subject {
  return {
    name: type,
    needs: [`link ${type}`],
    plugins: () => [keys(type)],
    ...parent,
    there: (number) => [`link add link nic0 name eth${number} netns there type ${type}${words}`],
  }
}

/** Each container of a parent has another VLAN. */
const vlan: Subject = {
  name: 'vlan',
  needs: ['link vlan'],
  plugins: (number) => [{ ...keys('vlan'), vlanId: number + 2 }],
  ...parent,
  there: (number) => [`link add link nic0 name eth${number} netns there type vlan id ${number + 1000}`],
}

const sci = (number: number) => number.toString(16).padStart(16, '0')
const keyFile = '/run/secrets/macsec.json'

const macsec: Subject = {
  name: 'macsec',
  needs: ['link macsec'],
  plugins: (number) => [
    {
      ...keys('macsec'),
      sci: sci(number + 1),
      keyFile,
      key: 'own',
      peers: [{ sci: 'ffffffffffff0001', key: 'peer' }],
    },
  ],
  ...parent,
  files: { [keyFile]: JSON.stringify({ own: '0a'.repeat(16), peer: 'b0'.repeat(16) }) },
  there: (number) => [
    `link add link nic0 name eth${number} netns there type macsec sci ${sci(number + 1000)}`,
  ],
}

export const children: readonly Subject[] = [
  child('macvlan', ' mode bridge'),
  child('macvtap', ' mode bridge'),
  child('ipvlan', ' mode l2'),
  child('ipvtap', ' mode l2'),
  vlan,
  macsec,
]
