/** The built files: small, hardened, with a link for every plugin. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { readlink, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa, type Options } from 'execa'
import * as assert from 'uvu/assert'
import packageJson from '../../package.json' with { type: 'json' }
import { plugins } from '../../plugins/registry.ts'
import { compiler } from '../../scripts/build/compiler.ts'
import { quickjs as interpreter } from '../../scripts/build/quickjs-library.ts'
import { type Architecture, architectures, directoryName, engines, host } from '../../scripts/build/target.ts'
import { ensurePackages } from '../../scripts/setup.ts'
import { changedSince, ensureBuilt } from '../harness/built.ts'
import { suite, test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

const root = join(import.meta.dirname, '../..')
const dist = (name: string) => join(root, 'dist', name)
const version = {
  extendEnv: false,
  env: { CNI_COMMAND: 'VERSION' },
  input: '{"cniVersion":"1.0.0"}',
} as const

test('every plugin is a relative link to the executable beside it', async () => {
  for (const engine of engines)
    for (const name of Object.keys(plugins)) assert.is(await readlink(join(dist(engine), name)), 'patchbay')
})

// Not always the last one: executables that are newer than their sources are not built again.
test('both engines say the package’s version, and a commit of this repository', async () => {
  for (const engine of engines) {
    const { stdout } = await execa(join(dist(engine), 'patchbay'), ['version'])
    const [, version, commit = ''] = /^patchbay (.+)\+([0-9a-f]{12})(-dirty)?$/.exec(stdout) ?? []
    assert.is(version, packageJson.version, stdout)
    await execa('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root })
  }
})

test('under an unknown name the usage goes to standard error, with exit status 2', async () => {
  for (const engine of engines) {
    const { exitCode, stdout, stderr } = await execa(join(dist(engine), 'patchbay'), { reject: false })
    assert.is(exitCode, 2)
    assert.is(stdout, '')
    assert.match(stderr, /^usage: patchbay .*bridge/s)
  }
})

for (const architecture of architectures) {
  const quickjs = suite(`QuickJS, ${architecture}`)
  const executable = join(dist(directoryName({ engine: 'quickjs', architecture })), 'patchbay')

  quickjs.before(() => built(architecture))

  quickjs('has at most 4.9 MB', async () => {
    assert.ok((await stat(executable)).size <= 4_900_000)
  })

  quickjs('is static, with nothing writable that is executable or could be read-only', async () => {
    const headers = await readelf('--file-header', '--program-headers', executable)
    assert.match(headers, /Type: +EXEC/)
    assert.not.match(headers, /INTERP|DYNAMIC/)
    assert.match(headers, /GNU_RELRO/)
    assert.match(headers, /GNU_STACK .* RW /)
    assert.not.match(headers, /LOAD .* RWE /)
  })

  quickjs('has its heap at the address for which it was made', async () => {
    assert.match(await readelf('--program-headers', executable), /LOAD +0x\w+ 0x0000000010000000 .* RW /)
  })

  quickjs('has no symbols and no debugging information', async () => {
    assert.not.match(await readelf('--section-headers', executable), /\.symtab|\.debug/)
  })

  quickjs('its interpreter is compiled with stack protection', async () => {
    const { library } = await interpreter(architecture, await compiler(architecture))
    const { stdout } = await execa('nm', ['--undefined-only', library])
    assert.match(stdout, / U __stack_chk_fail$/m)
  })

  quickjs.run()
}

test('the linker’s tables are read-only when the program runs', async () => {
  await built(host)
  const child = execa(join(dist('quickjs'), 'bridge'), { extendEnv: false, env: { CNI_COMMAND: 'VERSION' } })
  const headers = await readelf('--program-headers', join(dist('quickjs'), 'patchbay'))
  const [, start = ''] = /GNU_RELRO +\w+ 0x0*(\w+)/.exec(headers) ?? []
  const page = (Number.parseInt(start, 16) & -4096).toString(16)
  await until('they are', () =>
    new RegExp(`^0*${page}-\\w+ r--p`, 'm').test(readFileSync(`/proc/${child.pid}/maps`, 'utf8')),
  )
  child.stdin.end('{}')
  await child
})

test.run()

const arm64 = suite('arm64')

/** Runs a plugin by an emulator. */
const emulated = (plugin: string, options: Options) =>
  execa('qemu-aarch64-static', [join(dist('quickjs-arm64'), plugin)], options)

arm64.before(() => ensurePackages('running an arm64 executable', ['qemu-user-static']))

arm64('answers VERSION with the same bytes as x64', async () => {
  const own = await execa(join(dist('quickjs'), 'bridge'), version)
  assert.is((await emulated('bridge', version)).stdout, own.stdout)
  assert.match(own.stdout, /"1\.1\.0"/)
})

/** A call of host-local: of all plugins it needs the least from an emulated kernel. */
function hostLocal(verb: string, input: string) {
  const attachment = { CNI_CONTAINERID: 'c', CNI_NETNS: '/n', CNI_IFNAME: 'eth0', CNI_PATH: '/p' }
  const env = { CNI_COMMAND: verb, ...attachment }
  return emulated('host-local', { extendEnv: false, reject: false, env, input })
}

arm64('allocates an address, and releases it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'patchbay-arm64-'))
  const ipam = { type: 'host-local', dataDir, ranges: [[{ subnet: '10.1.0.0/29' }]] }
  const network = JSON.stringify({ cniVersion: '1.0.0', name: 'n', type: 'host-local', ipam })
  const { stdout } = await hostLocal('ADD', network)
  assert.is(JSON.parse(String(stdout)).ips[0].address, '10.1.0.2/29')
  assert.ok(existsSync(join(dataDir, 'n/10.1.0.2')))
  const { exitCode } = await hostLocal('DEL', network)
  assert.equal([exitCode, existsSync(join(dataDir, 'n/10.1.0.2'))], [0, false])
  rmSync(dataDir, { recursive: true })
})

arm64('refuses a configuration nested too deeply, without a signal', async () => {
  const { stdout } = await hostLocal('ADD', '['.repeat(9_000) + ']'.repeat(9_000))
  assert.match(JSON.parse(String(stdout)).msg, /nested too deeply/)
})

arm64.run()

async function readelf(...args: string[]): Promise<string> {
  return (await execa('readelf', ['--wide', ...args])).stdout
}

async function built(architecture: Architecture): Promise<void> {
  if (architecture === host) return ensureBuilt('quickjs')
  const executable = join(dist(directoryName({ engine: 'quickjs', architecture })), 'patchbay')
  if (existsSync(executable) && !changedSince(executable, root)) return
  await execa(process.execPath, ['build.ts', '--engine', 'quickjs', '--arch', architecture], { cwd: root })
}
