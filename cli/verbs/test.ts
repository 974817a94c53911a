/** `patchbay test`: tries a network with two throw-away containers. */

import { now } from '../../shared/kernel/clock.ts'
import { syscall } from '../../shared/kernel/syscall.ts'
import { findList } from '../attach/list.ts'
import { trialPrefix } from '../attach/named.ts'
import { networkWord, runnerFor } from '../attach/words.ts'
import { misuse } from '../form/arguments.ts'
import type { Colour, Page } from '../form/page.ts'
import { type Cell, type Column, table } from '../form/table.ts'
import { type Answer, type Call, lastOf, type Verb } from '../form/verb.ts'
import { leftOutBy } from '../host/left-out.ts'
import type { Finding } from '../trial/finding.ts'
import { type Planned, planned } from '../trial/planned.ts'
import { trial } from '../trial/trial.ts'

/** Seconds. */
const usual = 5

export const test: Verb = {
  summary: 'tries a network with two throw-away containers, and says what works',
  text: [
    'Two namespaces are attached as by patchbay add. Checked are addresses, ping both ways, gateway, MTU, name server, host ports, isolation, masquerade, CHECK, and that DEL leaves nothing. What the network is not meant to do is not applicable. All is removed at the end, also after a failure and on SIGINT.',
    'A network that takes one container, as passthru and host-device do, is tried with one.',
  ],
  words: [networkWord],
  flags: {
    '--keep': { takes: 'none', means: 'Leave the namespaces and their attachments for a look.' },
    '--timeout': {
      takes: 'one',
      value: 'SECONDS',
      means: `The longest time that a check waits for an answer. Default: ${usual}.`,
    },
    '--dry-run': { takes: 'none', means: 'Say what would be checked, and attach nothing.' },
  },
  answers: true,
  example: { call: 'test mynet', does: 'do containers of the network reach each other and the outside?' },
  async run(call) {
    const [word = ''] = call.words
    const list = await findList(word, { registry: call.plugins, leftOut: leftOutBy(call) })
    const milliseconds = Math.ceil(1000 * secondsIn(call))
    const [isDry, keep] = ['--dry-run', '--keep'].map((flag) => call.flags.has(flag)) as [boolean, boolean]
    const prefix = `${trialPrefix}${syscall('getpid')}${Math.floor(now()) % 10_000}`
    const { network } = list
    if (isDry) return answerOf({ network, kept: [], checks: planned(list) })
    const { progress } = call
    const adding = runnerFor(call)
    const { findings, kept } = await trial({ list, prefix, milliseconds, keep, adding, progress })
    return answerOf({ network, kept, checks: findings })
  },
}

interface Tried {
  network: string
  kept: string[]
  checks: readonly (Finding | Planned)[]
}

const colours: Partial<Record<string, Colour>> = { passed: 'green', failed: 'red', 'not applicable': 'dim' }

function answerOf(data: Tried): Answer {
  const { checks, kept } = data
  const text = (page: Page) => {
    const columns: Column<Tried['checks'][number]>[] = [
      { title: 'RESULT', cell: ({ outcome }) => coloured(outcome) },
      { title: 'CHECK', cell: ({ check }) => check },
      { title: 'REASON', cell: ({ reason }) => reason, wraps: true },
    ]
    const stays = kept.map((name) => `stays: ${name}; remove it: patchbay netns down ${name}`)
    return [table(page, columns, checks), summaryOf(checks), ...stays].join('\n')
  }
  return { data, text, status: checks.some(({ outcome }) => outcome === 'failed') ? 1 : 0 }
}

function coloured(outcome: string): Cell {
  const colour = colours[outcome]
  return colour ? { text: outcome, colour } : outcome
}

function summaryOf(checks: Tried['checks']): string {
  const counts = Object.entries(Object.groupBy(checks, ({ outcome }) => outcome))
  return counts.map(([outcome, all]) => `${all?.length} ${outcome}`).join(', ')
}

/** @throws CniError */
function secondsIn({ flags }: Call): number {
  const text = lastOf(flags, '--timeout') ?? String(usual)
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 60) return seconds
  throw misuse(
    `--timeout ${JSON.stringify(text.slice(0, 20))} is no number of seconds`,
    'more than 0, at most 60',
  )
}
