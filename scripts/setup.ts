/** Installs the Debian packages that a build, the tests or the demo need, when they are missing. */

import { ExecaError, execa } from 'execa'

/** Something the machine lacks: a sentence for the user, to whom a stack would say nothing more. */
export class Missing extends Error {}

/**
 * Installs those of some Debian packages that are missing.
 * @param purpose who needs them, to begin the sentence "the build needs gcc"
 * @throws Missing when they cannot be installed
 */
export async function ensurePackages(purpose: string, names: readonly string[]): Promise<void> {
  const installed = await installedOf(names)
  const missing = names.filter((name) => !installed.has(name)).join(' ')
  if (missing === '') return
  if (process.getuid?.() !== 0)
    throw new Missing(`${purpose} needs packages that are missing; as root: apt-get install ${missing}`)
  console.error(`${purpose} needs packages that are missing, installing: ${missing}`)
  if (!(await install(missing.split(' '))))
    throw new Missing(`${purpose} needs packages that could not be installed: apt-get install ${missing}`)
}

async function installedOf(names: readonly string[]): Promise<Set<string>> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own way of naming fields
  const format = '${db:Status-Status} ${Package}\n'
  const { stdout } = await execa('dpkg-query', ['--show', '--showformat', format, ...names], {
    reject: false,
  })
  const lines = (stdout ?? '').split('\n').map((line) => line.split(' '))
  return new Set(lines.filter(([status]) => status === 'installed').map(([, name]) => name as string))
}

/** The package lists are brought up to date only when what they say does not work. */
async function install(names: readonly string[]): Promise<boolean> {
  const install = ['install', '--yes', '--no-install-recommends', ...names]
  if (await apt(install, 'ignore')) return true
  return (await apt(['update'], 'inherit')) && (await apt(install, 'inherit'))
}

async function apt(args: readonly string[], output: 'ignore' | 'inherit'): Promise<boolean> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const { failed } = await execa('apt-get', ['--quiet', '--option', 'DPkg::Lock::Timeout=300', ...args], {
    env,
    stdin: 'ignore',
    stdout: output === 'ignore' ? 'ignore' : process.stderr,
    stderr: output,
    reject: false,
  })
  return !failed
}

/** Runs a script's work; what is missing, or what a program complained of, is told without a stack. */
export async function reportMissing(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof Missing || error instanceof ExecaError) console.error(error.message)
    else if (!isToldByEsbuild(error)) throw error
    process.exitCode = 1
  }
}

/** Whether this is a failed build, of which esbuild has written every error already. */
function isToldByEsbuild(error: unknown): boolean {
  return error instanceof Error && 'errors' in error && error.message.startsWith('Build failed')
}
