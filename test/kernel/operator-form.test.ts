/** The form of the operator's command line: help, formats, exit status, and what a terminal shows. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { load } from 'js-yaml'
import * as assert from 'uvu/assert'
import { visible } from '../../cli/form/help.ts'
import { verbs } from '../../cli/verbs.ts'
import { command } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { entry } from '../harness/hostile.ts'
import { answerOf, operate as operateAs, run } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const patchbay = `${executables('quickjs')}/patchbay`
const operate = (words: string, status = 0) => operateAs(patchbay, words, status)

/** What a terminal of some columns gets: script(1) gives the program one. */
function onTerminal(words: string, columns: number, env: Record<string, string> = {}): string {
  const line = `stty cols ${columns}; ${patchbay} ${words}`
  const { status, stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, TERM: 'xterm', ...env },
  })
  assert.is(status, 0, stdout)
  return stdout.replaceAll('\r', '')
}

const colour = '\u001b['

test('help shows each verb, and each verb its own help with an example', async () => {
  const help = operate('help')
  for (const [name, { summary, example }] of await visible(verbs)) {
    assert.ok(help.replace(/\s+/g, ' ').includes(summary), name)
    const own = operate(`${name} --help`)
    assert.ok(own.includes(`patchbay ${example.call}`), own)
    assert.is(operate(`help ${name}`), own)
  }
})

test('a group of verbs has help, too', () => {
  const group = operate('ipam --help')
  assert.equal(group.match(/^ {2}\w+ \w+/gm), ['  ipam ls', '  ipam show', '  ipam check', '  ipam release'])
  assert.is(operate('help ipam'), group)
})

test('help is as wide as the terminal, in colours unless NO_COLOR or a dumb terminal forbids them', () => {
  const text = onTerminal('gc --help', 50)
  for (const line of stripVTControlCharacters(text).split('\n')) assert.ok(line.length <= 50, line)
  assert.ok(text.includes(colour))
  assert.not.ok(onTerminal('gc --help', 50, { NO_COLOR: '1' }).includes(colour))
  assert.not.ok(onTerminal('gc --help', 50, { TERM: 'dumb' }).includes(colour))
  assert.not.ok(operate('gc --help').includes(colour))
})

test('work of more than a second says what it does in one line, on a terminal only', () => {
  command('mount', '-t', 'tmpfs', 'tmpfs', '/opt')
  const bin = '/opt/cni/bin'
  for (const directory of ['/run/patchbay', '/run/netns', '/var/lib/cni/results', bin])
    mkdirSync(directory, { recursive: true })
  writeFileSync(`${bin}/slow`, '#!/bin/sh\nsleep 1.2\n', { mode: 0o755 })
  const ended = () => {
    for (const name of ['first', 'second'])
      entry(name, { netns: '/run/netns/none' }, [{ type: 'bridge' }, { type: 'slow' }])
  }
  ended()
  const shown = onTerminal('gc', 80)
  assert.match(shown, /looks at (first|second)/, shown)
  assert.match(stripVTControlCharacters(shown), 'attachments: 2 deleted')
  ended()
  assert.not.match(operate('gc'), 'looks at')
})

test('one answer has the same content as JSON and as YAML', async () => {
  const json = await answerOf(patchbay, 'version')
  assert.equal(load(operate('version -o yaml')), json)
  assert.is(operate('version'), `patchbay ${(json as { version: string }).version}\n`)
})

test('a wrong command line has status 2, and names the verb’s help', () => {
  assert.match(operate('gc a b', 2), 'patchbay gc --help')
  assert.match(operate('version -o xml', 2), 'there are table, json, yaml')
  assert.match(operate('relod', 2), 'patchbay help shows all verbs')
  assert.match(operate('versoin', 2), 'did you mean version?')
  assert.match(operate('stat', 2), 'did you mean status?')
  const { status, stdout } = run(patchbay, 'gc --dryrun')
  assert.equal([status, stdout], [2, ''], 'nothing on standard output')
})

test.run()
