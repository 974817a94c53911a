/** System calls of dhcp's ADD and DEL fail in turn, or the plugin is killed there: nothing is left, and the server has its address back. */
// needs: full speed, link macvlan
// packages: dnsmasq-base

import * as assert from 'uvu/assert'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { listenOn } from '../harness/dhcp-heard.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { changesSomething } from '../harness/failing.ts'
import { alikeTwice, type Fault, faultsOf, withFault } from '../harness/faults.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()
const home = station(segment(), 'home', '10.1.0.1/24')
await dnsmasqOn(home, { ranges: ['10.1.0.100,10.1.0.199,2m'], options: { router: '10.1.0.1' } })
const ear = listenOn(home)

const macvlan = { type: 'macvlan', master: 'eth0', ipam: { type: 'dhcp', timeout: 20 } }

testTrouble('macvlan with dhcp', { config: macvlan, atOnce: 1 })

/** The plugin has not heard of its lease; or the interface has it, and only the answer was lost: the runtime's DEL gives it back. */
const isUnknown = (msg: string) => msg === 'undefined' || msg.startsWith('receive a frame')

test('whatever fails after the ACK, the server has its address back', async () => {
  const config = { ...macvlan, name: 'lan', cniVersion: '1.1.0' }
  const request = { verb: 'ADD', config, containerID: 'failing', netns: newContainer().path } as const
  const kept: string[] = []
  /** An ADD and its DEL. @returns what servers and clients said */
  const said = async (fault: Fault) => {
    const before = ear.dhcp().length
    const { status, json } = await withFault(request, fault)
    const types = ear
      .dhcp()
      .slice(before)
      .map(({ type }) => type)
    await call({ ...request, verb: 'DEL' })
    return { types, msg: json?.msg, isAttached: status === 0 }
  }
  const faults = await alikeTwice(async () => {
    const seen = await faultsOf(request)
    await call({ ...request, verb: 'DEL' })
    return seen
  })
  for (const fault of faults.filter(changesSomething)) {
    const { types, msg, isAttached } = await said(fault)
    const isKept = types.includes('ACK') && !types.slice(types.indexOf('ACK')).includes('RELEASE')
    if (isKept && !isAttached && !isUnknown(String(msg)))
      kept.push(`${fault.syscall} ${fault.nth}: ${msg}: ${types.join(' ')}`)
  }
  assert.equal(kept, [])
})

test.run()
