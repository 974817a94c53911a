/** portmap where the kernel lacks nf_tables, or the host iptables: what is used, and why neither works. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import { done, errorOf } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { type Call, call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
const container = newContainer()

/** The kernel's answer where it has no nf_tables. @param first the number of the socket: those of routes come before */
const withoutNftables = (first = 2) => [
  ...['strace', '-o', '/dev/null', '-e', 'trace=socket'],
  ...['-e', `inject=socket:error=EPROTONOSUPPORT:when=${first}+`],
]
/** No program of iptables is where they are looked for. */
const withoutPrograms = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs tmpfs /usr/sbin && exec "$@"', 'sh']

const config = { type: 'portmap', name: 'net', cniVersion: '1.1.0' }
const status = (backend: string | undefined, ...under: string[]) =>
  call({ verb: 'STATUS', config: { ...config, backend }, under })

test('STATUS succeeds where either back end works', async () => {
  assert.equal(await status(undefined), done)
  assert.equal(await status(undefined, ...withoutNftables()), done)
  assert.equal(await status(undefined, ...withoutPrograms), done)
  for (const backend of ['nftables', 'iptables']) assert.equal(await status(backend), done)
})

for (const [backend, under, words] of [
  [
    undefined,
    [...withoutPrograms, ...withoutNftables()],
    /nftables: .*EPROTONOSUPPORT.*; iptables: iptables-restore is not installed/,
  ],
  ['nftables', withoutNftables(), /portmap cannot work: .*by nftables: .*EPROTONOSUPPORT/],
  [
    'iptables',
    withoutPrograms,
    /portmap cannot work: iptables-restore is not installed in .*: install the package iptables/,
  ],
] as const)
  test(`STATUS fails where ${backend ? `${backend} cannot` : 'neither back end can'} work, and says why`, async () => {
    const { code, said } = errorOf(await status(backend, ...under))
    assert.is(code, 50)
    assert.match(said, words)
  })

const add: Call = {
  ...{ verb: 'ADD', containerID: container.name, netns: container.path },
  config: {
    ...config,
    runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] },
    prevResult: { cniVersion: '1.1.0', ips: [{ address: '10.77.0.2/24' }] },
  },
}

test('ADD uses iptables on a kernel without nf_tables; without iptables, too, the error has the reason of each', async () => {
  const { status, json } = await call({ ...add, under: withoutNftables(3) })
  assert.is(status, 0, JSON.stringify(json))
  assert.match(command('iptables-save', '-t', 'nat'), /-A CNI-DN-\S+ .*--dport 8080 -j DNAT/)
  assert.equal(await call({ ...add, verb: 'DEL' }), done)
  assert.not.match(command('iptables-save', '-t', 'nat'), 'CNI-')
  const { said } = errorOf(await call({ ...add, under: [...withoutPrograms, ...withoutNftables(3)] }))
  assert.match(said, /neither back end can map host ports. nftables: .*EPROTONOSUPPORT.* iptables: /)
})

test.run()
