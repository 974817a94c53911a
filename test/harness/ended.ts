/** `patchbay gc` for any kind of interface: of containers that ended without DEL all goes, of one that lives all stays. */

import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { type Attached, attach } from './attach.ts'
import { type Network, network } from './cnitool.ts'
import { ownEtc } from './etc.ts'
import { unchanged, vanished } from './expect.ts'
import { type Netns, newContainer, removeContainer } from './host.ts'
import { exists } from './look.ts'
import { hostLocal } from './networks.ts'
import { operate } from './operate.ts'
import { executables } from './plugin.ts'
import type { Kind } from './round-trip.ts'
import { type Snapshot, snapshot, withoutNumbers } from './snapshot.ts'
import { test } from './test.ts'
import { until } from './until.ts'

/** A network whose containers end. */
export interface Ending extends Pick<Kind, 'config' | 'chain' | 'subnets' | 'ifname'> {
  /** Keys in which the configurations of three containers differ, where no two can have the same. */
  each?(number: number): Record<string, unknown>
  /** Makes what ADD needs. */
  prepare?(container: Netns): void
  /** Lines of the host's devices that the kernel deletes with the container's namespace. */
  goesWithNamespace?(line: string): boolean
}

const lists = '/etc/cni/net.d'
const cache = '/var/lib/cni/results'

/** An /etc/cni/net.d for the networks. */
export function endingHost(): void {
  ownEtc(lists)
}

/** Runs `patchbay gc`, which must succeed. @returns its output */
export function gc(words = ''): string {
  return operate(`${executables()}/patchbay`, `gc ${words}`.trim())
}

type Row = Ending & { network: string }

/** The test of a kind. Of two containers that end libcni's cache has one; the other is known by its address. */
export function testEnding(name: string, ending: Ending): void {
  const kind = { ...ending, network: name.replace(/\W+/g, '-') }
  test(`${name}: what ended containers have left is deleted, one that lives keeps all, and what they shared goes with the last`, async () => {
    await warm(kind)
    const empty = look(kind)
    const live = await attached(kind, 0)
    const before = look(kind)
    const ended = kind.subnets
      ? [await forgotten(kind, 1), await attached(kind, 2)]
      : [await attached(kind, 2)]
    ended.forEach(removeContainer)
    const net = networkOf(kind, 0)
    await collects(net, ended, '1 live, ')
    unchanged(before, () => look(kind))
    assert.is(gc(), 'attachments: 1 live\n')
    await live.check()
    assert.ok(exists(kind.ifname ?? 'eth0', live))
    removeContainer(live)
    await collects(net, [live])
    unchanged(empty, () => look(kind))
    assert.equal(readdirSync(cache), [])
    await vanished(ending.goesWithNamespace)
  })
}

function networkOf({ network: name, config, chain = [], subnets, each }: Row, number: number): Network {
  const first = { ...config, ...each?.(number), ...(subnets && { ipam: hostLocal(...subnets) }) }
  const net = network(name, first, '1.1.0')
  return { ...net, plugins: [...net.plugins, ...chain] }
}

function attached(kind: Row, number: number): Promise<Attached> {
  const container = newContainer()
  kind.prepare?.(container)
  return attach(networkOf(kind, number), { container, ifname: kind.ifname })
}

/** The first container makes what all share and DEL keeps: tables, directories. */
async function warm(kind: Row): Promise<void> {
  const first = await attached(kind, 1)
  await first.del()
  removeContainer(first)
}

/** A container that libcni's cache does not have; its network is in /etc/cni/net.d. */
async function forgotten(kind: Row, number: number): Promise<Netns> {
  writeFileSync(`${lists}/${kind.network}.conflist`, JSON.stringify(networkOf(kind, number)))
  const others = readdirSync(cache)
  const container = await attached(kind, number)
  for (const name of readdirSync(cache)) if (!others.includes(name)) rmSync(`${cache}/${name}`)
  return container
}

/**
 * Runs gc of a network: it has a line for each container that ended. The kernel deletes the host's ends of their pairs a moment after the namespaces.
 * @param others what gc counts besides
 */
export async function collects({ name }: Network, ended: readonly Netns[], others = ''): Promise<void> {
  const seen = `attachments: ${others}${ended.length}`
  await until('gc sees that the containers have ended', () =>
    gc(`${name} --dry-run`).endsWith(`${seen} would be deleted\n`),
  )
  const said = gc(name).split('\n')
  for (const { path } of ended)
    assert.is(said.filter((line) => line.endsWith(`: deleted, its namespace ${path} is gone`)).length, 1)
  assert.ok(said.includes(`${seen} deleted`), said.join('\n'))
}

function look({ goesWithNamespace }: Ending): Snapshot {
  return withoutNumbers(snapshot()).filter((line) => !goesWithNamespace?.(line))
}
