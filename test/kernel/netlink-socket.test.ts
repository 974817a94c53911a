/** Netlink sockets under load and attack: many requests at once, and processes that answer in the kernel's place. */

import * as assert from 'uvu/assert'
import { isErrno, KernelError } from '../../shared/kernel/errno.ts'
import { syscall } from '../../shared/kernel/syscall.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { openSocket, Protocol } from '../../shared/netlink/socket.ts'
import { added, done } from '../harness/attach.ts'
import { ip, ipJson } from '../harness/command.ts'
import { newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const AF_NETLINK = 16
const SOCK_RAW = 3

/** struct sockaddr_nl of a port. */
function addressOf(port: number): Buffer {
  const address = Buffer.alloc(12)
  address.writeUInt16LE(AF_NETLINK, 0)
  address.writeUInt32LE(port, 4)
  return address
}

/** NLMSG_DONE without an error, for any request. */
const isDone = Buffer.from([20, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

test('a process cannot send to the socket of a plugin: its answers would count as the kernel’s', () => {
  const socket = openSocket(Protocol.ROUTE) // the first of a process gets its pid as its port
  const sender = syscall('socket', AF_NETLINK, SOCK_RAW, Protocol.ROUTE)
  assert.ok(sender >= 0)
  const result = syscall('sendto', sender, isDone, isDone.length, 0, addressOf(process.pid), 12)
  assert.ok(isErrno(new KernelError(-result, 'send'), 'ECONNREFUSED'), `sendto: ${result}`)
  assert.is(findLink(socket, 'lo')?.name, 'lo')
})

test('a link with as many alternative names as the kernel takes, 64 KiB of them, is read whole', () => {
  const names = Array.from({ length: 480 }, (_, index) => `${index}`.padStart(127, 'n'))
  ip('link add many type bridge')
  for (const name of names) ip(`link property add dev many altname ${name}`)
  assert.equal(findLink(openSocket(Protocol.ROUTE), 'many')?.altNames, names)
  ip('link del many')
})

for (const [count, what] of [
  [5000, 'routes'],
  [600, 'addresses'],
] as const)
  test(`ADD and CHECK with ${count} ${what} succeed`, async () => {
    const container = newContainer()
    const numbers = Array.from({ length: count }, (_, index) => `${index >> 8}.${index & 255}`)
    const addresses = what === 'addresses' ? numbers.slice(1) : ['0.1']
    const routes = what === 'routes' ? numbers : []
    const config = {
      cniVersion: '1.0.0',
      name: 'many',
      type: 'bridge',
      bridge: `many-${what}`,
      ipam: {
        type: 'static',
        addresses: addresses.map((number) => ({ address: `10.60.${number}/16` })),
        routes: routes.map((number) => ({ dst: `11.9.${number}/32`, gw: '10.60.0.9' })),
      },
    }
    const request = { config, netns: container.path }
    const prevResult = await added(request)
    const found =
      what === 'routes' ? ipJson(`-n ${container.name} route`).length : addressesOf(container.name)
    assert.ok(found >= addresses.length + routes.length - 1, `${found}`)
    assert.equal(await call({ ...request, config: { ...config, prevResult }, verb: 'CHECK' }), done)
    assert.equal(await call({ ...request, verb: 'DEL' }), done)
    removeContainer(container)
    ip(`link delete many-${what}`)
  })

function addressesOf(netns: string): number {
  const [shown] = ipJson<{ addr_info: unknown[] }>(`-n ${netns} address show dev eth0`)
  return shown?.addr_info.length ?? 0
}

test.run()
