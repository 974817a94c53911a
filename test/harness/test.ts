/** uvu's tests with two additions: `-t TEXT` chooses tests by name, and a failure shows the calls that led to it. */

import { parseArgs } from 'node:util'
import * as uvu from 'uvu'
import { underRunner } from './built.ts'
import { explain } from './explain.ts'

type Handler<Context> = (context: Context) => unknown
type Hook<Context> = { (handler: Handler<Context>): void; each(handler: Handler<Context>): void }

/** Registers a test; `run` starts all that are registered. */
export interface Test<Context = unknown> {
  (name: string, handler: Handler<Context>): void
  before: Hook<Context>
  after: Hook<Context>
  run(): void
}

const { values } = parseArgs({ options: { name: { type: 'string', short: 't' } }, strict: false })
/** The text of `-t`, which `npm test` passes on in the environment. */
const wanted = typeof values.name === 'string' ? values.name : process.env.PATCHBAY_TEST_NAME

/** The names of all tests of this program, also of those that are not run. */
const names: string[] = []

function register<Context>(to: uvu.Test<Context>, title: string): Test<Context> {
  const test = (name: string, handler: Handler<Context>) => {
    const whole = `${title}${name}`
    names.push(whole)
    if (wanted === undefined || whole.includes(wanted)) to(name, (context) => explain(() => handler(context)))
  }
  return Object.assign(test, { before: to.before, after: to.after, run: to.run }) as Test<Context>
}

export const test = register(uvu.test, '')

/** Tests under a title, which belongs to their names; its hooks can share a context with them. */
export function suite<Context>(title?: string): Test<Context> {
  return register(uvu.suite<Context>(title), title ? `${title} ` : '')
}

/** The runner remembers in which file a name is. */
if (process.env[underRunner])
  process.on('exit', () => {
    if (names.length > 0) process.stdout.write(`\0names ${JSON.stringify(names)}\n`)
  })
