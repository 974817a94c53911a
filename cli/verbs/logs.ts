/** `patchbay logs`: the log of calls, of all plugins on this host. */

import { type Entry, type Level, levels } from '../../shared/call-log/entry.ts'
import { readSettings, type Settings } from '../../shared/call-log/settings.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { close } from '../../shared/kernel/files.ts'
import { misuse } from '../form/arguments.ts'
import { pageOf } from '../form/page.ts'
import { type Answer, type Call, lastOf, type Status, type Verb } from '../form/verb.ts'
import { follow } from '../metrics/follow.ts'
import { entriesIn, type Wanted } from '../metrics/log-entries.ts'
import { linesOf, openAll, type Source } from '../metrics/log-files.ts'
import { textOf } from '../metrics/log-text.ts'
import { sinceOf } from '../metrics/since.ts'

const STDOUT = 1
const usualLines = 1000

export const logs: Verb = {
  summary: 'shows the log of calls: what plugins did, how long it took, and why it failed',
  text: [
    'A plugin logs its calls when its configuration has "log": "info" or "debug", or the environment of the runtime PATCHBAY_LOG. The lines of all plugins are in /var/log/patchbay, unless /etc/patchbay/log.json names another directory.',
  ],
  words: [
    {
      ...{ name: 'CONTAINER', count: 'optional', names: 'container' },
      means: 'This container alone; the first characters of its ID are enough.',
    },
  ],
  flags: {
    '--network': { takes: 'one', value: 'NETWORK', names: 'network', means: 'Of this network.' },
    '--plugin': { takes: 'one', value: 'PLUGIN', names: 'plugin', means: 'Of this plugin.' },
    '--verb': {
      ...{ takes: 'one', value: 'VERB', names: ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC'] },
      means: 'Of calls with this verb.',
    },
    '--trace': {
      takes: 'one',
      value: 'ID',
      means: 'Of this trace: the 32 digits in the middle of TRACEPARENT.',
    },
    '--level': {
      takes: 'one',
      value: 'LEVEL',
      names: levels,
      means: 'Of this level, and of more serious ones.',
    },
    '--since': {
      takes: 'one',
      value: 'TIME',
      means: 'Not older: 30s, 10m, 2h, 1d, or a time as 2026-11-28T12:00:00Z.',
    },
    '--lines': { takes: 'one', short: 'n', value: 'N', means: `Only the last N. Default: ${usualLines}.` },
    '--follow': { takes: 'none', short: 'f', means: 'Go on with new lines, until it is interrupted.' },
  },
  answers: true,
  example: { call: 'logs --level warn --since 1h', does: 'what went wrong in the last hour?' },
  run(call) {
    const settings = readSettings()
    const wanted = wantedBy(call)
    const most = linesWanted(call)
    if (!call.flags.has('--follow')) return shown(settings, wanted, most, call)
    if ((lastOf(call.flags, '--output') ?? 'table') !== 'table')
      throw misuse(
        '--follow has no end, so no JSON and no YAML',
        `tail -F ${settings.directory}/calls.jsonl has the lines as JSON`,
      )
    return followed(settings, wanted, most, call)
  },
}

function wantedBy({ words: [container], flags }: Call): Wanted {
  const since = lastOf(flags, '--since')
  return {
    container,
    network: lastOf(flags, '--network'),
    plugin: lastOf(flags, '--plugin'),
    verb: lastOf(flags, '--verb'),
    trace: lastOf(flags, '--trace'),
    level: lastOf(flags, '--level') as Level | undefined,
    since: since === undefined ? undefined : sinceOf(since),
  }
}

function linesWanted({ flags }: Call): number {
  const text = lastOf(flags, '--lines') ?? String(usualLines)
  if (/^\d{1,7}$/.test(text)) return Number(text)
  throw misuse(`--lines ${JSON.stringify(text.slice(0, 50))}: must be a number`)
}

/** @throws CniError for a user who may not read them */
function sourcesOf(settings: Settings): Source[] {
  try {
    return openAll(settings)
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM')) throw error
    const hint = 'run it as root: the lines name containers and pods'
    throw new CniError(Code.IoFailure, {
      msg: `this user may not read the log in ${settings.directory}`,
      hint,
    })
  }
}

function shown(settings: Settings, wanted: Wanted, most: number, call: Call): Answer {
  const sources = sourcesOf(settings)
  const entries = lastEntries(sources, wanted, most, call)
  for (const { fd } of sources) close(fd)
  return {
    data: entries,
    text: (page) =>
      sources.length === 0 ? notLogged : entries.map((entry) => textOf(entry, page)).join('\n'),
  }
}

const notLogged =
  'no call was logged on this host: "log": "info" in the configuration of a plugin switches it on, or PATCHBAY_LOG=info in the environment of the runtime'

function lastEntries(sources: readonly Source[], wanted: Wanted, most: number, call: Call): Entry[] {
  let last: Entry[] = []
  for (const source of sources) {
    let damaged = 0
    for (const lines of linesOf(source)) {
      call.progress(`reads ${source.path}`)
      const found = entriesIn(lines, wanted)
      damaged += found.damaged
      if (most > 0) last = [...last, ...found.entries].slice(-most)
    }
    leaveOut(source.path, damaged, call)
  }
  return last
}

function leaveOut(path: string, damaged: number, call: Call): void {
  if (damaged === 0) return
  call.complain(path, { msg: `left out: ${damaged} ${damaged === 1 ? 'line is' : 'lines are'} damaged` })
}

function followed(settings: Settings, wanted: Wanted, most: number, call: Call): Status {
  const page = pageOf(STDOUT)
  const sources = sourcesOf(settings)
  for (const entry of lastEntries(sources, wanted, most, call)) call.out(textOf(entry, page))
  const current = sources.pop()
  for (const { fd } of sources) close(fd)
  if (!current) call.err(notLogged)
  const show = (lines: string[]) => {
    for (const entry of entriesIn(lines, wanted).entries) call.out(textOf(entry, page))
  }
  follow(current, settings, show, call.isUnread)
  return 0
}
