/** A standard error without a reader, or closed, changes nothing about a call. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { engines } from '../../scripts/build/target.ts'
import { suite } from '../harness/test.ts'

const work = mkdtempSync(join(tmpdir(), 'patchbay-stderr-'))
const call = { CNI_CONTAINERID: 'c', CNI_NETNS: '/n', CNI_IFNAME: 'eth0', CNI_PATH: work }
const ipam = { type: 'host-local', dataDir: join(work, 'networks'), ranges: [[{ subnet: '10.1.0.0/29' }]] }
const network = { cniVersion: '1.0.0', name: 'n', type: 'host-local', ipam }
const mistyped = { ...network, ipam: { ...ipam, resolvConf: 5 } }

/** File descriptor 2, in bash: the pipe's reader has ended before the plugin starts. */
const fates = {
  'is closed': '"$0" 2>&-',
  'is a broken pipe': 'exec 3> >(:); wait $!; "$0" 2>&3 3>&-',
}

/** Runs a line of bash with the default action of SIGPIPE: the process is killed. */
function inBash(script: string, executable: string, env: Record<string, string>, input: object) {
  const options = { env: { ...call, ...env }, input: JSON.stringify(input), reject: false } as const
  return execa('bash', ['-c', script, executable], options)
}

for (const engine of engines) {
  const test = suite(engine)
  const executable = join(import.meta.dirname, '../../dist', engine, 'host-local')

  test('with the configuration of these tests DEL prints a warning', async () => {
    const { exitCode, stderr } = await inBash('"$0"', executable, { CNI_COMMAND: 'DEL' }, mistyped)
    assert.is(exitCode, 0)
    assert.match(stderr, /^patchbay host-local: warning: .*resolvConf/)
  })

  for (const [fate, script] of Object.entries(fates)) {
    test(`when standard error ${fate}, ADD still answers and DEL still releases`, async () => {
      const added = await inBash(script, executable, { CNI_COMMAND: 'ADD' }, network)
      assert.is(added.exitCode, 0)
      const [ip] = JSON.parse(added.stdout).ips
      // DEL prints a warning before it releases.
      const deleted = await inBash(script, executable, { CNI_COMMAND: 'DEL' }, mistyped)
      assert.equal([deleted.exitCode, deleted.signal, deleted.stdout], [0, undefined, ''])
      const again = await inBash(script, executable, { CNI_COMMAND: 'ADD' }, network)
      assert.is(again.exitCode, 0, `${ip.address} should have been released: ${again.stdout}`)
      await inBash('"$0"', executable, { CNI_COMMAND: 'DEL' }, network)
    })
  }

  test.run()
}

process.on('exit', () => rmSync(work, { recursive: true, force: true }))
