/** `npm run pictures` (as root): what the operator's verbs print on a small node, as the pictures of docs/pictures. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../../test/harness/command.ts'
import { ownEtc } from '../../test/harness/etc.ts'
import { privateHost } from '../../test/harness/host.ts'
import { executables } from '../../test/harness/plugin.ts'
import { makeNode } from './node.ts'
import { terminalPicture } from './terminal.ts'

await privateHost()

const folder = join(import.meta.dirname, '../../docs/pictures')
const columns = 100

/** Of each verb its picture: what the terminal shows, or an SVG that it writes. */
const terminals: Readonly<Record<string, string>> = { topology: 'topology' }
const pictures: Readonly<Record<string, string>> = { node: 'topology --svg' }

ownEtc('/etc/cni/net.d', '/etc/containers/networks')
mkdirSync(folder, { recursive: true })
await makeNode('seven')
for (const [name, words] of Object.entries(terminals))
  writeFileSync(
    join(folder, `${name}-terminal.svg`),
    terminalPicture(`patchbay ${words}`, onTerminal(words), columns),
  )
for (const [name, words] of Object.entries(pictures))
  writeFileSync(join(folder, `${name}.svg`), named(`${executables()}/patchbay ${words}`))

/** The output on a terminal of so many columns, with colours. */
function onTerminal(words: string): string {
  const line = `stty cols ${columns} rows 50; exec ${executables()}/patchbay ${words}`
  return named(`LANG=C.UTF-8 TERM=xterm script --quiet --return --command '${line}' /dev/null`).replaceAll(
    '\r\n',
    '\n',
  )
}

/** The host has the same name wherever the pictures are made. */
function named(line: string): string {
  return command('unshare', '--uts', 'sh', '-c', `hostname node-1; ${line}`)
}
