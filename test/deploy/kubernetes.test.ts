/** The manifests for Kubernetes and the templates of the node's network, by kubectl without a cluster: Kubernetes' own types, and Go's templates. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import packageJson from '../../package.json' with { type: 'json' }
import { test } from '../harness/test.ts'
import { kubectl, type Resource, rendered, resourcesOf, unknownIn } from './harness/kubectl.ts'
import { kubernetesNetwork } from './harness/network.ts'

interface Container {
  name: string
  image: string
  command?: string[]
  args?: string[]
  securityContext: Record<string, unknown>
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; mountPropagation?: string }[]
}

interface Spec {
  selector: { matchLabels: Record<string, string> }
  template: {
    metadata: Resource['metadata']
    spec: { initContainers?: Container[]; containers: Container[]; volumes: { name: string }[] } & Record<
      string,
      unknown
    >
  }
}

const root = join(import.meta.dirname, '../..')
const files = ['plugins', 'network', 'agent', 'dhcp']
const manifest = (name: string) => resourcesOf(join(root, 'deploy/kubernetes', `${name}.yaml`))
const [plugins = [], network = [], agent = [], dhcp = []] = await Promise.all(files.map(manifest))
const all = [...plugins, ...network, ...agent, ...dhcp]

function one(resources: readonly Resource[], kind: string): Resource {
  const [found, ...others] = resources.filter((resource) => resource.kind === kind)
  if (!found || others.length > 0) throw new Error(`not one ${kind}`)
  return found
}
const specOf = (resources: readonly Resource[]) => one(resources, 'DaemonSet').spec as Spec
const containersOf = ({ template: { spec } }: Spec) => [...(spec.initContainers ?? []), ...spec.containers]

test('Kubernetes knows each key of the DaemonSets and of the binding, and notices a wrong one', async () => {
  for (const resource of all.filter(({ kind }) => /^(DaemonSet|ClusterRoleBinding)$/.test(kind)))
    assert.equal(await unknownIn(resource), [])
  const wrong = structuredClone(one(plugins, 'DaemonSet')) as Resource & { spec: Spec }
  Object.assign(wrong.spec.template.spec, { tolerates: true })
  assert.equal(await unknownIn(wrong), ['DaemonSet.spec.template.spec.tolerates'])
})

test('the objects belong together: labels, volumes, names', () => {
  for (const spec of [plugins, network, agent, dhcp].map(specOf)) {
    assert.equal(spec.template.metadata.labels, spec.selector.matchLabels)
    const mounted = new Set(
      containersOf(spec).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)),
    )
    assert.equal([...mounted].sort(), spec.template.spec.volumes.map(({ name }) => name).sort())
  }
  const { name, namespace } = one(network, 'ServiceAccount').metadata
  assert.is(specOf(network).template.spec.serviceAccountName, name)
  assert.equal(one(network, 'ClusterRoleBinding').subjects, [{ kind: 'ServiceAccount', name, namespace }])
  assert.is(
    (one(network, 'ClusterRoleBinding').roleRef as { name: string }).name,
    one(network, 'ClusterRole').metadata.name,
  )
})

test('the images have the version of this release', () => {
  const images = [plugins, network, agent, dhcp]
    .map(specOf)
    .flatMap(containersOf)
    .map(({ image }) => image)
  const own = images.filter((image) => /\/patchbay(-agent)?:/.test(image))
  assert.is(own.length, 7)
  for (const image of own) assert.is(image.split(':').at(-1), packageJson.version)
})

test('the script runs in an image that has a shell; Kubernetes’ own of kubectl has none', () => {
  const shells = containersOf(specOf(network)).filter(({ command }) => command?.[0] === 'sh')
  assert.equal(
    shells.map(({ image }) => image.replace(/:[\d.]+$/, '')),
    ['docker.io/alpine/kubectl'],
  )
})

test('no container has a privilege or a token that it does not need', () => {
  assert.equal(one(network, 'ClusterRole').rules, [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }])
  assert.is(all.filter(({ kind }) => kind === 'ClusterRole').length, 1)
  for (const spec of [specOf(plugins), specOf(network)]) {
    assert.is(spec.template.spec.automountServiceAccountToken, false)
    for (const { name, securityContext, volumeMounts = [] } of containersOf(spec)) {
      assert.equal(securityContext, {
        runAsUser: name === 'stay' ? 65534 : 0,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      })
      const hasToken = volumeMounts.some(({ mountPath }) => mountPath.includes('serviceaccount'))
      assert.is(hasToken, name === 'network')
    }
  }
})

test('the agent may change the host’s network and write where addresses and its identity are, and nothing else', () => {
  const { spec } = specOf(agent).template
  assert.equal(
    [spec.automountServiceAccountToken, spec.hostNetwork, spec.hostPID, spec.hostIPC],
    [false, true, undefined, undefined],
  )
  const containers = containersOf(specOf(agent))
  assert.equal(
    containers.map(({ securityContext }) => securityContext.capabilities),
    [{ drop: ['ALL'] }, { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] }],
  )
  for (const { securityContext } of containers)
    assert.equal(
      { ...securityContext, capabilities: undefined },
      {
        runAsUser: 0,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: undefined,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    )
  const [, { volumeMounts = [] } = {}] = containers
  const writable = volumeMounts.filter(({ readOnly }) => !readOnly).map(({ mountPath }) => mountPath)
  assert.equal(writable.sort(), ['/run/patchbay', '/var/lib/cni', '/var/lib/patchbay'])
  const [secret] = spec.volumes.filter((volume) => 'secret' in volume)
  assert.equal(secret, { name: 'store', secret: { secretName: 'patchbay-store', defaultMode: 0o400 } })
})

test('the renewer of leases may enter namespaces, and write its journal alone', () => {
  const { spec } = specOf(dhcp).template
  assert.equal([spec.automountServiceAccountToken, spec.hostNetwork, spec.hostPID], [false, true, true])
  const [container] = containersOf(specOf(dhcp))
  assert.ok(container)
  const { args, securityContext, volumeMounts = [] } = container
  assert.equal(
    [args, securityContext.privileged, securityContext.readOnlyRootFilesystem],
    [['dhcp'], undefined, true],
  )
  const add = ['SYS_ADMIN', 'SYS_PTRACE', 'NET_ADMIN', 'NET_RAW', 'NET_BIND_SERVICE']
  assert.equal(securityContext.capabilities, { drop: ['ALL'], add })
  assert.equal(
    volumeMounts.map(({ mountPath, mountPropagation }) => [mountPath, mountPropagation]),
    [
      ['/run/patchbay', undefined],
      ['/run/netns', 'HostToContainer'],
      ['/var/run/netns', 'HostToContainer'],
    ],
  )
})

test('the init container puts the executable and the settings on the node, closed to other users', async () => {
  const host = mkdtempSync(join(tmpdir(), 'deploy-'))
  try {
    for (const folder of ['host/opt/cni/bin', 'host/etc/patchbay', 'store', 'usr'])
      mkdirSync(join(host, folder), { recursive: true })
    for (const [file, text] of Object.entries({
      'usr/agent': 'new',
      'store/store.json': '{}',
      'store/client.key': 'k',
    }))
      writeFileSync(join(host, file), text)
    writeFileSync(join(host, 'host/opt/cni/bin/patchbay-agent'), 'old')
    const [{ command = [], args = [] } = {}] = containersOf(specOf(agent))
    const script = (args[0] ?? '')
      .replaceAll('/usr/local/sbin/patchbay-agent', `${host}/usr/agent`)
      .replaceAll(/(?<=[ "])\/(?=host|store)/g, `${host}/`)
    await execa(command[0] ?? '', [...command.slice(1), script])
    const modes = Object.fromEntries(
      [
        'opt/cni/bin/patchbay-agent',
        'etc/patchbay',
        'etc/patchbay/store.json',
        'etc/patchbay/client.key',
      ].map((path) => [path, (statSync(join(host, 'host', path)).mode & 0o777).toString(8)]),
    )
    assert.equal(modes, {
      'opt/cni/bin/patchbay-agent': '755',
      'etc/patchbay': '700',
      'etc/patchbay/store.json': '400',
      'etc/patchbay/client.key': '400',
    })
    assert.is(readFileSync(join(host, 'host/opt/cni/bin/patchbay-agent'), 'utf8'), 'new')
  } finally {
    rmSync(host, { recursive: true })
  }
})

test('containerd’s template gives the example’s network, with one subnet or two', async () => {
  const template = join(root, 'deploy/containerd/patchbay.conflist.template')
  for (const PodCIDRRanges of [['10.1.2.0/24'], ['10.1.2.0/24', 'fd00:1:2::/64']]) {
    const text = await rendered(template, { PodCIDR: PodCIDRRanges[0], PodCIDRRanges, Routes: ['0.0.0.0/0'] })
    assert.equal(JSON.parse(text), kubernetesNetwork(...PodCIDRRanges))
  }
})

/** Runs the script of the ConfigMap below a temporary directory, with the node's object in the place of the API server. */
async function writeNetwork(host: string, spec: object): Promise<{ failed: boolean }> {
  const data = one(network, 'ConfigMap').data as Record<string, string>
  for (const folder of ['host/etc/cni/net.d', 'patchbay', 'bin'])
    mkdirSync(join(host, folder), { recursive: true })
  for (const [name, text] of Object.entries(data))
    writeFileSync(join(host, 'patchbay', name), text.replaceAll(/(?<=[= ])\/(?=host|patchbay)/g, `${host}/`))
  writeFileSync(
    join(host, 'node.json'),
    JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec }),
  )
  const server = `test "$*" = "get node n1 $4 $5" && exec ${await kubectl()} label --local -f ${host}/node.json test=test "$4" "$5"`
  writeFileSync(join(host, 'bin/kubectl'), `#!/bin/sh\n${server}\n`)
  chmodSync(join(host, 'bin/kubectl'), 0o755)
  const env = { NODE_NAME: 'n1', PATH: `${host}/bin:${process.env.PATH}`, KUBECONFIG: '/nonexistent' }
  return execa('sh', [join(host, 'patchbay/write-network')], { env, reject: false })
}

test('the init container writes the network of the node’s subnets; without subnets it fails and leaves the old one', async () => {
  const host = mkdtempSync(join(tmpdir(), 'deploy-'))
  try {
    const file = join(host, 'host/etc/cni/net.d/10-patchbay.conflist')
    assert.is((await writeNetwork(host, {})).failed, true)
    assert.not(existsSync(file))
    const podCIDRs = ['10.1.2.0/24', 'fd00:1:2::/64']
    assert.is((await writeNetwork(host, { podCIDR: podCIDRs[0], podCIDRs })).failed, false)
    assert.equal(JSON.parse(readFileSync(file, 'utf8')), kubernetesNetwork(...podCIDRs))
    assert.is((await writeNetwork(host, { podCIDRs: [] })).failed, true)
    assert.equal(JSON.parse(readFileSync(file, 'utf8')), kubernetesNetwork(...podCIDRs))
  } finally {
    rmSync(host, { recursive: true })
  }
})

test.run()
