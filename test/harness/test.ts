/**
 * uvu's tests with four additions: `-t TEXT` chooses tests by name, a failure shows the calls that led to it, what fails before the first
 * test is said, and a file ends although something that a test has begun still runs.
 */

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

/** How many tests have not ended. */
let left = 0

/** For hooks after the last test. */
const longest = 60_000

/** A program that a failed test has not stopped would keep this one alive. */
function endSoonAfterLast(): void {
  left--
  if (left === 0) setTimeout(endNow, longest).unref()
}

function endNow(): void {
  if (left > 0) return
  console.error(`${longest / 1000} s after the last test something that a test has begun still runs`)
  process.exit(1)
}

function register<Context>(to: uvu.Test<Context>, title: string): Test<Context> {
  const test = (name: string, handler: Handler<Context>) => {
    const whole = `${title}${name}`
    names.push(whole)
    if (wanted !== undefined && !whole.includes(wanted)) return
    left++
    to(name, (context) => explain(() => handler(context)).finally(endSoonAfterLast))
  }
  const before = Object.assign((handler: Handler<Context>) => to.before(told(title, handler)), to.before)
  return Object.assign(test, { before, after: to.after, run: to.run }) as Test<Context>
}

/** uvu says nothing of what fails before the first test. */
function told<Context>(title: string, handler: Handler<Context>): (context: Context) => Promise<void> {
  return async (context) => {
    try {
      await handler(context)
    } catch (error) {
      console.error(`before the tests ${title}:`, error)
      throw error
    }
  }
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
