/** Calls as a runtime makes them: the environment, and the input in a file. */

import { readFileSync, writeFileSync } from 'node:fs'
import { type Candidate, programOf } from './candidate.ts'
import type { Verb } from './scenarios.ts'
import type { Measured } from './stopwatch.ts'
import type { Configuration } from './subjects/subject.ts'

/** A container that is attached, or will be. */
export interface Container {
  id: string
  /** Its number among those that are attached together. */
  number: number
  /** The answer of ADD, as JSON. */
  result?: unknown
}

/** The network of a candidate. */
export interface Network {
  candidate: Candidate
  cniVersion: string
  plugins(number: number): Configuration[]
  /** A directory for inputs and outputs. */
  files: string
  /** The attachments that GC leaves alone: those that were there before. */
  valid: { containerID: string; ifname: string }[]
}

/** A call of one plugin of the list; its output is in the file of the call. */
export function callOf(network: Network, verb: Verb, container: Container, config: Configuration): Measured {
  const file = `${network.files}/${verb}-${container.id}`
  writeFileSync(`${file}.in`, JSON.stringify(inputOf(network, verb, container, config)))
  const command = [programOf(network.candidate, config.type) ?? '']
  const environment = environmentOf(network.candidate, verb, container)
  return { command, environment, input: `${file}.in`, output: `${file}.out` }
}

function inputOf(network: Network, verb: Verb, { id, result }: Container, config: Configuration) {
  const { cniVersion, valid } = network
  const common = { cniVersion, name: 'bench', ...config }
  if (verb === 'VERSION') return { cniVersion }
  if (verb === 'STATUS') return common
  if (verb !== 'GC') return { ...common, prevResult: result }
  return { ...common, 'cni.dev/valid-attachments': [...valid, { containerID: id, ifname: 'eth0' }] }
}

function environmentOf({ directory, others }: Candidate, verb: Verb, { id }: Container) {
  const path = [directory, others].filter((place) => place).join(':')
  const common = { PATH: process.env.PATH ?? '', CNI_COMMAND: verb, CNI_PATH: path }
  if (verb === 'VERSION' || verb === 'STATUS' || verb === 'GC') return common
  return { ...common, CNI_CONTAINERID: id, CNI_NETNS: `/run/netns/${id}`, CNI_IFNAME: 'eth0', CNI_ARGS: '' }
}

/** The plugins of a list in the order in which a verb calls them. */
export function inOrder<T>(plugins: readonly T[], verb: Verb): T[] {
  return verb === 'DEL' ? [...plugins].reverse() : [...plugins]
}

/** The answer in an output file; undefined when there is none, such as after a failure that printed more than JSON. */
export function answerIn(file: string): unknown {
  const text = readFileSync(file, 'utf8')
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
