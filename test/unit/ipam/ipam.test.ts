import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { Request } from '../../../shared/cni/plugin.ts'
import { network } from '../../../shared/config/config.ts'
import { type Ipam, ipamOf } from '../../../shared/ipam/ipam.ts'
import { test } from '../../harness/test.ts'
import { passTick } from '../../harness/tick.ts'
import { until } from '../../harness/until.ts'
import { fails, logged, makeDirectory, removeDirectories, requestOf } from './request.ts'

let bin: string
let dataDir: string
test.before.each(() => {
  bin = makeDirectory()
  dataDir = makeDirectory()
})
test.after.each(removeDirectories)

/** An interface plugin's request, with an `ipam` section. */
function outer(ipam: object, more: Partial<Request<never>> = {}, rest: object = {}): Request<never> {
  const plugin = { name: 'wire', config: network({}) }
  return requestOf(plugin, { ipam, ...rest }, {
    path: ['/nonexistent', bin],
    ...more,
  } as object) as Request<never>
}
const ipam = (...args: Parameters<typeof outer>) => ipamOf(outer(...args)) as Ipam

/** Puts a delegate into CNI_PATH that records its calls and then runs a shell line. */
function install(name: string, line: string): void {
  const script = `#!/bin/sh\ncat > ${bin}/input\necho $CNI_COMMAND $SOME_VARIABLE >> ${bin}/calls\n${line}\n`
  writeFileSync(`${bin}/${name}`, script, { mode: 0o755 })
}
const calls = () => readFileSync(`${bin}/calls`, 'utf8').trim().split('\n')

test('a network without ipam.type has no IPAM', () => {
  assert.is(ipamOf(outer({})), undefined)
  assert.is(ipamOf({ ...outer({}), config: {} } as never), undefined)
})

test('host-local that is a link to this executable runs in the same process', async () => {
  symlinkSync(process.execPath, `${bin}/host-local`)
  const section = { type: 'host-local', dataDir, Subnet: '10.1.2.0/24' }
  const { ips } = await ipam(section).add()
  assert.equal(ips, [{ address: '10.1.2.2/24', gateway: '10.1.2.1' }])
  assert.is(readFileSync(`${dataDir}/net/10.1.2.2`, 'latin1'), 'c1\r\neth0')
  await ipam(section, { prevResult: { interfaces: [], ips, routes: [], dns: {} } }).check()
  await ipam(section).status()
  await ipam(section).del()
  await fails(() => ipam(section).check(), 999, /^host-local: Failed to find address/)
})

test('in the same process, GC reaches the delegate, and DEL uses the valid parts of the configuration', async () => {
  symlinkSync(process.execPath, `${bin}/host-local`)
  const section = { type: 'host-local', dataDir, subnet: '10.1.2.0/24' }
  await ipam(section).add()
  await ipam(section, { containerID: 'c2' }).add()
  passTick()
  await ipam(section, { validAttachments: [{ containerID: 'c2', ifname: 'eth0' }] }).gc()
  await fails(() => ipam(section).check(), 999, /^host-local: Failed to find address/)
  await ipam({ ...section, subnet: 5 }, { containerID: 'c2' }).del()
  await fails(() => ipam(section, { containerID: 'c2' }).check(), 999, /^host-local: Failed to find address/)
})

test('static that is a link to this executable, at any depth of links, runs in the same process', async () => {
  mkdirSync(`${bin}/deep`)
  symlinkSync(process.execPath, `${bin}/deep/patchbay`)
  symlinkSync('deep/patchbay', `${bin}/static`)
  const { ips } = await ipam({ type: 'static', addresses: [{ address: '10.1.2.3/24' }] }).add()
  assert.equal(ips, [{ address: '10.1.2.3/24' }])
})

test('prepare refuses a bad ipam section', async () => {
  symlinkSync(process.execPath, `${bin}/host-local`)
  await fails(
    () => ipam({ type: 'host-local', subnet: '10.1.2.1/24' }).prepare(),
    7,
    /Network has host bits set/,
  )
  await fails(() => ipam({ type: 'nosuch' }).prepare(), 7, /^failed to find plugin "nosuch"/)
})

test('a plugin of the same name from another project is executed', async () => {
  install('host-local', `echo '{"cniVersion":"1.1.0","ips":[{"address":"192.0.2.9/24"}]}'`)
  const { ips } = await ipam({ type: 'host-local', subnet: '10.1.2.0/24' }).add()
  assert.equal(ips, [{ address: '192.0.2.9/24' }])
})

