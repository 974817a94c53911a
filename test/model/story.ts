/** Tells events as a story: one line each, what a process only read is counted. */

import type { Call } from './calls.ts'
import { dataDir } from './calls.ts'
import type { Event, Step } from './events.ts'
import type { Operation } from './operation.ts'

export function storyOf(events: readonly Event[]): string[] {
  const lines: string[] = []
  let reads = 0
  let reader = ''
  const flush = () => {
    if (reads > 0) lines.push(`${reader} makes ${reads} calls that change nothing`)
    reads = 0
  }
  const tell = (line: string) => {
    flush()
    lines.push(line)
  }
  for (const event of events) {
    if (event.kind !== 'step') tell(lineOf(event))
    else {
      for (const step of event.steps) {
        const name = nameOf(event.call)
        if (name !== reader) flush()
        reader = name
        if (changes(step)) tell(`${name}: ${wordsOf(step.operation)}${resultOf(step)}`)
        else reads++
      }
      if (event.outcome) tell(`${nameOf(event.call)} ends: ${JSON.stringify(event.outcome)}`)
    }
  }
  flush()
  return lines
}

function nameOf({ verb, container }: Call): string {
  return `${verb} ${container}`.trim()
}

function lineOf(event: Exclude<Event, { kind: 'step' }>): string {
  switch (event.kind) {
    case 'whole':
      return `${nameOf(event.call)} runs alone: ${JSON.stringify(event.outcome)}`
    case 'start': {
      const { previous, valid, verb } = event.call
      const result = previous.length > 0 ? `, with the previous result ${previous}` : ''
      return `${nameOf(event.call)} is started${result}${verb === 'GC' ? `, valid: ${valid.join(' ') || 'none'}` : ''}`
    }
    case 'kill':
      return `${nameOf(event.call)} is killed${event.before ? ` before: ${wordsOf(event.before)}` : ''}`
    case 'tick':
      return "the kernel's clock ticks"
    case 'boot':
      return `the machine boots; bytes that were not synced are ${event.loss}${event.lost > 0 ? `, the last ${event.lost} changes of names are lost` : ''}`
    case 'index lost':
      return 'the index is removed'
    case 'touch':
      return "another program changes the network's directory"
  }
}

const readers = [
  'read',
  'pread64',
  'lseek',
  'getdents64',
  'readlinkat',
  'statx',
  'clock_gettime',
  'getpid',
  'ppoll',
]

const O_CREAT_OR_TRUNC = 0o1100

function changes({ operation: { name, args } }: Step): boolean {
  return name === 'openat'
    ? ((args[2] as number) & O_CREAT_OR_TRUNC) !== 0
    : !readers.includes(name) && name !== 'close'
}

function wordsOf({ name, args }: Operation): string {
  const texts = args.filter((arg) => typeof arg === 'string')
  const words = (name === 'utimensat' ? texts.slice(0, 1) : texts).map((text) => shorten(text))
  return [name, ...(words.length > 0 ? words : args.slice(0, 1))].join(' ')
}

function shorten(text: string): string {
  const path = text.replace(`${dataDir}/`, '').replace(/00000000-0000-4000-8000-0{11}/, 'boot-')
  return /^[!-~]+$/.test(path) ? path : JSON.stringify(path)
}

function resultOf({ answer: { value } }: Step): string {
  return value < 0 ? `, errno ${-value}` : ''
}
