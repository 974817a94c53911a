/** portmap without its records: a state directory that cannot be written or read, a record that is damaged. What packets pass goes all the same. */
// needs: nft ip, iptables

import { globSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done, errorOf } from '../harness/attach.ts'
import { command, ip } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { sysctl } from '../harness/look.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { newBridge } from './firewall-containers.ts'
import { rules } from './firewall-rules.ts'
import { tcp } from './portmap-networks.ts'

await privateHost()
const container = newContainer()
newBridge('br7', '10.75.0.1/24')
ip(`link add port7 master br7 type veth peer name eth0 netns ${container.name}`)

const state = '/run/patchbay'
const prevResult = {
  cniVersion: '1.1.0',
  interfaces: [{ name: 'br7' }, { name: 'port7' }, { name: 'eth0', sandbox: container.path }],
  ips: [{ address: '10.75.0.2/24', gateway: '10.75.0.1', interface: 2 }],
}

function attachment(backend: string) {
  const config = {
    ...{ type: 'portmap', name: 'stateless', cniVersion: '1.1.0', backend, prevResult },
    runtimeConfig: { portMappings: [tcp(8080)] },
  }
  return { config, containerID: container.name, netns: container.path }
}

const localnet = () => sysctl('net/ipv4/conf/br7/route_localnet')
const files = (which: string) =>
  globSync(`${state}/firewall/${which}`, { withFileTypes: true }).filter((one) => !one.isDirectory())

/** Ways to a state directory in which nothing can be written, or found. */
const broken = {
  'read-only': ['mount', '--bind', '-o', 'ro', state, state],
  'without any file': ['mount', '-t', 'tmpfs', '-o', 'ro', 'tmpfs', state],
}

for (const backend of ['nftables', 'iptables']) {
  const request = attachment(backend)
  const del = () => call({ ...request, verb: 'DEL' })

  for (const [what, mount] of Object.entries(broken))
    test(`${backend}, ${what}: DEL removes the host port, and the next one with a sound directory the record`, async () => {
      const before = rules()
      await added(request)
      assert.is(localnet(), '1')
      command(...(mount as [string, ...string[]]))
      const answer = await del()
      const after = rules()
      command('umount', state)
      assert.equal(
        after.filter((line) => /8080|10.75.0.2/.test(line)),
        [],
      )
      if (what === 'read-only') {
        assert.match(errorOf(answer).said, /EROFS/)
        assert.is(localnet(), '0')
      }
      assert.equal(await del(), done)
      assert.is(localnet(), '0')
      assert.equal(rules(), before)
      assert.equal(files('**'), [])
    })

  for (const verb of ['DEL', 'GC'] as const)
    test(`${backend}: ${verb} of a damaged record leaves neither rules nor route_localnet, and only the file that was set aside`, async () => {
      const before = rules()
      await added(request)
      assert.is(localnet(), '1')
      for (const { parentPath, name } of files('portmap/*.json')) writeFileSync(`${parentPath}/${name}`, '')
      const config = { ...request.config, prevResult: undefined, 'cni.dev/valid-attachments': [] }
      const answer = await call(verb === 'GC' ? { ...request, config, verb } : { ...request, verb })
      assert.is(answer.status, 0, JSON.stringify(answer.json))
      assert.is(localnet(), '0')
      assert.equal(rules(), before)
      assert.equal(
        files('**').filter(({ name }) => !name.endsWith('.damaged')),
        [],
      )
      command('sh', '-c', `rm ${state}/firewall/portmap/*.damaged`)
    })
}

test.run()
