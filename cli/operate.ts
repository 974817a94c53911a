/** The operator's command line: finds the verb, reads its words and flags, runs it, and prints its answer. */

import type { Registry } from '../shared/cni/plugin.ts'
import { nearest } from '../shared/config/near.ts'
import { isErrno } from '../shared/kernel/errno.ts'
import { writeAll } from '../shared/kernel/files.ts'
import { type Format, written } from './form/answer.ts'
import { misuse, parse } from './form/arguments.ts'
import { block } from './form/block.ts'
import { flagsOf, helpOf, overview } from './form/help.ts'
import { pageOf } from './form/page.ts'
import { progressLine } from './form/progress.ts'
import { asked, quoted } from './form/slip.ts'
import { statusOf } from './form/status.ts'
import { type Call, lastOf, type Output, type Status, type Verb } from './form/verb.ts'
import { verbs } from './verbs.ts'

const STDOUT = 1
const STDERR = 2

/** What other programs call verbs of ours. */
const aliases: Readonly<Record<string, string>> = { '--help': 'help', '-h': 'help', '--version': 'version' }

/**
 * Runs a verb of the operator.
 * @param line the verb and its arguments
 * @returns the exit status
 */
export async function operate(line: readonly string[], plugins: Registry): Promise<Status> {
  const progress = progressLine(STDERR)
  let isUnread = false
  const write = (fd: number) => (text: string) => {
    progress.clear()
    try {
      writeAll(fd, Buffer.from(`${text}\n`))
    } catch (error) {
      // The reader has seen enough: `patchbay ls | head`.
      if (!isErrno(error, 'EPIPE')) throw error
      isUnread ||= fd === STDOUT
    }
  }
  const output = { out: write(STDOUT), err: write(STDERR) }
  const complain: Call['complain'] = (where, complaint) => output.err(block(where, complaint))
  if (line.length === 0) return refuse(output, plugins)
  const { name, rest } = nameOf(line)
  return statusOf(name, { complain }, async () => {
    const verb = await load(name)
    if (rest.some(isHelp)) return help(name, verb, output)
    const { words, flags } = parse(rest, { words: verb.words, flags: flagsOf(verb) })
    const more = { progress: progress.show, isUnread: () => isUnread }
    return finish(verb, { words, flags, ...output, plugins, verbs, complain, ...more })
  })
}

async function refuse({ err }: Output, plugins: Registry): Promise<Status> {
  err(await overview(verbs, Object.keys(plugins), pageOf(STDERR)))
  return 2
}

const isHelp = (word: string) => word === '--help' || word === '-h'

/** The verbs of two words that begin with one. */
const groupOf = (name: string) => Object.keys(verbs).filter((verb) => verb.startsWith(`${name} `))

/** A verb may have two words, as `ipam ls`. */
function nameOf([first = '', ...others]: readonly string[]): { name: string; rest: readonly string[] } {
  const name = (Object.hasOwn(aliases, first) && aliases[first]) || first
  const [second = '', ...rest] = others
  if (groupOf(name).length === 0) return { name, rest: others }
  if (isHelp(second)) return { name: 'help', rest: [name] }
  return { name: `${name} ${second}`.trimEnd(), rest }
}

/** @throws CniError when there is no verb of the name */
async function load(name: string): Promise<Verb> {
  const loader = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (loader) return loader()
  const group = groupOf(name.split(' ')[0] ?? '')
  if (group.length > 0 && !name.includes(' '))
    throw misuse(
      `${name} needs one more word: ${(await shownOf(group)).map((verb) => verb.slice(name.length + 1)).join(', ')}`,
      `patchbay ${name} --help`,
    )
  throw misuse(
    `no verb ${quoted(name)}${asked(meantBy(name))}`,
    group.length > 0 ? `the verbs are ${(await shownOf(group)).join(', ')}` : 'patchbay help shows all verbs',
  )
}

/** Those of the verbs that the help shows. */
async function shownOf(names: readonly string[]): Promise<string[]> {
  const loaded = names.map(async (name) => ((await verbs[name]?.())?.hidden ? [] : [name]))
  return (await Promise.all(loaded)).flat()
}

/** The verb that begins with the word, or else one that is near. */
function meantBy(word: string): string | undefined {
  const known = Object.keys(verbs)
  const begun = word.length > 1 ? known.find((verb) => verb.startsWith(word)) : undefined
  return begun ?? nearest(word, known)
}

function help(name: string, verb: Verb, { out }: Output): Status {
  out(helpOf(name, verb, pageOf(STDOUT)))
  return 0
}

/** With JSON or YAML only the answer is written. */
async function finish(verb: Verb, call: Call): Promise<Status> {
  const format = (lastOf(call.flags, '--output') ?? 'table') as Format
  const out = format === 'table' ? call.out : () => {}
  const answer = await verb.run({ ...call, out })
  if (typeof answer === 'number') return answer
  const text = await written(answer, format, pageOf(STDOUT))
  if (text !== '') call.out(text)
  return answer.status ?? 0
}
