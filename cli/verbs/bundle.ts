/** `patchbay bundle`: one archive for a bug report. */

import { CniError, Code } from '../../shared/error/error.ts'
import { plain } from '../../shared/error/log.ts'
import { wallClock } from '../../shared/kernel/clock.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { close, type Fd, Open, open, readValueIfAny, remove, writeAll } from '../../shared/kernel/files.ts'
import { isTerminal } from '../../shared/kernel/terminal.ts'
import { hostParts } from '../bundle/host.ts'
import { kernelParts } from '../bundle/kernel.ts'
import { safePath } from '../bundle/tar.ts'
import { verbParts } from '../bundle/verbs.ts'
import { type Bundle, writeBundle } from '../bundle/write.ts'
import { misuse } from '../form/arguments.ts'
import type { Page } from '../form/page.ts'
import { cut, table } from '../form/table.ts'
import type { Answer, Call, Status, Verb } from '../form/verb.ts'

const STDOUT = 1

export const bundle: Verb = {
  summary: 'puts what a bug report needs into one tar file, without secrets',
  text: [
    'Configurations, links, addresses, routes, neighbours, rules of the firewall, sysctls, records, caches of runtimes, addresses of host-local, versions, installed plugins, the log, and what status, doctor, ls and other verbs answer. Values of keys that are secret by their names, such as cak, psk, password, token, and annotations of pods are masked. Names of networks, containers and pods, and addresses, are in it: look into it before you publish it.',
    'Each file has at most 1 MB. MANIFEST.json says what was left out, and why: as another user than root, much is.',
  ],
  words: [
    {
      name: 'FILE',
      means:
        'The file to write, which must not exist; `-` is standard output. Default: patchbay-bundle-HOST-TIME.tar here.',
      count: 'optional',
      names: 'file',
    },
  ],
  flags: { '--dry-run': { takes: 'none', means: 'Show what it would contain, and write nothing.' } },
  answers: true,
  example: { call: 'bundle --dry-run', does: 'what would I send with a bug report?' },
  async run(call) {
    const top = `patchbay-bundle-${name()}`
    const [file = `${top}.tar`] = call.words
    if (call.flags.has('--dry-run')) return told(await collect(call, top))
    if (file === '-') return toStandardOutput(call, top)
    return told({ file, ...(await toFile(file, call, top)) })
  },
}

/** Host and time: `node-1-20261128T135500Z`. */
function name(): string {
  const host = safePath((readValueIfAny('/proc/sys/kernel/hostname') ?? 'host').replaceAll('/', '_')).slice(
    0,
    40,
  )
  const time = new Date(Number(wallClock() / 1_000_000n)).toISOString()
  return `${host}-${time.replace(/[-:]|\.\d+/g, '')}`
}

function collect(call: Call, top: string, write?: (bytes: Buffer) => void) {
  const leftOut: Bundle['leftOut'] = []
  const leave = (source: string, why: string) => void leftOut.push({ source, why })
  const parts = [...hostParts(leave), ...kernelParts(), ...verbParts(call)]
  return writeBundle(parts, leftOut, { top, write, progress: call.progress })
}

async function toStandardOutput(call: Call, top: string): Promise<Status> {
  if (isTerminal(STDOUT)) throw misuse('standard output is a terminal', 'patchbay bundle - > bundle.tar')
  if (call.flags.has('--output'))
    throw misuse('standard output is the archive: it cannot have the answer of -o, too')
  await collect(call, top, (bytes) => writeAll(STDOUT, bytes, 'standard output'))
  return 0
}

/** A file that an error has left is removed. */
async function toFile(file: string, call: Call, top: string) {
  const fd = create(file)
  try {
    const done = await collect(call, top, (bytes) => writeAll(fd, bytes, file))
    close(fd)
    return done
  } catch (error) {
    close(fd)
    remove(file)
    throw error
  }
}

function create(file: string): Fd {
  const fd = tolerate(() => open(file, Open.WRONLY | Open.CREAT | Open.EXCL, 0o600), 'EEXIST')
  if (fd !== undefined) return fd
  throw new CniError(Code.IoFailure, {
    msg: `${file} exists already`,
    hint: 'name another file, or remove it',
  })
}

function told(data: Bundle): Answer {
  return { data, text: (page) => summary(data, page) }
}

function summary({ file, bytes, files, leftOut }: Bundle, page: Page): string {
  const missing = leftOut.map(
    ({ source, why }) => `${cut(plain(source.slice(0, 400)), 200)}: left out: ${cut(plain(why), 200)}`,
  )
  const sizes = `${files.length} files, ${Math.ceil(bytes / 1024)} kB`
  if (file !== undefined)
    return [...missing, `${plain(file)}: ${sizes}; look into it before you publish it: tar tvf`].join('\n')
  const columns = [
    { title: 'FILE', cell: (one: Bundle['files'][number]) => one.name },
    { title: 'BYTES', cell: (one: Bundle['files'][number]) => one.bytes, right: true },
    { title: 'FROM', cell: (one: Bundle['files'][number]) => one.source, minor: true },
  ]
  return [table(page, columns, files), ...missing, `${sizes} would be written`].join('\n')
}
