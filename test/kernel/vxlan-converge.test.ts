/** vxlan: an edited configuration changes an existing VTEP at the next ADD or `patchbay reconcile`, without restarts. */
// needs: link vxlan

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { exists, link } from '../harness/look.ts'
import { attach, attachment, callOn, type Host, newHost, remotesOf } from '../harness/overlay.ts'
import { executables } from '../harness/plugin.ts'
import { snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

const [one, two, three] = [newHost(), newHost(), newHost()]
let vni = 100

function overlay(keys: Record<string, unknown>) {
  return { type: 'vxlan', name: 'blue', vni, ...keys }
}

const remotes = (host: Host) => remotesOf(host, `vx${vni}`)

/** `patchbay reconcile` on a host. */
function reconcile(host: Host, ...words: string[]) {
  const args = ['netns', 'exec', host.name, `${executables()}/patchbay`, 'reconcile', ...words]
  const { status, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  return { status, out: stdout.trim().split('\n').filter(Boolean), err: stderr.trim() }
}

const directory = `${scratch}/net.d`

/** The directory of configurations with only these files. */
function configured(files: Record<string, unknown>): string {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  for (const [name, content] of Object.entries(files))
    writeFileSync(`${directory}/${name}`, typeof content === 'string' ? content : JSON.stringify(content))
  return directory
}

function conflist(...plugins: unknown[]) {
  return { cniVersion: '1.0.0', name: 'blue', plugins }
}

test.before.each(() => {
  vni++
})

test('a host that was added to the list is reached after the next ADD on each host, and a removed one is not', async () => {
  const pair = overlay({ remotes: [one.ipv4, two.ipv4] })
  const here = await attach(one, pair, '10.0.0.1/24')
  await attach(two, pair, '10.0.0.2/24')
  const all = overlay({ remotes: [one.ipv4, two.ipv4, three.ipv4] })
  await attach(three, all, '10.0.0.3/24')
  await attach(one, all, '10.0.0.4/24')
  assert.equal(remotes(one), [two.ipv4, three.ipv4])
  for (const to of ['10.0.0.2', '10.0.0.3']) assert.ok(pings(here.container, to), to)
  const without = overlay({ remotes: [one.ipv4, three.ipv4] })
  await attach(one, without, '10.0.0.5/24')
  assert.equal(remotes(one), [three.ipv4])
})

test('CHECK reports a remote that was added to the list but not yet to the VTEP', async () => {
  const { container, result } = await attach(one, overlay({ remotes: [two.ipv4] }), '10.0.0.1/24')
  const edited = attachment('CHECK', overlay({ remotes: [two.ipv4, three.ipv4] }), container)
  const config = { ...(edited.config as object), prevResult: result }
  const { json } = await callOn(one, { ...edited, config: config as never })
  assert.match(String(json?.msg), `VTEP vx${vni} lacks its remote ${three.ipv4}`)
})

test('the next ADD changes the options that the kernel can change, and refuses the others by name', async () => {
  const list = { remotes: [two.ipv4] }
  await attach(one, overlay({ ...list, ttl: 3 }), '10.0.0.1/24')
  await attach(one, overlay({ ...list, ttl: 9, learning: false, ageing: 77, gro: false }), '10.0.0.2/24')
  const { ttl, learning, ageing } = link(`vx${vni}`, one).linkinfo?.info_data ?? {}
  assert.equal([ttl, learning ?? false, ageing], [9, false, 77])
  const before = snapshotOf(one.name)
  const fixed = {
    'dstport 4789, not 4790': { dstport: 4790 },
    'dev unset, not eth0': { dev: 'eth0' },
    [`local unset, not ${one.ipv4}`]: { local: one.ipv4 },
    'sourcePorts unset, not 100-200': { sourcePortRange: { min: 100, max: 200 } },
    'udpCsum true, not false': { udpCsum: false },
    'ttl 9, not inherit': { ttl: 'inherit' },
    'proxy false, not true; l3miss false, not true': { proxy: true, l3miss: true },
  }
  const base = { ...list, ttl: 9, learning: false, ageing: 77 }
  for (const [said, keys] of Object.entries(fixed)) {
    const refused = await attach(one, overlay({ ...base, ...keys })).catch(String)
    assert.match(String(refused), `VTEP vx${vni} exists already with ${said}`)
    assert.match(String(refused), '"code":7')
  }
  const group = await attach(
    one,
    overlay({ ...base, remotes: undefined, group: '239.1.1.1', dev: 'eth0' }),
  ).catch(String)
  assert.match(String(group), 'group unset, not 239.1.1.1; dev unset, not eth0')
  unchanged(before, () => snapshotOf(one.name))
})

test('remotes of the other IP version than the one that a VTEP was made for are refused', async () => {
  await attach(one, overlay({ remotes: [two.ipv4] }), '10.0.0.1/24')
  const before = snapshotOf(one.name)
  const refused = await attach(one, overlay({ remotes: [two.ipv6], ttl: 9 })).catch(String)
  assert.match(
    String(refused),
    `VTEP vx${vni} exists already for the other IP version than remote ${two.ipv6} has`,
  )
  assert.match(String(refused), 'EAFNOSUPPORT')
  unchanged(before, () => snapshotOf(one.name))
  assert.equal(remotes(one), [two.ipv4])
})

test('networks of two names share a VNI; another bridge for it is refused, and so is a bridge of another VNI', async () => {
  const list = { remotes: [two.ipv4] }
  const blue = await attach(one, overlay(list), '10.0.0.1/24')
  await attach(one, { ...overlay(list), name: 'green' }, '10.0.0.2/24')
  assert.ok(pings(blue.container, '10.0.0.2'))
  const before = snapshotOf(one.name)
  const other = await attach(one, overlay({ ...list, bridge: 'other0' })).catch(String)
  assert.match(String(other), `VTEP vx${vni} is a port of vxbr${vni}, not of other0`)
  const joined = await attach(one, overlay({ ...list, vni: vni + 1000, bridge: `vxbr${vni}` })).catch(String)
  assert.match(String(joined), `vxbr${vni} has VTEP vx${vni} as a port`)
  unchanged(before, () => snapshotOf(one.name))
})

test('a VTEP keeps its MTU while containers use it, and a larger mtu is refused', async () => {
  const narrow = await attach(one, overlay({ remotes: [two.ipv4], mtu: 1300 }), '10.0.0.1/24')
  const { container, result } = await attach(one, overlay({ remotes: [two.ipv4] }), '10.0.0.2/24')
  assert.equal([link('eth0', container).mtu, result.interfaces.at(-1)?.mtu], [1300, 1300])
  assert.ok(pings(narrow.container, '10.0.0.2'))
  const refused = await attach(one, overlay({ remotes: [two.ipv4], mtu: 1400 })).catch(String)
  assert.match(String(refused), `mtu: 1400 is more than the 1300 of VTEP vx${vni}`)
})

test('reconcile applies an edited list without an ADD, prints its changes, and changes nothing the second time', async () => {
  const pair = overlay({ remotes: [one.ipv4, two.ipv4] })
  const all = overlay({ remotes: [one.ipv4, three.ipv4], ttl: 7, gso: false })
  const here = await attach(one, pair, '10.0.0.1/24')
  await attach(three, all, '10.0.0.3/24')
  const path = configured({ '10-blue.conflist': conflist(all) })
  const file = `${path}/10-blue.conflist`
  const vtep = `${file}: vx${vni}`
  const before = snapshotOf(one.name)
  const dry = reconcile(one, '--dry-run', path)
  unchanged(before, () => snapshotOf(one.name))
  const { status, out, err } = reconcile(one, path)
  assert.equal([status, err], [0, ''])
  assert.equal(out.slice(0, 2), [`${vtep}: add remote ${three.ipv4}`, `${vtep}: delete remote ${two.ipv4}`])
  assert.equal(
    dry.out,
    out.map((line) => line.replace(`${vtep}: `, `${vtep}: would `)),
  )
  assert.match(out.join('\n'), `${vtep}: set ttl to 7`)
  assert.match(out.join('\n'), `${vtep}: switch tx-tcp-segmentation off`)
  assert.ok(pings(here.container, '10.0.0.3'))
  assert.equal(reconcile(one, file), { status: 0, out: [`${vtep}: is as configured`], err: '' })
})

test('reconcile sets up a VTEP that is down, and makes no missing one', async () => {
  const config = overlay({ remotes: [two.ipv4] })
  const path = configured({ 'a.conflist': conflist(config, { type: 'portmap' }), 'b.txt': 'not one' })
  const before = snapshotOf(two.name)
  assert.equal(reconcile(two, path), { status: 0, out: ['no network of vxlan has a VTEP here'], err: '' })
  unchanged(before, () => snapshotOf(two.name))
  await attach(one, config, '10.0.0.1/24')
  ip(`-n ${one.name} link set vx${vni} down`)
  assert.equal(reconcile(one, path).out, [`${path}/a.conflist: vx${vni}: bring it up`])
})

test('reconcile continues after a bad file, and reports the fault of each', async () => {
  const config = overlay({ remotes: [two.ipv4] })
  await attach(one, config, '10.0.0.1/24')
  const path = configured({
    '1-broken.conflist': '{',
    '2-wrong.conf': { ...overlay({ vni: -1 }), cniVersion: '1.0.0' },
    '3-fixed.json': conflist({ ...config, dstport: 9999 }),
    '4-good.conflist': conflist({ ...config, remotes: [three.ipv4] }),
    '5-contradicts.conflist': conflist(config),
  })
  const { status, out, err } = reconcile(one, path)
  assert.is(status, 1)
  const [broken = '', wrong = '', fixed = '', contradicts = ''] = err
    .split('\n')
    .filter((line) => line.startsWith('/'))
  assert.match(broken, /1-broken.*line 1/)
  assert.match(wrong, '2-wrong.conf: vni is -1, must be a whole number from 0 to 16777215')
  assert.match(fixed, 'dstport 4789, not 9999')
  assert.match(
    contradicts,
    `5-contradicts.conflist: vx${vni} is configured otherwise in ${path}/4-good.conflist`,
  )
  assert.match(out.join('\n'), `4-good.conflist: vx${vni}: add remote ${three.ipv4}`)
})

test('reconcile of a missing directory says so, and more than one path is refused', () => {
  const { status, err } = reconcile(one, '/run/nosuch')
  assert.equal([status, /\/run\/nosuch: .*ENOENT/.test(err)], [1, true], err)
  const args = ['reconcile', 'a', 'b']
  assert.is(spawnSync(`${executables()}/patchbay`, args, { encoding: 'utf8' }).status, 2)
  assert.not.ok(exists(`vx${vni}`, one))
})

test.run()
