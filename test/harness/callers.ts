/** The lists of test/fixtures/callers, attached as their callers do: under their names of the executables, and with their CNI_ARGS. */

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { enginesOfRow } from './by-node.ts'
import * as cnitool from './cnitool.ts'
import { ip, ipJson } from './command.ts'
import { unchanged } from './expect.ts'
import { newContainer, removeContainer, scratch } from './host.ts'
import type { Link } from './look.ts'
import { type Configuration, type Engine, executables } from './plugin.ts'
import { hasCheck } from './round-trip.ts'
import { snapshot } from './snapshot.ts'
import { test } from './test.ts'
import { pings } from './traffic.ts'

export const callersDirectory = join(import.meta.dirname, '../fixtures/callers')

/** How one list is attached. */
export interface Caller {
  /** CNI_ARGS; by default the kubelet's. */
  args?: Record<string, string>
  /** Makes what the caller finds on its host. */
  prepare?(): void
  /** Removes it. */
  tidy?(): void
}

const kubelet = { IgnoreUnknown: '1', K8S_POD_NAMESPACE: 'default', K8S_POD_NAME: 'web', K8S_POD_UID: 'b1a5' }

/** What the callers hand to the plugins that declare the capability. */
const capabilities = {
  portMappings: [{ HostPort: 18083, ContainerPort: 80, Protocol: 'tcp', HostIP: '' }],
  bandwidth: {
    ingressRate: 10_000_000,
    ingressBurst: 4294967295,
    egressRate: 10_000_000,
    egressBurst: 34359738359,
  },
}

/** ADD, CHECK, DEL and DEL of a list, in its own version, and where that has no CHECK in 1.0.0, too. */
export function testCaller(name: string, { args = kubelet, prepare, tidy }: Caller): void {
  const net = JSON.parse(readFileSync(join(callersDirectory, `${name}.conflist`), 'utf8')) as cnitool.Network
  const versions = hasCheck(net.cniVersion) ? [net.cniVersion] : [net.cniVersion, '1.0.0']
  const engines = enginesOfRow()
  test(`${name}: ADD, CHECK, DEL, DEL, in version ${versions.join(' and ')}`, async () => {
    prepare?.()
    try {
      await trip(net, { args, capabilities, path: directoryOf(name, net, 'quickjs') })
      const before = snapshot()
      for (const engine of engines) {
        const path = directoryOf(name, net, engine)
        for (const cniVersion of versions) await trip({ ...net, cniVersion }, { args, capabilities, path })
      }
      unchanged(before)
    } finally {
      tidy?.()
      for (const { ifname } of ipJson<Link>('link show type bridge')) ip(`link delete ${ifname}`)
    }
  })
}

/** Without the prefix that BuildKit and OpenShift Virtualization give to the executables. */
function ownName(type: string): string {
  return type.replace(/^(buildkit-cni|cnv)-/, '')
}

async function trip(net: cnitool.Network, extras: cnitool.Extras): Promise<void> {
  const container = newContainer()
  const { ips } = await cnitool.add(net, container, extras)
  if (net.plugins.some(isRouter))
    assert.ok(pings(container, ...(ips ?? []).map(({ gateway = '' }) => gateway)))
  if (hasCheck(net.cniVersion)) await cnitool.check(net, container, extras)
  for (let twice = 0; twice < 2; twice++) await cnitool.del(net, container, extras)
  removeContainer(container)
}

/** Whether the host is the container's gateway. */
function isRouter({ type, isGateway, isDefaultGateway }: Configuration): boolean {
  return isGateway === true || isDefaultGateway === true || type === 'ptp'
}

/** A directory with the executables under the names that a list has for them. */
function directoryOf(caller: string, { plugins }: cnitool.Network, engine: Engine): string {
  const directory = `${scratch}/callers/${engine}/${caller}`
  if (existsSync(directory)) return directory
  mkdirSync(directory, { recursive: true })
  const ipams = plugins.flatMap(({ ipam }) => (ipam as Partial<Configuration>)?.type ?? [])
  for (const type of [...plugins.map(({ type }) => type), ...ipams]) {
    const own = `${executables(engine)}/${ownName(type)}`
    if (existsSync(own)) symlinkSync(own, `${directory}/${type}`)
    else writeFileSync(`${directory}/${type}`, otherIpam, { mode: 0o755 })
  }
  return directory
}

/** Stands for the IPAM plugin of a cluster, which answers in its own version. */
const otherIpam = `#!/bin/sh
cat > /dev/null
[ "$CNI_COMMAND" != ADD ] || echo '{"cniVersion":"0.3.1","ips":[{"version":"4","address":"10.16.0.8/16","gateway":"10.16.0.1"}]}'
`
