/** setup of netavark with each of its system calls failing, and killed there: all or nothing, and teardown removes the rest. */
// needs: nft ip

import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import * as assert from 'uvu/assert'
import { syscallNumbers } from '../../shared/kernel/syscall.ts'
import { command } from '../harness/command.ts'
import { lasting } from '../harness/expect.ts'
import { newContainer, privateHost, scratch, setSysctl, usableAtOnce } from '../harness/host.ts'
import {
  attachment,
  create,
  drive,
  type Outcome,
  podmanNetwork,
  setupError,
  teardown,
} from '../harness/netavark.ts'
import { snapshot } from '../harness/snapshot.ts'
import { engines } from '../harness/status.ts'
import { test } from '../harness/test.ts'

await privateHost()
usableAtOnce()
setSysctl('net/ipv4/ip_forward', 1)

const subnets = [{ subnet: '10.51.0.0/24', gateway: '10.51.0.1' }]
const net = create(podmanNetwork('patchbay-bridge', { subnets }))
const port = { container_port: 80, host_port: 8080, host_ip: '', protocol: 'tcp', range: 1 }
const box = newContainer()
const input = attachment(net, { static_ips: ['10.51.0.7'], port_mappings: [port] })

const setupWith = (env: Record<string, string>): Outcome =>
  drive(net.driver, ['setup', box.path], input, { engine: 'test', env })

/** The calls of a setup that change something, as `NUMBER:NTH`. */
function callsOfSetup(): string[] {
  const trace = `${scratch}/calls`
  rmSync(trace, { force: true })
  setupWith({ PATCHBAY_CALLS: trace })
  teardown(input, box)
  const names = ['sendto', 'openat', 'renameat2', 'linkat', 'flock', 'setns', 'write'] as const
  const numbers = names.map((name) => String(syscallNumbers[name]))
  const made = new Set(readFileSync(trace, 'utf8').trimEnd().split('\n'))
  return [...made].filter((line) => numbers.includes(line.split(':')[0] ?? ''))
}

const calls = callsOfSetup()

/** What a setup with a fault at each call leaves, after the steps that netavark takes then. */
function harmOf(action: (call: string) => string, after: (outcome: Outcome) => void): string[] {
  const before = snapshot()
  return calls.flatMap((call) => {
    const outcome = setupWith({ PATCHBAY_FAULT: action(call) })
    after(outcome)
    const left = lasting(before)
    if (left.length > 0) teardown(input, box)
    return left.map((line) => `${call} (${outcome.json?.error ?? outcome.status}): ${line}`)
  })
}

test('a setup that fails at any call leaves nothing, and says so in a sentence', () => {
  assert.ok(calls.length > 40, `${calls.length} calls`)
  const harm = harmOf(
    (call) => `${call}:${constants.errno.EIO}`,
    ({ status, json }) => {
      if (status === 0) teardown(input, box)
      else assert.type(json?.error, 'string')
    },
  )
  assert.equal(harm, [])
})

test('after a setup that was killed at any call, teardown leaves nothing', () => {
  const harm = harmOf(
    (call) => `${call}:kill`,
    () => teardown(input, box),
  )
  assert.equal(harm, [])
})

test('a port that portmap refuses is refused before there is an interface: forwarding stays off, too', () => {
  setSysctl('net/ipv4/ip_forward', 0)
  const before = snapshot()
  const refused = { ...input, port_mappings: [{ ...port, protocol: 'quic' }] }
  assert.match(setupError(refused, box), 'portMappings[0].protocol is "quic"')
  assert.equal(lasting(before), [])
  setSysctl('net/ipv4/ip_forward', 1)
})

/** A pipe whose reader has gone. */
function brokenPipe(): number {
  const path = `${scratch}/pipe`
  rmSync(path, { force: true })
  command('mkfifo', path)
  const both = openSync(path, 'r+')
  const writer = openSync(path, 'w')
  closeSync(both)
  return writer
}

for (const engine of engines)
  test(`${engine}: a setup whose answer has no reader leaves nothing, and says why on standard error`, () => {
    const before = snapshot()
    const stdout = brokenPipe()
    const { status, stderr } = drive(net.driver, ['setup', box.path], input, { engine, stdout })
    closeSync(stdout)
    assert.is(status, 1)
    assert.match(stderr, /write stdout.*EPIPE/)
    assert.not.match(stderr, /\bat .*:\d+/)
    assert.equal(lasting(before), [])
  })

test.run()
