/** Which sockets of the host listen on ports, by inet_diag: what `ss` shows. */

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { createServer, connect as dial, type Server } from 'node:net'
import * as assert from 'uvu/assert'
import { formatAddress, parseAddress } from '../../shared/ip/address.ts'
import { findListeners, hears, type Listener } from '../../shared/netlink/listeners.ts'
import { closeSocket, openSocket, Protocol } from '../../shared/netlink/socket.ts'
import { command } from '../harness/command.ts'
import { namedServer } from '../harness/datagrams.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'

await privateHost()
const socket = openSocket(Protocol.SOCK_DIAG)

async function listen(port: number, host: string, ipv6Only = false): Promise<Server> {
  const server = createServer().listen({ port, host, ipv6Only })
  await once(server, 'listening')
  server.unref()
  return server
}

async function bind(port: number, host: string, ipv6Only = false): Promise<Socket> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', ipv6Only })
  socket.bind(port, host)
  await once(socket, 'listening')
  socket.unref()
  return socket
}

await listen(8001, '0.0.0.0')
await listen(8002, '::')
await listen(8003, '::', true)
await listen(8004, '127.0.0.1')
await listen(8005, '::1')
await listen(8006, '::ffff:127.0.0.1')
await listen(9000, '0.0.0.0')
await bind(8001, '127.0.0.1')
await bind(8010, '::')

function found(protocol: 'tcp' | 'udp', ...ports: number[]): Listener[] {
  const listeners = findListeners(socket, protocol, ports)
  assert.ok(listeners)
  return listeners
}

const inWords = ({ protocol, address, port, isDual }: Listener) =>
  `${protocol} ${formatAddress(address)} ${port}${isDual ? ' both families' : ''}`

test('each form of address is read: all of a family, all of both, one, one of IPv4 in a socket of IPv6', () => {
  assert.equal(found('tcp', 8001, 8002, 8003, 8004, 8005, 8006).map(inWords).sort(), [
    'tcp 0.0.0.0 8001',
    'tcp 127.0.0.1 8004',
    'tcp 127.0.0.1 8006',
    'tcp :: 8002 both families',
    'tcp :: 8003',
    'tcp ::1 8005',
  ])
})

test('TCP and UDP are separate', () => {
  assert.equal(found('udp', 8001, 8002, 8010).map(inWords), [
    'udp 127.0.0.1 8001',
    'udp :: 8010 both families',
  ])
})

test('ports without a listener, and none at all, give none', () => {
  assert.equal(found('tcp', 1, 7999, 8007, 8999, 9001, 65535), [])
  assert.equal(found('udp'), [])
})

test('thousands of ports, with and without gaps, are one request of each family', () => {
  const range = Array.from({ length: 2000 }, (_, index) => 7500 + index)
  assert.is(found('tcp', ...range).length, 7)
  const even = Array.from({ length: 2000 }, (_, index) => 6000 + 2 * index)
  assert.equal(
    found('tcp', ...even)
      .map(({ port }) => port)
      .sort(),
    [8002, 8004, 8006, 9000],
  )
  const odd = Array.from({ length: 30_000 }, (_, index) => 1 + 2 * index)
  assert.equal(
    found('tcp', ...odd)
      .map(({ port }) => port)
      .sort(),
    [8001, 8003, 8005],
  )
})

test('connections are no listeners, nor are sockets that only send', async () => {
  const client = dial(9000, '127.0.0.1')
  await once(client, 'connect')
  const sender = createSocket('udp4')
  sender.connect(8010, '127.0.0.1')
  await once(sender, 'connect')
  assert.equal(found('tcp', client.localPort ?? 0), [])
  assert.equal(found('udp', sender.address().port), [])
  assert.is(found('tcp', 9000).length, 1)
  client.destroy()
  sender.close()
})

test('a container’s listeners are not the host’s', async () => {
  const netns = newContainer()
  await namedServer(netns, 8020, 'theirs')
  assert.equal(found('udp', 8020), [])
})

test('the user and the inode tell the process', () => {
  const [listener] = found('tcp', 9000)
  assert.ok(listener)
  assert.is(listener.uid, 0)
  const own = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return undefined
    }
  })
  assert.ok(own.includes(`socket:[${listener.inode}]`))
})

test('ss shows the same, by the command of the errors', () => {
  const shown = command('sh', '-c', "ss -Hlne -4 -t 'sport = :8001 or sport = :9000'")
  assert.is(shown.trim().split('\n').length, found('tcp', 8001, 9000).length)
})

test('a listener hears its own address and family, one of all hears all', () => {
  const parsed = (text: string) => parseAddress(text)
  const [all, both, only, local] = [8001, 8002, 8003, 8004].map((port) => found('tcp', port)[0] as Listener)
  assert.ok(all && both && only && local)
  assert.equal([hears(all, 4), hears(all, 4, parsed('192.0.2.1')), hears(all, 6)], [true, true, false])
  assert.equal([hears(both, 4), hears(both, 6), hears(both, 4, parsed('192.0.2.1'))], [true, true, true])
  assert.equal([hears(only, 4), hears(only, 6, parsed('2001:db8::1'))], [false, true])
  assert.equal([hears(local, 4), hears(local, 4, parsed('0.0.0.0')), hears(local, 6)], [true, true, false])
  assert.equal([hears(local, 4, parsed('127.0.0.1')), hears(local, 4, parsed('192.0.2.1'))], [true, false])
})

test('on a kernel that does not know such requests nothing is known', () => {
  const other = openSocket(Protocol.ROUTE)
  assert.is(findListeners(other, 'tcp', [9000]), undefined)
  closeSocket(other)
})

test.run()
