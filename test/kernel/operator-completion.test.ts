/** Completion, by the shells: each asks the executable what can follow. */
// packages: fish, zsh

import { spawnSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import { privateHost } from '../harness/host.ts'
import { newDirectory } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const env = { PATH: `${executables('quickjs')}:${process.env.PATH}`, HOME: newDirectory() }

/** The lines that a shell prints, sorted. */
function linesOf(shell: string, ...words: string[]): string[] {
  const { status, stdout, stderr } = spawnSync(shell, words, { encoding: 'utf8', env })
  assert.is(status, 0, stderr)
  assert.is(stderr, '')
  return stdout.split('\n').filter(Boolean).sort()
}

/** The candidates, as Tab would show them, for a line that ends where the cursor is. */
const shells: Record<string, (line: string) => string[]> = {
  bash: (line) =>
    linesOf(
      'bash',
      '-c',
      `source <(patchbay completion bash) && COMP_WORDS=(${line}) && COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )) &&
       compopt() { :; } && $(complete -p patchbay | sed 's/.*-F \\([^ ]*\\).*/\\1/') && printf '%s\\n' "\${COMPREPLY[@]}"`,
    ),
  zsh: (line) =>
    linesOf(
      'zsh',
      '-fc',
      `compdef() { [[ $1 == _patchbay && $2 == patchbay ]] }
       _describe() { print -l -- "\${(@)\${(P)2}%%:*}" | grep -- "^\${words[CURRENT]}" }
       _files() { ls -d -- "\${words[CURRENT]}"* }
       source <(patchbay completion zsh)
       words=(${line}); CURRENT=$#words; _patchbay`,
    ),
  fish: (line) =>
    linesOf(
      'fish',
      '--no-config',
      '-c',
      `patchbay completion fish | source; complete -C "${line.replace(/ ''$/, ' ')}" | string replace -r '\\t.*' ''; true`,
    ),
}

for (const [shell, candidates] of Object.entries(shells))
  test(`${shell} completes verbs, flags, values and names of files`, () => {
    assert.equal(candidates('patchbay unins'), ['uninstall'])
    assert.equal(candidates('patchbay gc --dr'), ['--dry-run'])
    assert.equal(candidates("patchbay gc -o ''"), ['json', 'table', 'yaml'])
    assert.equal(candidates('patchbay reconcile /etc/host'), linesOf('sh', '-c', 'ls -d /etc/host*'))
  })

test.run()
