/**
 * A CAN controller of the host that is lent to a container: hardware with a kind, which the kernel returns itself when the container's
 * namespace ends. Runs in a guest, with a serial controller (slcan) on a pseudo-terminal of this process.
 */

import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { Open, open } from '../../shared/kernel/files.ts'
import { closeNamespace, openNamespace } from '../../shared/kernel/namespace.ts'
import { must } from '../../shared/kernel/syscall.ts'
import { ip, succeeds } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, removeContainer } from '../harness/host.ts'
import { deletedWithDevice } from '../harness/lent.ts'
import { exists, link } from '../harness/look.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

/** include/uapi/asm-generic/ioctls.h, include/uapi/linux/tty.h. */
const [TIOCSPTLCK, TIOCGPTN, TIOCSETD, N_SLCAN] = [0x40045431, 0x80045430, 0x5423, 17]

const number = (value: number) => Buffer.from(new Uint32Array([value]).buffer)

/** Makes can0, which stays as long as this process. Its commands must be read, or it does not come up. */
function plugInController(): void {
  const terminal = open('/dev/ptmx', Open.RDWR)
  const index = number(0)
  must('unlock the terminal', 'ioctl', terminal, TIOCSPTLCK, number(0))
  must('look up the terminal', 'ioctl', terminal, TIOCGPTN, index)
  const line = open(`/dev/pts/${index.readUInt32LE(0)}`, Open.RDWR)
  must('make the terminal a CAN controller', 'ioctl', line, TIOCSETD, number(N_SLCAN))
  const reader = spawn('cat', { stdio: [terminal, 'ignore', 'ignore'] })
  test.after(() => reader.kill())
}

while (!succeeds('modprobe', 'slcan'));
plugInController()
ip('link set can0 txqueuelen 77 type can bitrate 125000')
ip('link set can0 up')

const config = { type: 'host-device', device: 'can0', name: 'net', cniVersion: '1.1.0' }

function requestFor(netns: string) {
  return { config, containerID: 'c', netns, ifname: 'net1' }
}

/** The controller in a namespace without a path, which only a descriptor holds. */
async function lentAndHeld() {
  const container = newContainer()
  const request = requestFor(container.path)
  assert.is((await call({ ...request, verb: 'ADD' })).status, 0)
  const held = openNamespace(container.path)
  removeContainer(container)
  return { request, held }
}

test('a CAN controller comes back as it was from a running container', async () => {
  const before = snapshot([])
  const request = requestFor(newContainer().path)
  assert.is((await call({ ...request, verb: 'ADD' })).status, 0)
  assert.not.ok(exists('can0'))
  await deletedWithDevice(request)
  unchanged(before, () => snapshot([]))
})

test('while a descriptor keeps its namespace, DEL fails and forgets nothing; DEL after its end restores it', async () => {
  const before = snapshot([])
  const { request, held } = await lentAndHeld()
  const { json } = await call({ ...request, verb: 'DEL' })
  assert.is(json?.code, 11, JSON.stringify(json))
  assert.match(String(json?.msg), 'can0 has not come back from the container')
  closeNamespace(held)
  await until('the kernel has returned it', () => exists('net1'))
  await deletedWithDevice(request)
  unchanged(before, () => snapshot([]))
  assert.equal(readdirSync('/run/patchbay/lent'), [])
})

test('a namespace that ends during DEL: DEL waits for the controller', async () => {
  const before = snapshot([])
  const { request, held } = await lentAndHeld()
  setTimeout(() => closeNamespace(held), 1000)
  await deletedWithDevice(request)
  unchanged(before, () => snapshot([]))
  assert.is(link('can0').txqlen, 77)
})

test.run()
