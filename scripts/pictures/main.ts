/** `npm run pictures` (as root): what the operator's verbs print on a small node, as the pictures of docs/pictures. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { command } from '../../test/harness/command.ts'
import { ownEtc } from '../../test/harness/etc.ts'
import { privateHost } from '../../test/harness/host.ts'
import { makeNode } from './node.ts'
import { installPlugins, makeFaults } from './node-of-containerd.ts'
import { terminalPicture } from './terminal.ts'

await privateHost()

const folder = join(import.meta.dirname, '../../docs/pictures')
const columns = 100
const patchbay = '/opt/cni/bin/patchbay'

/** Of each verb its picture: what the terminal shows, or an SVG that it writes. */
const terminals = ['topology', 'status']
const pictures: Readonly<Record<string, string>> = { node: 'topology --svg' }

ownEtc('/etc/cni/net.d', '/etc/containers/networks')
mkdirSync(folder, { recursive: true })
installPlugins()
await makeNode('seven')
terminals.forEach(drawTerminal)
for (const [name, words] of Object.entries(pictures))
  writeFileSync(join(folder, `${name}.svg`), named(`${patchbay} ${words}`))
makeFaults()
drawTerminal('doctor')

function drawTerminal(verb: string): void {
  const picture = terminalPicture(`patchbay ${verb}`, onTerminal(verb), columns)
  writeFileSync(join(folder, `${verb}-terminal.svg`), picture)
}

/** The output on a terminal of so many columns, with colours. */
function onTerminal(words: string): string {
  const line = `stty cols ${columns} rows 50; ${patchbay} ${words}; true`
  const output = named(`LANG=C.UTF-8 TERM=xterm script --quiet --return --command '${line}' /dev/null`)
  return anywhere(output.replaceAll('\r\n', '\n'))
}

/** What differs from machine to machine and from commit to commit: the kernel's release, the commit, room on disks, ages. */
function anywhere(text: string): string {
  return text
    .replaceAll(release(), '6.12.63')
    .replace(/\+[0-9a-f]{12}(-dirty)?\b/g, '')
    .replace(/\d+ [GM]B free/g, '12 GB free')
    .replace(/\b\d+ s\b/g, '40 s')
}

/** The host has the same name wherever the pictures are made. */
function named(line: string): string {
  return command('unshare', '--uts', 'sh', '-c', `hostname node-1; ${line}`)
}
