/** Installs missing Debian packages that a build, the tests or the demo need. */

import { ExecaError, execa } from 'execa'

/** Something that the machine lacks. The message is for the user, and printed without a stack. */
export class Missing extends Error {}

/**
 * Installs those of the packages that are missing.
 * @param purpose subject of the message "the build needs …"
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

/** Installs packages; updates the package lists only when that fails without it. */
const script = `get='apt-get --quiet --option DPkg::Lock::Timeout=300'
install="$get install --yes --no-install-recommends"
$install "$@" >/dev/null 2>&1 || { $get update && $install "$@"; }`

/** Two that install at a time, of several programs, too, would both fail: apt-get waits only for some of its locks. */
async function install(names: readonly string[]): Promise<boolean> {
  const inTurn = ['--timeout', '900', '/var/lib/dpkg']
  const { failed } = await execa('flock', [...inTurn, 'sh', '-c', script, 'install', ...names], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    stdin: 'ignore',
    stdout: process.stderr,
    stderr: 'inherit',
    reject: false,
  })
  return !failed
}

/** Runs a script's work. Missing, and errors of programs, are printed without a stack. */
export async function reportMissing(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof Missing || error instanceof ExecaError) console.error(error.message)
    else if (!isPrintedByEsbuild(error)) throw error
    process.exitCode = 1
  }
}

/** Whether this is a failed build, whose errors esbuild has printed already. */
function isPrintedByEsbuild(error: unknown): boolean {
  return error instanceof Error && 'errors' in error && error.message.startsWith('Build failed')
}
