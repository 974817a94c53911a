import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'
import { makeDirectory, removeDirectories } from './request.ts'

const execute = promisify(execFile)
const worker = new URL('worker.ts', import.meta.url).pathname
const PROCESSES = 20
const CONTAINERS = 4

test.after(removeDirectories)

test('many processes at once never give an address twice, and each holds the address of its answer', async () => {
  const dataDir = makeDirectory()
  const names = Array.from({ length: PROCESSES }, (_, at) => `p${at}`)
  const outputs = await Promise.all(
    names.map((name) => execute(process.execPath, [worker, dataDir, name, String(CONTAINERS)])),
  )
  const given = outputs.flatMap(({ stdout }) => stdout.trim().split('\n'))
  assert.is(given.length, PROCESSES * CONTAINERS)
  for (const line of given) {
    const [containerID, address = ''] = line.split(' ')
    const file = `${dataDir}/net/${address.replace(/\/\d+$/, '')}`
    assert.is(readFileSync(file, 'latin1'), `${containerID}\r\neth0`)
  }
  const reservations = readdirSync(`${dataDir}/net`).filter((name) => /^[0-9a-f:.]+$/.test(name))
  const holders = reservations.map((name) => readFileSync(`${dataDir}/net/${name}`, 'latin1'))
  assert.is(reservations.length, PROCESSES * CONTAINERS * 2)
  assert.is(new Set(holders).size, PROCESSES * CONTAINERS)
})

test.run()
