/** What becomes of the files that a call wrote; and results, which a record may become. */

import fc from 'fast-check'
import type { Damage } from '../play/case.ts'
import type { Keys } from './configuration.ts'
import { hostile } from './hostile.ts'
import { wrong } from './mutate.ts'

/** A result as ADD gives it, for calls without an ADD before. */
export const results = fc.constantFrom<Keys>(
  {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'eth0', mac: '02:00:5e:10:00:01', sandbox: '/run/netns/c1' }],
    ips: [{ interface: 0, address: '10.61.0.2/24', gateway: '10.61.0.1' }],
    routes: [{ dst: '0.0.0.0/0', gw: '10.61.0.1' }],
    dns: { nameservers: ['10.61.0.1'] },
  },
  { cniVersion: '0.2.0', ip4: { ip: '10.61.0.2/24', gateway: '10.61.0.1', routes: [{ dst: '0.0.0.0/0' }] } },
)

/** Contents of a record: another shape, another record's keys, no JSON. */
const contents: fc.Arbitrary<Damage['becomes']> = fc.oneof(
  fc.constantFrom('nothing' as const, 'a link to nowhere' as const),
  wrong.map((value) => ({ text: JSON.stringify(value) ?? '' })),
  fc
    .constantFrom('{"path":"/etc/hosts"}', '{"links":[]}', '{"links":[{}]}', '', '\0\0\0\0')
    .map((text) => ({ text })),
  hostile(results).map((text) => ({ text })),
)

/** One or two files. */
export const damages: fc.Arbitrary<Damage[]> = fc.array(fc.record({ nth: fc.nat(7), becomes: contents }), {
  minLength: 1,
  maxLength: 2,
})
