/** firewall by firewalld: its zone gets the addresses, over a real dbus-daemon. A stand-in answers, and the real one where it is installed. */
// needs: nft ip
// packages: dbus-daemon, dbus-bin, python3-dbus, python3-gi, containernetworking-plugins

import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import * as assert from 'uvu/assert'
import { added, done, errorOf } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { asks, firewallds, hasSource, reload, startBus, startFirewalld } from '../harness/firewalld.ts'
import { newContainer, privateHost, removeContainer, scratch } from '../harness/host.ts'
import { type Call, call, type Engine, executables } from '../harness/plugin.ts'
import { reference } from '../harness/reference.ts'
import { versions } from '../harness/round-trip.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const sources = ['10.70.0.2/32', 'fd70::2/128']
const prevResult = { cniVersion: '1.0.0', ips: [{ address: '10.70.0.2/24' }, { address: 'fd70::2/64' }] }
const section = { type: 'firewall', name: 'net', cniVersion: '1.0.0', backend: 'firewalld' }

/** A request for a new container. */
function prepared(keys: Record<string, unknown> = {}, engine?: Engine) {
  const container = newContainer()
  const config = { ...section, prevResult, ...keys }
  return { container, request: { config, netns: container.path, containerID: container.name, engine } }
}

const verb = (verb: Call['verb'], request: Omit<Call, 'verb'>) => call({ verb, ...request })
const inZone = (zone = 'trusted') => sources.map((source) => hasSource(zone, source))
const ours = () => snapshot(['/run/patchbay']).filter((line) => line.includes('/run/patchbay/firewall'))

for (const which of firewallds) {
  const scenario = (sentence: string, play: () => Promise<void>) =>
    test(`${which}: ${sentence}`, async () => {
      const bus = await startBus()
      const firewalld = await startFirewalld(which)
      try {
        await play()
      } finally {
        await firewalld.stop()
        await bus.stop()
        rmSync('/run/dbus', { recursive: true })
        command('nft', 'flush ruleset')
      }
    })

  for (const engine of ['quickjs', 'node'] as const)
    scenario(
      `${engine}: the addresses are sources of the zone from ADD to DEL, and CHECK believes what firewalld says`,
      async () => {
        const { request } = prepared({}, engine)
        await added(request)
        assert.equal(inZone(), [true, true])
        assert.equal(await verb('CHECK', request), done)
        asks('removeSource', 'trusted', 'fd70::2/128')
        const { json } = await verb('CHECK', request)
        assert.match(String(json?.msg), 'firewalld has no source fd70::2/128 in zone trusted')
        const without = { ...request, config: { ...request.config, prevResult: undefined } }
        for (let twice = 0; twice < 2; twice++) assert.equal(await verb('DEL', without), done)
        assert.equal(inZone(), [false, false])
        assert.equal(ours(), [])
      },
    )

  scenario(
    'after a reload of firewalld CHECK fails, patchbay reapply restores the sources, and DEL removes them',
    async () => {
      const { request } = prepared()
      await added(request)
      reload()
      assert.equal(inZone(), [false, false])
      assert.is((await verb('CHECK', request)).status, 1)
      command(`${executables()}/patchbay`, 'reapply')
      assert.equal(inZone(), [true, true])
      assert.equal(await verb('CHECK', request), done)
      assert.equal(await verb('DEL', request), done)
      assert.equal(inZone(), [false, false])
    },
  )

  scenario('every version is taken; the reference refuses 0.3.1', async () => {
    for (const cniVersion of versions) {
      const [v4, v6] = [{ ip: '10.70.0.2/24' }, { ip: 'fd70::2/64' }]
      const old = cniVersion < '0.3.0' ? { cniVersion, ip4: v4, ip6: v6 } : undefined
      const newer = {
        cniVersion,
        ips: prevResult.ips.map((ip) => ({ ...ip, version: ip.address.includes(':') ? '6' : '4' })),
      }
      const { request } = prepared({ cniVersion, prevResult: old ?? newer })
      assert.is((await verb('ADD', request)).status, 0, cniVersion)
      assert.equal(inZone(), [true, true], cniVersion)
      assert.is((await verb('DEL', request)).status, 0)
      assert.equal(inZone(), [false, false])
    }
  })

  scenario(
    'another zone; one that does not exist is refused with what firewalld says, and nothing is left',
    async () => {
      const { request } = prepared({ firewalldZone: 'public' })
      await added(request)
      assert.equal(inZone('public'), [true, true])
      assert.equal(await verb('DEL', request), done)
      const other = prepared({ firewalldZone: 'nowhere' })
      const { said } = errorOf(await verb('ADD', other.request))
      assert.match(said, /firewalld refuses 10.70.0.2 as a source of zone nowhere: .*INVALID_ZONE/)
      assert.equal(ours(), [])
    },
  )

  scenario(
    'an address that is a source already is no failure; a late DEL leaves it to the container that has it',
    async () => {
      const [first, second] = [prepared(), prepared()]
      await added(first.request)
      await added(second.request)
      assert.equal(await verb('DEL', first.request), done)
      assert.equal(await verb('DEL', first.request), done)
      assert.equal(inZone(), [true, true])
      assert.equal(await verb('CHECK', second.request), done)
      assert.equal(await verb('DEL', second.request), done)
      assert.equal(inZone(), [false, false])
    },
  )

  scenario(
    'what the reference has attached, ours checks and deletes; what ours has, the reference deletes',
    async () => {
      const { request } = prepared()
      assert.is((await reference({ verb: 'ADD', ...request })).status, 0)
      assert.equal(inZone(), [true, true])
      const { backend: _, ...rest } = request.config
      // The reference asks firewalld without being told to, when it runs.
      assert.equal(await verb('CHECK', { ...request, config: rest }), done)
      assert.equal(await verb('DEL', { ...request, config: rest }), done)
      assert.equal(inZone(), [false, false])
      await added(request)
      assert.is((await reference({ verb: 'CHECK', ...request })).status, 0)
      assert.is((await reference({ verb: 'DEL', ...request })).status, 0)
      assert.equal(inZone(), [false, false])
      assert.equal(await verb('DEL', request), done)
    },
  )

  scenario('DEL with the namespace gone; GC of what is not valid any more', async () => {
    const { container, request } = prepared()
    await added(request)
    removeContainer(container)
    assert.equal(await verb('DEL', request), done)
    assert.equal(inZone(), [false, false])
    const lost = prepared()
    await added(lost.request)
    const gc = { ...section, cniVersion: '1.1.0', 'cni.dev/valid-attachments': [] }
    assert.equal(await verb('GC', { config: gc }), done)
    assert.equal(inZone(), [false, false])
    assert.equal(ours(), [])
  })

  scenario('STATUS succeeds', async () => {
    assert.equal(await verb('STATUS', { config: { ...section, cniVersion: '1.1.0' } }), done)
  })

  test(`${which}: DEL after firewalld has ended, or the bus has, succeeds; ADD and STATUS say that it does not run`, async () => {
    const bus = await startBus()
    const firewalld = await startFirewalld(which)
    const [one, other] = [prepared(), prepared()]
    await added(one.request)
    await added(other.request)
    await firewalld.stop()
    assert.equal(await verb('DEL', one.request), done)
    const { code, said } = errorOf(await verb('ADD', prepared().request))
    assert.is(code, 50)
    assert.match(said, 'firewalld does not run: start it, or leave backend out')
    await bus.stop()
    assert.equal(await verb('DEL', other.request), done)
    assert.is((await verb('STATUS', { config: { ...section, cniVersion: '1.1.0' } })).json?.code, 50)
    assert.equal(ours(), [])
    rmSync('/run/dbus', { recursive: true })
    command('nft', 'flush ruleset')
  })
}

