/** The agent's pages by HTTP: at a socket's path, and for clients and pages that do not do as they should. */

import { existsSync, linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { close, type Pages, serve } from '../../../../cli/agent/http.ts'
import { test } from '../../../harness/test.ts'
import { until } from '../../../harness/until.ts'

const directory = mkdtempSync(join(tmpdir(), 'agent-http-'))
const path = join(directory, 'socket')
const well: Pages = { metrics: () => 'metrics', troubles: () => [] }

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ socketPath: path, path: url }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

test('a socket that a killed agent has left is replaced; one of another program, and a file that is none, stay, and are errors', async () => {
  const other = createServer().listen(`${path}.other`)
  await new Promise((resolve) => other.once('listening', resolve))
  linkSync(`${path}.other`, path)
  await serve({ path }, well).then(
    () => assert.unreachable(),
    ({ message }) => assert.match(message, `another program listens at ${path}`),
  )
  assert.ok(existsSync(path))
  other.close()
  const server = await serve({ path }, well)
  assert.is(await statusOf('/metrics'), 200)
  close(server)
  rmSync(path, { force: true })
  writeFileSync(path, 'a file of the host')
  await serve({ path }, well).then(
    () => assert.unreachable(),
    ({ message }) => assert.match(message, /EADDRINUSE|no socket/),
  )
  assert.is(readFileSync(path, 'utf8'), 'a file of the host')
  rmSync(path)
})

test('a page that fails answers 500, and the server goes on', async () => {
  const metrics = () => {
    throw new Error('too many open files')
  }
  const server = await serve({ path }, { ...well, metrics })
  assert.equal([await statusOf('/metrics'), await statusOf('/healthz')], [500, 200])
  close(server)
})

test('clients that do not read their answers are cut off: others are served', async () => {
  const long = 'x'.repeat(8 << 20)
  const server = await serve({ path }, { ...well, metrics: () => long }, 100)
  const slow = Array.from({ length: 20 }, () => connect(path))
  const ended = slow.map((one) => new Promise((resolve) => one.on('close', resolve).on('error', () => {})))
  for (const one of slow) one.pause().write('GET /metrics HTTP/1.1\r\nHost: agent\r\n\r\n')
  const isServed = () =>
    statusOf('/healthz').then(
      (status) => status === 200,
      () => false,
    )
  await until('another client is served', isServed)
  for (const one of slow) one.destroy()
  await Promise.all(ended)
  close(server)
})

test.after(() => rmSync(directory, { recursive: true }))
test.run()
