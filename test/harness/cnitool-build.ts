/** Builds cnitool from Debian's source package: no suite has it as a program. */

import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { debianSuite, unpackPackages } from '../../scripts/debian.ts'
import { run } from '../../scripts/run.ts'
import { ensurePackages } from '../../scripts/setup.ts'

const cache = new URL('../../.cache/', import.meta.url).pathname
const executable = join(cache, 'cnitool')

/** The first suite whose cnitool has `gc` and `status`, and one with a Go new enough to build it. */
const source = { suite: 'sid', name: 'golang-github-appc-cni' }
const go = { suite: 'trixie', packages: ['golang-1.24-go', 'golang-1.24-src'], root: 'usr/lib/go-1.24' }

/** Builds cnitool unless it is in the cache. */
export async function builtTool(): Promise<string> {
  if (!existsSync(executable)) await build()
  return executable
}

async function build(): Promise<void> {
  console.error('building cnitool from Debian’s source, once')
  await ensurePackages('cnitool', ['xz-utils', 'dpkg', 'debian-archive-keyring'])
  const work = join(cache, `cnitool.${process.pid}`)
  const library = join(work, 'go/src/github.com/containernetworking/cni')
  await mkdir(library, { recursive: true })
  try {
    await fetchLibrary(work, library)
    await compile(library, {
      GOROOT: await fetchGo(work),
      GOPATH: join(work, 'go'),
      GOCACHE: join(work, 'cache'),
    })
    await rename(join(library, 'cnitool.built'), executable)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function fetchLibrary(work: string, library: string): Promise<void> {
  const suite = await debianSuite(source.suite, join(work, source.suite))
  await suite.downloadSource(work, source.name)
  const [archive = ''] = (await readdir(work)).filter((name) => name.endsWith('.orig.tar.xz'))
  await run('tar', ['--extract', '--strip-components=1', '--file', join(work, archive), '-C', library])
}

/** The directory of a Go that is unpacked, not installed. */
async function fetchGo(work: string): Promise<string> {
  const tree = join(work, go.suite)
  await unpackPackages(go.suite, async () => go.packages, tree)
  return join(tree, go.root)
}

async function compile(library: string, paths: { GOROOT: string } & Record<string, string>): Promise<void> {
  const env = { ...paths, GO111MODULE: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' }
  await run(join(paths.GOROOT, 'bin/go'), ['build', '-o', 'cnitool.built', './cnitool'], {
    cwd: library,
    env,
  })
}
