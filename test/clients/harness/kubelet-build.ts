/** A real kubelet, built once from the source package of Debian 12: newer suites have only kubectl. It speaks CRI v1alpha2, as containerd 1.6 does. */

import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { debianSuite, unpackPackages } from '../../../scripts/debian.ts'
import { run } from '../../../scripts/run.ts'
import { ensurePackages } from '../../../scripts/setup.ts'

const cache = join(import.meta.dirname, '../../../.cache')
const executable = join(cache, 'kubelet')

const suite = 'bookworm'
const version = '1.20.2'

/** Builds the kubelet unless it is in the cache: about six minutes of two CPUs. @returns its path */
export async function builtKubelet(): Promise<string> {
  if (!existsSync(executable)) await build()
  return executable
}

async function build(): Promise<void> {
  console.error('building a kubelet from Debian’s source, once: some minutes')
  await ensurePackages('the kubelet', ['debian-archive-keyring'])
  const work = join(cache, `kubelet.${process.pid}`)
  const source = join(work, 'go/src/k8s.io/kubernetes')
  await mkdir(source, { recursive: true })
  try {
    await fetchSource(work, source)
    await unpackPackages(suite, async () => ['golang-1.19-go', 'golang-1.19-src'], join(work, 'tree'))
    await compile(work, source)
    await rename(join(work, 'kubelet'), executable)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function fetchSource(work: string, source: string): Promise<void> {
  await mkdir(join(work, suite))
  const debian = await debianSuite(suite, join(work, suite))
  await debian.downloadSource(work, 'kubernetes')
  const [archive = ''] = (await readdir(work)).filter((name) => /^kubernetes_.*\.orig\.tar/.test(name))
  await run('tar', ['--extract', '--strip-components=1', '--file', join(work, archive), '-C', source])
}

/** With modules Go would want to update go.mod. */
async function compile(work: string, source: string): Promise<void> {
  const GOROOT = join(work, 'tree/usr/lib/go-1.19')
  const paths = { GOROOT, GOPATH: join(work, 'go'), GOCACHE: join(work, 'cache') }
  const env = { ...paths, GO111MODULE: 'off', CGO_ENABLED: '0' }
  const words = ['build', '-ldflags', flags(), '-o', join(work, 'kubelet'), './cmd/kubelet']
  await run('nice', [join(GOROOT, 'bin/go'), ...words], { cwd: source, env })
}

/** Without a version it does not start. */
function flags(): string {
  const name = 'k8s.io/kubernetes/vendor/k8s.io/component-base/version'
  const [major, minor] = version.split('.')
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor }
  return ['-s -w', ...Object.entries(values).map(([key, value]) => `-X ${name}.${key}=${value}`)].join(' ')
}