test('DBUS_SYSTEM_BUS_ADDRESS says where the bus is, with escapes and several addresses', async () => {
  const bus = await startBus('unix:path=/run/other%20bus')
  const address = 'unix:path=/run/nothing;unix:path=/run/other%20bus,guid=00'
  const request = { ...prepared().request, env: { DBUS_SYSTEM_BUS_ADDRESS: address } }
  const { said } = errorOf(await verb('ADD', request))
  assert.match(said, 'firewalld does not run')
  process.env.DBUS_SYSTEM_BUS_ADDRESS = 'unix:path=/run/other%20bus'
  const firewalld = await startFirewalld('stand-in')
  await added(request)
  assert.equal(inZone(), [true, true])
  assert.equal(await verb('DEL', request), done)
  assert.equal(inZone(), [false, false])
  await firewalld.stop()
  await bus.stop()
})

/** A server in the place of the bus, which sends a text to each client and ends the connection. */
async function impostor(text: string): Promise<{ path: string; stop(): void }> {
  const path = `${scratch}/impostor`
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(text))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return { path, stop: () => void server.close() }
}

for (const [what, text, says] of [
  ['ends the connection', '', 'ECONNRESET'],
  ['rejects us', 'REJECTED EXTERNAL\r\n', 'the system bus refuses EXTERNAL authentication'],
  ['sends what is no message', `OK 0000\r\n`, 'ECONNRESET'],
] as const)
  test(`a bus that ${what} is told by ADD, and nothing is left`, async () => {
    const { path, stop } = await impostor(text)
    const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${path}` }
    const { code, said } = errorOf(await verb('ADD', { ...prepared().request, env }))
    stop()
    assert.ok(code === 50 || code === 999, said)
    assert.match(said, says)
    assert.equal(ours(), [])
  })

test.run()
