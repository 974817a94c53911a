/** Containers on networks: attached by cnitool, or by direct calls of ADD, which succeed or are refused. */

import * as assert from 'uvu/assert'
import { addressesOf } from './address.ts'
import * as cnitool from './cnitool.ts'
import { unchanged } from './expect.ts'
import { type Netns, newContainer } from './host.ts'
import { insisting } from './insisting.ts'
import { type Answer, type Call, type Configuration, call, type Result } from './plugin.ts'
import { snapshot, snapshotOf } from './snapshot.ts'

/** A container with its attachment to a network. */
export interface Attached extends Netns {
  result: Result
  /** The result's, without prefix lengths. */
  addresses: string[]
  check(): Promise<void>
  del(): Promise<void>
}

/** `cnitool add` of a new container, or of a given one. */
export async function attach(
  net: cnitool.Network,
  { container = newContainer(), ...extras }: cnitool.Extras & { container?: Netns } = {},
): Promise<Attached> {
  const result = await cnitool.add(net, container, extras)
  const addresses = addressesOf(result.ips)
  const check = () => cnitool.check(net, container, extras)
  return { ...container, result, addresses, check, del: () => cnitool.del(net, container, extras) }
}

/** Attaches two containers, to one network or to one each. @returns them, and a function that runs CHECK and DEL of both */
export async function attachTwo(
  net: cnitool.Network,
  second = net,
  containers: readonly [Netns, Netns] = [newContainer(), newContainer()],
) {
  const one = await attach(net, { container: containers[0] })
  const other = await attach(second, { container: containers[1] })
  const end = async () => {
    for (const { check } of [one, other]) await check()
    for (const { del } of [one, other]) await del()
  }
  return { one, other, end }
}

/** The answer of DEL, CHECK, STATUS and GC when they succeed. */
export const done: Answer = { status: 0, json: undefined, stderr: '' }

type Attaching = Omit<Call, 'verb'>

/** ADD that succeeds. @returns its result */
export async function added(request: Attaching): Promise<Result> {
  const { status, json } = await insisting(() => call({ verb: 'ADD', ...request }))
  assert.is(status, 0, JSON.stringify(json))
  return json as unknown as Result
}

/** Attaches a new container to a network with host-local. @returns the host before it, the result, and a call of DEL */
export async function readyForDel(config: Configuration) {
  const before = snapshot()
  const container = newContainer()
  const attachment = { config, containerID: 'passing', netns: container.path }
  const result = await added(attachment)
  const reserved = snapshot().some((line) => line.includes('networks') && line.includes('passing'))
  assert.ok(reserved, 'host-local has reserved an address')
  return { config, container, before, result, del: { verb: 'DEL', ...attachment } as const }
}

/** The same beside another container of the network, `resident`. */
export async function readyBesideResident(config: Configuration) {
  const resident = newContainer()
  await added({ config, containerID: 'resident', netns: resident.path })
  return { ...(await readyForDel(config)), resident }
}

/** ADD that is refused and leaves host and container unchanged. @returns the code, the text, and the whole answer */
export async function refused(request: Attaching, container = newContainer()) {
  const look = () => [...snapshot(), ...snapshotOf(container.name)]
  const before = look()
  const { status, json = {} } = await call({ verb: 'ADD', netns: container.path, ...request })
  assert.is(status, 1, JSON.stringify(json))
  unchanged(before, look)
  return { ...errorOf({ json }), json }
}

/** An error's code, and all that it says. */
export function errorOf({ json = {} }: Pick<Answer, 'json'>) {
  return { code: json.code, said: `${json.msg}; ${json.details}` }
}
