/** A new Debian in a directory, with only Node, npm and a clone of this project's commit. */

import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { mirror } from '../../scripts/debian.ts'
import { run } from '../../scripts/run.ts'
import { ensurePackages } from '../../scripts/setup.ts'

const project = join(import.meta.dirname, '../..')

/** Path of the clone in the root: in a folder that only root may enter. */
const clone = '/root/patchbay'

/** Environment variables that lead to this machine's registries. */
const passed = /^(https?_proxy|no_proxy|npm_config_registry|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/i

/** An empty directory for a root. */
export function newRoot(suite: string): string {
  const parent = join(project, '.cache/fresh')
  mkdirSync(parent, { recursive: true })
  const root = mkdtempSync(join(parent, `${suite}-`))
  chmodSync(root, 0o755)
  return root
}

/** Copies a root. */
export async function copyOf(root: string): Promise<string> {
  const copy = newRoot(basename(root))
  await run('cp', ['--archive', `${root}/.`, copy])
  return copy
}

export function removeRoot(root: string): void {
  rmSync(root, { recursive: true })
}

/** Installs a Debian suite in a root, with its Node and npm, and the clone. */
export async function fillRoot(root: string, suite: string): Promise<void> {
  await ensurePackages('a fresh root', ['debootstrap', 'debian-archive-keyring', 'git', 'util-linux'])
  const site = await mirror()
  await run('debootstrap', ['--variant=minbase', '--include=ca-certificates,git', suite, root, site])
  await takeAlongRegistries(root, `deb ${site} ${suite} main\n`)
  await inRoot(
    root,
    'apt-get -qq update && apt-get -qq install --no-install-recommends nodejs npm >/dev/null',
    '/',
  )
  await run('git', ['clone', '--quiet', project, join(root, clone)])
}

/** Copies how this machine reaches Debian's mirror and npm's registry: sources, settings, certificates, host names. */
async function takeAlongRegistries(root: string, sources: string): Promise<void> {
  writeFileSync(join(root, 'etc/apt/sources.list'), sources)
  writeFileSync(join(root, 'etc/apt/apt.conf.d/00machine'), await run('apt-config', ['dump', 'Acquire']))
  const paths = ['etc/resolv.conf', 'etc/hosts', 'etc/ssl/certs', 'usr/local/share/ca-certificates']
  for (const path of paths.filter((path) => existsSync(join('/', path)))) {
    // Remove an existing file first: it may be a symlink to the machine's own file.
    await run('rm', ['--recursive', '--force', join(root, path)])
    await run('cp', ['--archive', '-H', join('/', path), join(root, path)])
  }
  for (const kind of ['globalconfig', 'userconfig']) {
    const file = await run('npm', ['config', 'get', kind])
    if (existsSync(file)) appendFileSync(join(root, 'root/.npmrc'), `${readFileSync(file, 'utf8')}\n`)
  }
}

/** Runs a shell line in a root, by default in the clone, and shows its output. @throws when it fails */
export async function inRoot(root: string, line: string, directory = clone): Promise<void> {
  const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child']
  const command = [join(import.meta.dirname, 'enter.sh'), root, 'sh', '-c', `cd ${directory} && ${line}`]
  const own = Object.entries(process.env).filter(([name]) => passed.test(name))
  const env = { ...Object.fromEntries(own), HOME: '/root', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
  await execa('unshare', [...namespaces, ...command], {
    env,
    extendEnv: false,
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
  })
}
