/** An advertisement that comes while ADD stands still, wherever that is: nothing of it is missed. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { done } from '../harness/attach.ts'
import { advertisement, prefixOption, rdnssOption } from '../harness/dhcp-advertisement.ts'
import { hostileOn } from '../harness/dhcp-hostile.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { faultsOf, pausedAt } from '../harness/faults.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { addresses, exists, inContainer, link } from '../harness/look.ts'
import { callAlone, type Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const evil = station(segment(), 'evil')
const router = await hostileOn(evil, evil.linkLocal)
const reply = advertisement({ options: [prefixOption('fd00:1::'), rdnssOption('fd00::53')] })
/** The kernel asks each second for a router. */
const answering = (isSo: boolean) => router.behave({ 'ROUTER-SOLICITATION': isSo ? [[reply]] : [] })

const ipam = { type: 'dhcp', ipv4: false, ipv6: 'slaac', timeout: 60 }
const config = { name: 'lan', cniVersion: '1.1.0', type: 'macvlan', master: 'eth0', ipam }

/** Whether the kernel has read the advertisement, and the address can be used. */
function isRead(container: Netns): boolean {
  const isThere = addresses('eth0', container).some((text) => text.startsWith('fd00:1:'))
  return isThere && inContainer(container, '-6 address show dev eth0 tentative') === ''
}

test('ADD stands still before any of its questions since the interface is up, and the advertisement comes meanwhile: it has address and DNS', async () => {
  const requestOf = ({ name, path }: Netns) =>
    ({ verb: 'ADD', config, containerID: name, netns: path }) as const
  const first = requestOf(newContainer())
  answering(true)
  const { length } = (await faultsOf(first)).filter(({ syscall }) => syscall === 'sendto')
  assert.equal(callAlone({ ...first, verb: 'DEL' }), done)
  let paused = 0
  for (let isUp = true, nth = length; isUp; nth--) {
    const container = newContainer()
    const request = requestOf(container)
    answering(false)
    // Without a router it waits at last, and asks no more.
    const late = setTimeout(() => answering(true), 500)
    const standing = await pausedAt(request, { syscall: 'sendto', nth })
    isUp = exists('eth0', container) && link('eth0', container).flags.includes('UP')
    clearTimeout(late)
    answering(true)
    if (isUp) await until('the advertisement is read', () => isRead(container))
    if (isUp) paused++
    const { status, json } = 'resume' in standing ? await standing.resume() : standing
    assert.is(status, 0, JSON.stringify(json))
    const { ips = [], dns } = json as unknown as Result
    assert.equal([ips.length, dns], [1, { nameservers: ['fd00::53'] }], `sendto ${nth}`)
    assert.equal(callAlone({ ...request, verb: 'DEL' }), done)
  }
  assert.ok(paused > 3, `${paused} times`)
})

test.run()
