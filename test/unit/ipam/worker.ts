/** One of many processes that allocate at once: reserves addresses for the given containers, releases some, reserves them again. */

import type { Result } from '../../../shared/cni/result.ts'
import { hostLocal } from '../../../shared/ipam/host-local/plugin.ts'
import { renewPatience } from '../../../shared/state/lock.ts'
import { requestOf } from './request.ts'

const [dataDir, name, count] = process.argv.slice(2) as [string, string, string]
const ranges = [[{ subnet: '10.1.2.0/24' }], [{ subnet: '2001:db8::/64' }]]

const request = (containerID: string) => requestOf(hostLocal, { ipam: { dataDir, ranges } }, { containerID })

/** Each call has its own time to wait for the lock. */
function call(verb: 'add' | 'del', containerID: string) {
  renewPatience()
  return hostLocal[verb](request(containerID))
}

for (let at = 0; at < Number(count); at++) {
  const containerID = `${name}-${at}`
  call('add', containerID)
  if (at % 2 === 1) call('del', containerID)
  const { ips } = at % 2 === 1 ? (call('add', containerID) as Result) : { ips: [] }
  for (const { address } of ips) console.log(`${containerID} ${address}`)
}