test('a delegate gets the same environment and input, except for CNI_COMMAND', async () => {
  install('other', 'echo null')
  process.env.SOME_VARIABLE = 'kept'
  const input = '{ "name":\t"net", "ipam": {"type": "other"} }\n'
  const delegate = ipam({ type: 'other' }, { input })
  await delegate.add()
  assert.is(readFileSync(`${bin}/input`, 'utf8'), input)
  for (const verb of ['del', 'check', 'status', 'gc'] as const) await delegate[verb]()
  assert.equal(calls(), ['ADD kept', 'DEL kept', 'CHECK kept', 'STATUS kept', 'GC kept'])
  delete process.env.SOME_VARIABLE
})

test('a delegate may answer in any version, without a version, or with null', async () => {
  install('oldest', `echo '{"cniVersion":"0.2.0","ip4":{"ip":"192.0.2.9/24","gateway":"192.0.2.1"}}'`)
  assert.equal((await ipam({ type: 'oldest' }).add()).ips, [
    { address: '192.0.2.9/24', gateway: '192.0.2.1' },
  ])
  install('silent', `echo '{"ip4":{"ip":"192.0.2.9/24"}}'`)
  const { ips } = await ipam({ type: 'silent' }, { cniVersion: '0.2.0' }, { cniVersion: '0.2.0' }).add()
  assert.equal(ips, [{ address: '192.0.2.9/24' }])
  install('none', 'echo null')
  assert.equal((await ipam({ type: 'none' }).add()).ips, [])
})

test('the error of a delegate is passed on, and its failed ADD is followed by its DEL', async () => {
  install('failing', `echo '{"code":42,"msg":"no luck","details":"today"}'; exit 1`)
  const error = await fails(() => ipam({ type: 'failing' }).add(), 42, 'no luck')
  assert.is(error.details, 'today')
  assert.equal(calls(), ['ADD', 'DEL'])
  assert.equal(logged, ['no luck'])
})

test('a delegate whose answer is no result is called again with DEL', async () => {
  install('babbling', 'echo hello')
  await fails(() => ipam({ type: 'babbling' }).add(), 6, /^error unmarshall answer of babbling/)
  assert.equal(calls(), ['ADD', 'DEL'])
})

test('the output of a delegate that fails without an error is quoted', async () => {
  install('mute', 'exit 3')
  await fails(
    () => ipam({ type: 'mute' }).del(),
    999,
    'netplugin failed with no error message: exit status 3',
  )
  install('loud', 'echo ouch >&2; exit 3')
  await fails(() => ipam({ type: 'loud' }).del(), 999, 'netplugin failed: "ouch": exit status 3')
  install('broken', 'echo oops; exit 3')
  const error = await fails(() => ipam({ type: 'broken' }).del(), 999, /exit status 3$/)
  assert.match(error.details, 'it answered "oops\\n"')
})

test('what a delegate writes to standard error goes to standard error', () => {
  install('loud', 'echo ouch >&2')
  const code = `import { execute } from '${new URL('../../../shared/ipam/delegate.ts', import.meta.url)}'
    await execute('${bin}/loud', 'DEL', { input: '' })`
  const options = ['--no-warnings', '--input-type=module', '--eval', code]
  const { status, stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8' })
  assert.equal({ status, stdout, stderr }, { status: 0, stdout: '', stderr: 'ouch\n' })
})

test('a plugin that is missing, or named by a path, is an error of every verb', async () => {
  const missing = `failed to find plugin "nosuch" in path [/nonexistent ${bin}]`
  for (const verb of ['add', 'del', 'check', 'status', 'gc'] as const)
    await fails(() => ipam({ type: 'nosuch' })[verb](), 7, missing)
  const request = { ...outer({}), config: { ipam: { type: '../sh' } } }
  await fails(() => ipamOf(request as never)?.add(), 7, 'invalid plugin name: ../sh')
  await fails(() => ipam({ type: 'nosuch' }, { path: [] }).add(), 7, 'no paths provided')
})

test('a delegate whose file is being written is called again until it can be executed', async () => {
  install('busy', 'echo null')
  // It is called for a second only, in which a busy machine may not end the writer.
  await until('the writer ends in time', async () => {
    rmSync(`${bin}/calls`, { force: true })
    const writer = spawn('sh', ['-c', `exec 3>>${bin}/busy; echo; sleep 0.1`])
    await once(writer.stdout, 'data')
    const said = await ipam({ type: 'busy' })
      .add()
      .then(({ ips }) => JSON.stringify(ips), String)
    assert.match(said, /^\[\]$|exit status 127/)
    return said === '[]'
  })
  assert.equal(calls(), ['ADD'])
})

test('directories and files without execute permission are no plugins', async () => {
  mkdirSync(`${bin}/directory`)
  await fails(() => ipam({ type: 'directory' }).add(), 7, /^failed to find plugin "directory"/)
  install('text', 'true')
  chmodSync(`${bin}/text`, 0o644)
  await fails(() => ipam({ type: 'text' }).del(), 999, `${bin}/text is not executable`)
})

test.run()
