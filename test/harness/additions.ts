/** What flannel, Multus and runtimes add to the configuration of any plugin: it works, with the MTU, and at most one warning. */

import * as assert from 'uvu/assert'
import { done } from './attach.ts'
import { enginesOfRow } from './by-node.ts'
import { newContainer, removeContainer } from './host.ts'
import { link } from './look.ts'
import { hostLocal } from './networks.ts'
import { call } from './plugin.ts'
import { test } from './test.ts'

const flannel = { ipMasq: false, mtu: 1450, ipam: hostLocal('10.244.0.0/24') }

const multus = { deviceID: '0000:00:1f.7', pciBusID: 'mlx5_core.sf.4' }

const runtimeConfig = {
  aliases: { podman: ['web'] },
  dns: { servers: ['10.0.0.1'] },
  cgroupPath: '/kubepods/pod1',
  'io.kubernetes.cri.pod-annotations': { a: 'b' },
}

/** Tests plugins with these keys of their own. @param without additions that would name a device of theirs */
export function testAdditions(kinds: Record<string, object>, without: readonly string[] = []): void {
  for (const [type, keys] of Object.entries(kinds))
    for (const engine of enginesOfRow())
      test(`${type} takes what flannel, Multus and runtimes add (${engine})`, async () => {
        const container = newContainer()
        const additions = without.includes(type) ? flannel : { ...flannel, ...multus }
        const config = { cniVersion: '1.0.0', name: 'added', type, ...additions, ...keys, runtimeConfig }
        const request = { engine, netns: container.path }
        const { status, json, stderr } = await call({ verb: 'ADD', ...request, config })
        assert.is(status, 0, JSON.stringify(json))
        assert.ok(stderr.split('\n').length <= 1, stderr)
        assert.is(link('eth0', container).mtu, 1450)
        const checked = { ...config, prevResult: json }
        assert.is((await call({ verb: 'CHECK', ...request, config: checked })).status, 0)
        assert.equal(await call({ verb: 'DEL', ...request, config }), done)
        removeContainer(container)
      })
}
