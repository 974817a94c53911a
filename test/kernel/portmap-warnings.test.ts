/** portmap: what ADD does and warns of, since it is probably not what was meant. */
// needs: nft ip, iptables

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import * as assert from 'uvu/assert'
import { done } from '../harness/attach.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
const container = newContainer()
const both = ['10.50.0.2/24', 'fd50::2/64']

/** What ADD of mappings says on standard error; CHECK and DEL succeed. */
async function warning(
  backend: string,
  mapping: Record<string, unknown>,
  addresses: string[] = both,
): Promise<string> {
  const runtimeConfig = { portMappings: [{ containerPort: 80, protocol: 'tcp', ...mapping }] }
  const prevResult = { cniVersion: '1.0.0', ips: addresses.map((address) => ({ address })) }
  const config = { type: 'portmap', name: 'net', cniVersion: '1.0.0', backend, runtimeConfig, prevResult }
  const request = { config, containerID: 'warned', netns: container.path }
  const { status, stderr, json } = await call({ ...request, verb: 'ADD' })
  assert.is(status, 0, JSON.stringify(json))
  for (const verb of ['CHECK', 'DEL'] as const) assert.equal(await call({ ...request, verb }), done)
  return stderr
}

for (const backend of ['nftables', 'iptables']) {
  test(`${backend}: a process of the host that listens on a port, over TCP or UDP, in one family or both`, async () => {
    const server = createServer().listen(8090, '0.0.0.0')
    await once(server, 'listening')
    const socket = createSocket('udp6').bind(8091, '::')
    await once(socket, 'listening')
    assert.match(await warning(backend, { hostPort: 8090 }), /a process of the host listens on 8090\/tcp/)
    assert.match(
      await warning(backend, { hostPort: 8091, protocol: 'udp' }),
      /a process of the host listens on 8091\/udp/,
    )
    assert.is(await warning(backend, { hostPort: 8090, protocol: 'udp' }), '')
    assert.is(await warning(backend, { hostPort: 8090, hostIP: '::' }), '')
    server.close()
    socket.close()
  })

  test(`${backend}: a port at ::1, which no connection reaches`, async () => {
    assert.match(
      await warning(backend, { hostPort: 8080, hostIP: '::1' }),
      /host port \[::1\]:8080\/tcp is reached by no client.*127\.0\.0\.1/,
    )
    assert.is(await warning(backend, { hostPort: 8080, hostIP: '127.0.0.1' }), '')
  })

  test(`${backend}: ports at addresses of the family that the container lacks`, async () => {
    assert.match(
      await warning(backend, { hostPort: 8080, hostIP: '::' }, both.slice(0, 1)),
      /the container has no address for its port mappings/,
    )
    assert.is(await warning(backend, { hostPort: 8080 }, both.slice(0, 1)), '')
  })
}

test.run()
