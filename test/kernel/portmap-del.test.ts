/** portmap: DEL in every situation that runtimes make, by each back end. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { type Call, call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const portMappings = [
  { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
  { hostPort: 5353, containerPort: 53, protocol: 'udp' },
]
const section = { type: 'portmap', name: 'net', cniVersion: '1.1.0' }

/** A request for a new container. */
function prepared(backend: string) {
  const container = newContainer()
  const prevResult = {
    cniVersion: '1.1.0',
    interfaces: [{ name: 'eth0', sandbox: container.path }],
    ips: ['10.77.0.2/24', 'fd77::2/64'].map((address) => ({ address, interface: 0 })),
  }
  const config = { ...section, backend, prevResult, runtimeConfig: { portMappings } }
  return { container, request: { config, netns: container.path, containerID: container.name } }
}

type Situation = (attachment: ReturnType<typeof prepared>) => Omit<Call, 'verb'>

const situations: Record<string, Situation> = {
  'with everything': ({ request }) => request,
  'without prevResult': ({ request }) => ({
    ...request,
    config: { ...request.config, prevResult: undefined },
  }),
  'as containerd’s second: without CNI_NETNS, prevResult and mappings': ({ request }) => ({
    ...request,
    netns: '',
    config: section,
  }),
  'with the namespace gone': ({ request, container }) => {
    removeContainer(container)
    return request
  },
  'with an invalid configuration': ({ request }) => ({
    ...request,
    config: {
      ...section,
      backend: 7,
      markMasqBit: 'x',
      prevResult: 'none',
      runtimeConfig: { portMappings: 5 },
    },
  }),
  'with the other back end in the configuration': ({ request }) => {
    const backend = request.config.backend === 'nftables' ? 'iptables' : 'nftables'
    return { ...request, config: { ...request.config, backend } }
  },
  'with other mappings': ({ request }) => ({
    ...request,
    config: { ...request.config, runtimeConfig: { portMappings: portMappings.slice(1) } },
  }),
  'after the network got another name': ({ request }) => ({
    ...request,
    config: { ...request.config, name: 'renamed' },
  }),
  'after the ruleset was flushed': ({ request }) => {
    command('nft', 'flush ruleset')
    return request
  },
}

for (const backend of ['nftables', 'iptables'])
  for (const [how, changed] of Object.entries(situations))
    test(`${backend}: DEL ${how} leaves nothing, twice`, async () => {
      const attachment = prepared(backend)
      await added(attachment.request)
      assert.match(command('nft', 'list ruleset'), '8080')
      const request = changed(attachment)
      for (let twice = 0; twice < 2; twice++) {
        const { status, json } = await call({ ...request, verb: 'DEL' })
        assert.is(status, 0, JSON.stringify(json))
      }
      assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI-/)
      const records = snapshot(['/run/patchbay']).filter((line) =>
        /^(file|link) .*firewall.*portmap/.test(line),
      )
      assert.equal(records, [])
    })

test('DEL before any ADD, and of a container without mappings, changes nothing', async () => {
  const before = snapshot()
  const { request } = prepared('nftables')
  const config = { ...request.config, runtimeConfig: {} }
  for (const each of [request, { ...request, config }])
    assert.equal(await call({ ...each, verb: 'DEL' }), done)
  unchanged(before)
})

test.run()
