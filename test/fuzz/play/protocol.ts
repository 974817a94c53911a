/** How a call is made: CNI's verbs go by the environment, netavark's words by arguments. */

import type { Case } from './case.ts'
import { container } from './host.ts'
import { cniPath, type Place } from './outcome.ts'

/** The words of a driver of netavark. */
const driverWords = ['create', 'setup', 'teardown']

/** Whether netavark makes a call, and not a runtime of CNI. */
export function isOfNetavark(verb: string): boolean {
  return driverWords.includes(verb)
}

/** The verbs of the same protocol that attach a container, and detach it. */
export function pairOf(verb: string): { attach: string; detach: string } {
  return isOfNetavark(verb) ? { attach: 'setup', detach: 'teardown' } : { attach: 'ADD', detach: 'DEL' }
}

type Call = Pick<Case, 'verb' | 'env' | 'netns'>

/** Arguments and environment of a call. */
export function wordsOf(call: Call, place: Place): { args: string[]; env: Record<string, string> } {
  const path = { PATH: process.env.PATH ?? '' }
  if (!isOfNetavark(call.verb)) return { args: [], env: { ...path, ...variables(call, place) } }
  const { verb, netns = container.path } = call
  return { args: verb === 'create' ? [verb] : [verb, netns], env: path }
}

function variables({ verb, env = {} }: Call, place: Place): Record<string, string> {
  const usual = {
    CNI_COMMAND: verb,
    CNI_PATH: cniPath(place),
    ...(['GC', 'STATUS', 'VERSION'].includes(verb) ? {} : attachment),
  }
  const all = Object.entries({ ...usual, ...env }).filter(([, value]) => value !== null)
  return Object.fromEntries(all) as Record<string, string>
}

const attachment = { CNI_CONTAINERID: 'fuzzed', CNI_NETNS: container.path, CNI_IFNAME: 'eth0' }
