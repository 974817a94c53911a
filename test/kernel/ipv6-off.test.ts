/** IPv6 that host or container have switched off: ADD switches it on for its own links, and for the container's lo. */

import { readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done, errorOf } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { addresses, inContainer } from '../harness/look.ts'
import { bridgeNetwork, newNetwork, ptpNetwork, single } from '../harness/networks.ts'
import { call, type Engine } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

const engines: Engine[] = ['quickjs', 'node']
const sysctls = ['all', 'default'].map((scope) => `/proc/sys/net/ipv6/conf/${scope}/disable_ipv6`)

/** A container in which Docker's way has switched IPv6 off. */
function withoutIPv6(): Netns {
  const container = newContainer()
  command(
    'ip',
    'netns',
    'exec',
    container.name,
    'sh',
    '-c',
    sysctls.map((path) => `echo 1 > ${path}`).join('; '),
  )
  inContainer(container, 'link set lo up')
  return container
}

/** Runs an action with IPv6 switched off on the host. */
async function offOnHost(action: () => Promise<void>): Promise<void> {
  const before = sysctls.map((path) => readFileSync(path, 'utf8'))
  for (const path of sysctls) writeFileSync(path, '1')
  try {
    await action()
  } finally {
    sysctls.forEach((path, at) => {
      writeFileSync(path, before[at] ?? '')
    })
  }
}

for (const engine of engines) {
  test(`in the container, lo gets it too: ::1 and the container’s own address answer (${engine})`, async () => {
    const container = withoutIPv6()
    const config = single(bridgeNetwork({ isGateway: true }))
    const attachment = { config, engine, netns: container.path }
    await added(attachment)
    assert.ok(
      pings(container, '::1', ...addresses('eth0', container).map((cidr) => cidr.replace(/\/.*/, ''))),
    )
    assert.equal(await call({ verb: 'DEL', ...attachment }), done)
  })

  for (const network of [bridgeNetwork({ isGateway: true }), ptpNetwork()]) {
    const config = { ...single(network), cniVersion: '1.1.0' }
    test(`on the host: ${JSON.stringify(network.plugins[0])} has its gateway, and STATUS is ready (${engine})`, () =>
      offOnHost(async () => {
        const container = newContainer()
        const attachment = { config, engine, netns: container.path }
        assert.equal(await call({ verb: 'STATUS', ...attachment }), done)
        const { ips } = await added(attachment)
        const gateway = ips.flatMap(({ gateway }) => (gateway?.includes(':') ? [gateway] : []))
        assert.ok(pings(container, ...gateway))
        assert.equal(await call({ verb: 'DEL', ...attachment }), done)
      }))
  }

  test(`on the host, and /proc/sys read-only: STATUS says so, with the sysctl (${engine})`, () =>
    offOnHost(async () => {
      command('mount', '--bind', '-o', 'ro', '/proc/sys', '/proc/sys')
      command('mount', '-o', 'remount,bind,ro', '/proc/sys')
      try {
        for (const network of [bridgeNetwork({ isGateway: true }), ptpNetwork()]) {
          const { code, said } = errorOf(
            await call({ verb: 'STATUS', engine, config: { ...single(network), cniVersion: '1.1.0' } }),
          )
          assert.is(code, 50, said)
          assert.match(said, 'sysctl -w net.ipv6.conf.default.disable_ipv6=0')
        }
      } finally {
        command('umount', '/proc/sys')
      }
    }))

  test(`a kernel without it: ADD is refused with the reason, and STATUS too (${engine})`, async () => {
    // As with ipv6.disable=1, /proc/sys/net has no ipv6.
    command('mount', '-t', 'tmpfs', 'tmpfs', '/proc/sys/net')
    try {
      const config = { ...single(newNetwork('bridge')), cniVersion: '1.1.0' }
      for (const [verb, expected] of [
        ['ADD', 7],
        ['STATUS', 50],
      ] as const) {
        const { code, said } = errorOf(await call({ verb, engine, config, netns: newContainer().path }))
        assert.is(code, expected, said)
        assert.match(said, 'this kernel has no IPv6: take the range out')
      }
    } finally {
      command('umount', '/proc/sys/net')
    }
  })
}

test.run()
