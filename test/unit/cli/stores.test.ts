/** What is found in the directories of host-local while containers come and go. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { storesIn } from '../../../cli/host/stores.ts'
import { recordOf } from '../../../shared/ipam/host-local/records.ts'
import { suite } from '../../harness/test.ts'

const test = suite<{ directory: string }>('stores')

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), 'patchbay-'))
  mkdirSync(join(context.directory, 'net'))
})

test.after.each(({ directory }) => rmSync(directory, { recursive: true }))

/** Reserves and releases addresses as long as it runs: a record gets its name when it is complete. */
const comeAndGo = `
  const { linkSync, unlinkSync } = require('node:fs')
  const { parentPort, workerData: [record, network] } = require('node:worker_threads')
  const files = Array.from({ length: 10 }, (_, at) => network + '/10.0.0.' + (at + 1))
  parentPort.postMessage('begun')
  for (;;) {
    for (const file of files) linkSync(record, file)
    for (const file of files) unlinkSync(file)
  }`

test('an address that is released while it is looked at is not one without a container', async ({
  directory,
}) => {
  const record = join(directory, 'record')
  writeFileSync(record, recordOf({ containerID: 'c1', ifname: 'eth0' }))
  const worker = new Worker(comeAndGo, { eval: true, workerData: [record, join(directory, 'net')] })
  await new Promise((resolve) => worker.once('message', resolve))
  const looks = Array.from({ length: 1000 }, () => storesIn([directory]).flatMap(({ nameless }) => nameless))
  await worker.terminate()
  assert.equal(looks.flat(), [])
})

test('a file that names no container is found', ({ directory }) => {
  writeFileSync(join(directory, 'net', '10.0.0.2'), '\0\0')
  const [store] = storesIn([directory])
  assert.equal(store?.nameless, [join(directory, 'net', '10.0.0.2')])
})

test.run()
