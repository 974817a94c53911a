/** Direct calls of ADD that succeed or are refused, and the start of tests of DEL. */

import * as assert from 'uvu/assert'
import { unchanged } from './expect.ts'
import { newContainer } from './host.ts'
import { type Answer, type Call, type Configuration, call, type Result } from './plugin.ts'
import { snapshot, snapshotOf } from './snapshot.ts'

/** The answer of DEL, CHECK, STATUS and GC when they succeed. */
export const done: Answer = { status: 0, json: undefined, stderr: '' }

type Attaching = Omit<Call, 'verb'>

/** ADD that succeeds. @returns its result */
export async function added(request: Attaching): Promise<Result> {
  const { status, json } = await call({ verb: 'ADD', ...request })
  assert.is(status, 0, JSON.stringify(json))
  return json as unknown as Result
}

/** Attaches a new container to a network with host-local. @returns the host before it, the result, and a call of DEL */
export async function attached(config: Configuration) {
  const before = snapshot()
  const container = newContainer()
  const attachment = { config, containerID: 'passing', netns: container.path }
  const result = await added(attachment)
  const reserved = snapshot().some((line) => line.includes('networks') && line.includes('passing'))
  assert.ok(reserved, 'host-local has reserved an address')
  return { config, container, before, result, del: { verb: 'DEL', ...attachment } as const }
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
