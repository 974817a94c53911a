/** `patchbay gc` reads files that others have written: no content of them stops it, changes a terminal, or leads it elsewhere. */
// needs: nft ip

import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, attach } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { entry, hostileFiles } from '../harness/hostile.ts'
import { reservedIn } from '../harness/look.ts'
import { bridgeNetwork, ptpNetwork, single } from '../harness/networks.ts'
import { newDirectory } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { runAlone, start } from '../harness/program.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'
import { vanish } from '../harness/vanish.ts'

await privateHost()
const [lists, podmanLists] = ['/etc/cni/net.d', '/etc/containers/networks']
ownEtc(lists, podmanLists)
const cache = '/var/lib/cni/results'
// Without our directory a process in a PID namespace of its own, as this one, cannot tell what is gone.
for (const directory of [cache, '/run/patchbay']) mkdirSync(directory, { recursive: true })

const reserved = ({ name }: { name: string }) => reservedIn(`/var/lib/cni/networks/${name}`).length

/** Less memory than what has no end would fill. */
function gc(directory = executables(), ...words: string[]) {
  const limited = ['-c', 'ulimit -v 1000000; exec "$@"', 'sh', `${directory}/patchbay`, 'gc', ...words]
  const { status, stdout, stderr } = runAlone('sh', limited, { timeout: 60_000 })
  return { status, said: stdout + stderr }
}

/** A container that has ended, with an entry in the cache. */
async function ended() {
  const net = ptpNetwork()
  await vanish(await attach(net))
  return net
}

for (const [where, make] of Object.entries(hostileFiles))
  test(`hostile files in ${where}: what has ended is collected, and the terminal gets no control character`, async () => {
    const net = await ended()
    make()
    const { said } = gc()
    assert.is(reserved(net), 0, said)
    assert.not.match(said.replaceAll('\n', ''), /\p{Cc}/u)
    assert.not.match(said, /^attachments: 0 failed/m)
    for (const directory of [cache, lists, podmanLists, '/var/lib/cni/networks', '/var/lib/cni/other'])
      rmSync(directory, { recursive: true, force: true })
    for (const directory of [cache, lists, podmanLists]) mkdirSync(directory)
  })

test('a path that a cache names is not opened when it is no namespace: a FIFO’s writer goes on waiting', async () => {
  const fifo = `${newDirectory()}/fifo`
  command('mkfifo', fifo)
  const writer = start('sh', ['-c', `echo text > ${fifo}`])
  entry('fifo', { netns: fifo })
  const waits = () => command('cat', `/proc/${writer.pid}/wchan`).includes('wait_for_partner')
  await until('the writer waits', waits)
  assert.match(gc(undefined, '--dry-run').said, 'n/fifo/eth0: stays')
  assert.ok(waits())
  writer.kill('SIGKILL')
  rmSync(`${cache}/fifo`)
})

/** A directory with our executable and scripts in the place of some plugins. */
function directoryWith(scripts: Record<string, string>): string {
  const directory = newDirectory()
  command('cp', '-a', `${executables()}/.`, directory)
  for (const [name, script] of Object.entries(scripts)) {
    rmSync(`${directory}/${name}`, { force: true })
    writeFileSync(`${directory}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  return directory
}

test('a plugin of another project is called as libcni would, also by the name of one of ours; its errors and its log are plain text', () => {
  const log = `${scratch}/called`
  const directory = directoryWith({
    bridge: `echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME $CNI_ARGS [$CNI_NETNS]" >> ${log}; cat >> ${log}`,
    noisy: `printf '\\033[2Jevil\\n' >&2; head -c 300000 /dev/zero | tr '\\0' x >&2; printf '{"code":7,"msg":"bad \\\\u001b[31m"}'; exit 1`,
  })
  const netns = '/run/netns/none'
  const result = { cniVersion: '1.0.0', interfaces: [] }
  entry('foreign', { netns, result, cniArgs: [['K8S_POD_NAME', 'web']] }, [
    { type: 'bridge', mtu: 1400 },
    { type: 'noisy' },
  ])
  const { said, status } = gc(directory)
  const [first, input = ''] = command('cat', log).split('\n')
  assert.is(first, 'DEL foreign eth0 K8S_POD_NAME=web []')
  assert.equal(JSON.parse(input), {
    type: 'bridge',
    mtu: 1400,
    name: 'n',
    cniVersion: '1.0.0',
    prevResult: result,
  })
  assert.match(said, 'n/foreign/eth0: bad')
  assert.is(status, 1)
  assert.ok(said.length < 5000)
  assert.not.match(said.replaceAll('\n', ''), /\p{Cc}/u)
  assert.ok(existsSync(`${cache}/foreign`), 'the entry stays for the plugin that failed')
  rmSync(`${cache}/foreign`)
})

test('--dry-run tells of a plugin that is missing; a list without a plugin of ours is left to others, which are named', () => {
  entry('missing', { netns: '/run/netns/none' }, [{ type: 'bridge' }, { type: 'sriov' }])
  const dry = gc(undefined, '--dry-run').said
  assert.match(dry, 'n/missing/eth0: failed to find plugin "sriov"')
  assert.match(dry, 'attachments: 1 failed')
  entry('missing', { netns: '/run/netns/none' }, [{ type: 'calico' }, { type: 'sriov' }])
  const { said, status } = gc()
  assert.match(said, 'n/missing/eth0: has ended, is left to the plugins of other projects: calico, sriov')
  assert.is(status, 0)
  rmSync(`${cache}/missing`)
})

test('when the network has another plugin by now, and DEL leaves records, it fails and names them', async () => {
  const net = bridgeNetwork({ ipMasq: true })
  const container = newContainer()
  await added({ config: single(net), containerID: 'changed', netns: container.path })
  await vanish(container)
  writeFileSync(`${lists}/1.conflist`, JSON.stringify({ ...net, plugins: [{ type: 'tuning' }] }))
  const { said, status } = gc()
  assert.match(said, `${net.name}/changed/eth0: DEL of all its plugins succeeded, and yet files name it: `)
  assert.match(said, '/run/patchbay/firewall/ipMasq')
  assert.is(status, 1)
  writeFileSync(`${lists}/1.conflist`, JSON.stringify(net))
  const again = gc()
  assert.is(again.status, 0, again.said)
  rmSync(`${lists}/1.conflist`)
})

test('a directory of state that is read-only: the status is 1, and the next run collects', async () => {
  const net = await ended()
  const before = [...snapshot(), ...readdirSync(cache)]
  const script =
    'for d in /var/lib/cni /run/patchbay; do mount --bind $d $d; mount -o remount,ro,bind $d; done; exec "$@"'
  const words = [
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    script,
    'sh',
    `${executables()}/patchbay`,
    'gc',
  ]
  const { status, stderr } = runAlone('unshare', words)
  assert.is(status, 1)
  assert.match(stderr, 'EROFS')
  unchanged(before, () => [...snapshot(), ...readdirSync(cache)])
  assert.match(gc().said, '1 deleted')
  assert.is(reserved(net), 0)
})

test.run()
