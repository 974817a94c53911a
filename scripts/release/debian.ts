/** The Debian package of a release: the files of an archive, where Debian has them, with deploy/debian. */

import { createHash } from 'node:crypto'
import { globSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { scripts as completion } from '../../cli/form/completion.ts'
import { type Architecture, debian } from '../build/target.ts'
import { run } from '../run.ts'
import { ensurePackages } from '../setup.ts'
import { entriesOf, setTimes, type Tree, type TreeEntry, treeIn } from './tree.ts'

const project = join(import.meta.dirname, '../..')
const deploy = join(project, 'deploy')
const scripts = ['postinst', 'prerm', 'postrm']
const doc = 'usr/share/doc/patchbay'

type Shell = keyof typeof completion

/** Where each shell looks for completion. */
const completions: Record<Shell, string> = {
  bash: 'usr/share/bash-completion/completions/patchbay',
  zsh: 'usr/share/zsh/vendor-completions/_patchbay',
  fish: 'usr/share/fish/vendor_completions.d/patchbay.fish',
}

export interface DebianOptions {
  architecture: Architecture
  version: string
  /** The time of all files, since the epoch. */
  seconds: number
  /** Name and e-mail address, as `NAME <ADDRESS>`. */
  maintainer: string
}

/**
 * Makes a package whose bytes depend only on what is in it.
 * @param files the directory of an archive, with `bin`, `licenses`, `conf-examples` and the rest
 * @param out the directory for the package
 * @returns the name of the package's file
 */
export async function debianPackage(files: string, out: string, options: DebianOptions): Promise<string> {
  await ensurePackages('a Debian package', ['dpkg'])
  const [version, architecture] = [`${options.version}-1`, debian[options.architecture]]
  const name = `patchbay_${version}_${architecture}.deb`
  const root = `${files}.deb`
  await mkdir(root)
  try {
    await placeFiles(files, treeIn(root))
    await placeDocs(files, treeIn(root), version, options)
    await control(root, { ...options, version, architecture })
    await run('chmod', ['--recursive', 'u=rwX,go=rX', root])
    await setTimes(root, options.seconds)
    // One thread: with several, xz divides its input by their number.
    const same = ['--root-owner-group', '-Zxz', '--threads-max=1']
    const env = { SOURCE_DATE_EPOCH: String(options.seconds) }
    await run('dpkg-deb', [...same, '--build', root, join(out, name)], { env })
  } finally {
    await rm(root, { recursive: true })
  }
  return name
}

async function placeFiles(files: string, tree: Tree): Promise<void> {
  await tree.copy(join(files, 'bin'), 'usr/lib/patchbay')
  await tree.link('usr/sbin/patchbay', '../lib/patchbay/patchbay')
  await tree.copy(join(files, 'schemas'), 'usr/share/patchbay/schemas')
  await tree.copy(join(deploy, 'systemd'), 'usr/lib/systemd/system')
  await tree.copy(join(deploy, 'debian/lintian-overrides'), 'usr/share/lintian/overrides/patchbay')
  await tree.gzip(
    'usr/share/man/man8/patchbay.8.gz',
    await readFile(join(project, 'docs/cli/patchbay.8'), 'utf8'),
  )
  for (const [shell, path] of Object.entries(completions))
    await tree.text(path, `${completion[shell as Shell]}\n`)
}

async function placeDocs(
  files: string,
  tree: Tree,
  version: string,
  { seconds, maintainer }: DebianOptions,
): Promise<void> {
  const text = (name: string) => readFile(join(files, name), 'utf8')
  const date = new Date(seconds * 1000).toUTCString().replace('GMT', '+0000')
  const change = `  * The release ${version.replace(/-1$/, '')}: changelog.gz says what changed.`
  for (const page of globSync('{docs,plugins,shared}/**/*.md', { cwd: project }))
    await tree.copy(join(project, page), `${doc}/${page}`)
  await tree.copy(join(files, 'conf-examples'), `${doc}/examples`)
  await tree.link(`${doc}/conf-examples`, 'examples') // the pages' links lead there
  for (const folder of ['kubernetes', 'containerd'])
    await tree.copy(join(deploy, folder), `${doc}/examples/${folder}`)
  await tree.copy(join(files, 'README.md'), `${doc}/README.md`)
  await tree.copy(join(deploy, 'debian/README.Debian'), `${doc}/README.Debian`)
  await tree.gzip(`${doc}/changelog.gz`, await text('CHANGELOG.md'))
  await tree.gzip(
    `${doc}/changelog.Debian.gz`,
    `patchbay (${version}) unstable; urgency=medium\n\n${change}\n\n -- ${maintainer}  ${date}\n`,
  )
  await tree.text(`${doc}/copyright`, await copyright(files))
}

/** Patchbay's licence, and the texts of what else is in the executable. */
async function copyright(files: string): Promise<string> {
  const names = (await readdir(join(files, 'licenses'))).sort()
  const texts = names.map(async (name) => {
    const text = await readFile(join(files, 'licenses', name), 'utf8')
    return `\n${'-'.repeat(78)}\nThe executable contains ${name}:\n\n${text}`
  })
  const own =
    'Patchbay. Copyright: its authors.\nLicense: Apache-2.0. On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n'
  return [own, ...(await Promise.all(texts))].join('')
}

/** Writes the package's own data: control, md5sums and the scripts. */
async function control(root: string, fields: Record<string, string | number>): Promise<void> {
  const entries = await entriesOf(root)
  const sums = entries.filter(({ isFile }) => isFile).map(({ path }) => sumOf(root, path))
  const values: typeof fields = { ...fields, size: await kibibytesOf(entries) }
  const template = await readFile(join(deploy, 'debian/control'), 'utf8')
  const tree = treeIn(join(root, 'DEBIAN'))
  await tree.text(
    'control',
    template.replace(/\$\{(\w+)\}/g, (_, name) => String(values[name])),
  )
  await tree.text('md5sums', (await Promise.all(sums)).join(''))
  for (const name of scripts) {
    await tree.copy(join(deploy, 'debian', name), name)
    await chmod(join(root, 'DEBIAN', name), 0o755)
  }
}

async function sumOf(root: string, path: string): Promise<string> {
  const hash = createHash('md5').update(await readFile(path))
  return `${hash.digest('hex')}  ${relative(root, path)}\n`
}

/** Installed-Size as Debian counts it: each file rounded up, one for everything else (deb-substvars(5)). */
async function kibibytesOf(entries: readonly TreeEntry[]): Promise<number> {
  const sizes = entries.map(async ({ path, isFile }) =>
    isFile ? Math.ceil((await stat(path)).size / 1024) : 1,
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
