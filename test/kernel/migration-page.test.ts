/** docs/migration.md: its commands, in order, beside a running container of the reference. */
// needs: nft ip, iptables
// packages: containernetworking-plugins, jq

import { mkdirSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { newContainer, privateHost, removeContainer, scratch } from '../harness/host.ts'
import { blocksOf, runBlock } from '../harness/page.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const [bin, networks] = [`${scratch}/bin`, `${scratch}/net.d`]
const names = { '/opt/cni/bin': bin, '/etc/cni/net.d': networks }

const net: cnitool.Network = {
  cniVersion: '1.0.0',
  name: 'mynet',
  plugins: [
    {
      type: 'bridge',
      bridge: 'br0',
      isDefaultGateway: true,
      ipMasq: true,
      ipam: { type: 'host-local', subnet: '10.88.0.0/16' },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
    { type: 'firewall', backend: 'iptables' },
    { type: 'tuning', mtu: 1400 },
  ],
}
const asked = {
  path: bin,
  capabilities: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] },
}

test('the commands of docs/migration.md work beside a running container of the reference, and say what the page says', async () => {
  mkdirSync(networks)
  writeFileSync(`${networks}/10-mynet.conflist`, JSON.stringify(net))
  command('cp', '-a', '/usr/lib/cni', bin)
  command('cp', '-a', executables(), `${scratch}/release`)
  command('ln', '-sfn', '.', `${scratch}/release/bin`)
  const [old, young] = [newContainer(), newContainer()]
  await cnitool.add(net, old, asked)
  const run = (block = '') => runBlock(block, names, `${scratch}/release`)

  const [see, accepted, installed, look, same] = blocksOf('migration.md', 'Change over')
  const before = await run(see)
  const answers = await run(accepted)
  assert.equal(
    answers.match(/plugin \d: status \d/g),
    [0, 1, 2, 3].map((at) => `plugin ${at}: status 0`),
    answers,
  )
  const had = command('ls', bin)
  assert.match(await run(installed), 'v1.9.1+patchbay.')
  await cnitool.add(net, young, { path: bin })
  assert.match(await run(look), `patchbay:mynet/`)
  // A line of its own: nft's warnings on standard error may come after it.
  const rulesIn = (text: string) => text.match(/^\d+$/gm)?.at(-1)
  assert.ok(
    Number(rulesIn(await run(same))) >= Number(rulesIn(before)),
    'the rules of the reference are there',
  )
  await cnitool.check(net, old, asked)
  for (const container of [old, young])
    await cnitool.del(net, container, container === old ? asked : { path: bin })
  for (const container of [old, young]) removeContainer(container)
  const [addresses] = blocksOf('migration.md', 'A reboot')
  assert.not.match(await run(addresses), /10\.88\.0\.\d+$/m)
  const [uninstalled, left] = blocksOf('migration.md', 'Go back')
  await run(uninstalled)
  assert.is(command('ls', bin), had)
  assert.not.match(command('sh', '-c', `${bin}/bridge </dev/null 2>&1`), 'patchbay')
  assert.match(await run(left), '/run/patchbay')
})

test.run()
