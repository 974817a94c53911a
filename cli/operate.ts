/** The operator's command line: finds the verb, and says which one is meant when there is none of that name. */

import type { Registry } from '../shared/cni/plugin.ts'
import { nearest } from '../shared/config/near.ts'
import type { Complaint } from '../shared/error/error.ts'
import { writeAll } from '../shared/kernel/files.ts'
import { block } from './block.ts'
import { usage } from './usage.ts'
import { verbs } from './verbs.ts'

const STDOUT = 1
const STDERR = 2

/** The exit status of a wrong command line. */
const MISUSE = 2

/** What other programs call verbs of ours. */
const aliases: Readonly<Record<string, string>> = { '--help': 'help', '-h': 'help', '--version': 'version' }

/**
 * Runs a verb of the operator.
 * @param args the verb and its arguments
 * @returns the exit status
 */
export async function operate([word, ...args]: string[], plugins: Registry): Promise<number> {
  if (word === undefined) return refuse(usage(plugins))
  const name = (Object.hasOwn(aliases, word) && aliases[word]) || word
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (!verb) return refuse(`${block('patchbay', unknown(name))}\n`)
  const { most = Number.POSITIVE_INFINITY } = verb
  if (args.length > most) return refuse(`${block(`patchbay ${name}`, excess(args.slice(most)))}\n`)
  const line = (fd: number) => (text: string) => writeAll(fd, Buffer.from(`${text}\n`))
  return verb.run(args, { out: line(STDOUT), err: line(STDERR) }, plugins)
}

function refuse(text: string): number {
  writeAll(STDERR, Buffer.from(text))
  return MISUSE
}

function unknown(name: string): Complaint {
  const meant = nearest(name, Object.keys(verbs))
  const msg = `no verb ${JSON.stringify(name.slice(0, 50))}${meant ? `, did you mean ${meant}?` : ''}`
  return { msg, hint: `patchbay help; the verbs are ${Object.keys(verbs).join(', ')}` }
}

function excess([word = '']: string[]): Complaint {
  return { msg: `unexpected word ${JSON.stringify(word.slice(0, 50))}`, hint: 'patchbay help' }
}
