/** The agent's sites: what a store's end does to its parts, and a failure to what is arranged next. */

import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { AgentNetwork, MakePart } from '../../../../cli/agent/part.ts'
import { openSite } from '../../../../cli/agent/site.ts'
import { arranging } from '../../../../cli/agent/sites.ts'
import { test } from '../../../harness/test.ts'
import { until } from '../../../harness/until.ts'

const log = { warn() {}, info() {} }
const settings = { beat: 60_000, emptyFor: 60_000 }
const storeAt = (port: number) => ({
  endpoints: [`http://127.0.0.1:${port}`],
  ...{ prefix: '/p/', host: 'one' },
})
const network: AgentNetwork = { name: 'net', plugin: 'bridge', raw: {}, peers: false }
const idle = { use() {}, metrics: () => [], troubles: () => [] }

test('a part that waits for an etcd without an answer ends with its site', async () => {
  const etcd = createServer()
  await new Promise<void>((resolve) => etcd.listen(0, '127.0.0.1', resolve))
  const asked = new Promise((resolve) => etcd.once('stream', resolve))
  let failure: Promise<Error> | undefined
  const waiting: MakePart = ({ connection }) => {
    failure = connection.ask({ kind: 'range', from: '/p/epoch' }).then(
      () => assert.unreachable(),
      (error) => error,
    )
    return { ...idle, stop: async () => void (await failure) }
  }
  const site = openSite(storeAt((etcd.address() as AddressInfo).port), { makers: [waiting], log, settings })
  await asked
  await site.stop()
  assert.match((await failure)?.message ?? '', /Cancelled/)
  etcd.close()
})

test('what a part has begun is done before its site ends', async () => {
  const etcd = createServer()
  await new Promise<void>((resolve) => etcd.listen(0, '127.0.0.1', resolve))
  let isOpen = true
  const ending: MakePart = ({ connection }) => {
    const { close } = connection
    connection.close = () => {
      isOpen = false
      close.call(connection)
    }
    const stop = async () => {
      await turn()
      assert.ok(isOpen)
    }
    return { ...idle, stop }
  }
  const site = openSite(storeAt((etcd.address() as AddressInfo).port), { makers: [ending], log, settings })
  await until('it is connected', () => site.troubles().length === 0)
  await site.stop()
  assert.not(isOpen)
  etcd.close()
})

test('the end of a site fails: the next attempt goes on with what is to be', async () => {
  let made = 0
  const used: string[] = []
  const maker: MakePart = () => {
    const isFirst = made++ === 0
    const use = (networks: readonly AgentNetwork[]) => void used.push(...networks.map(({ name }) => name))
    const stop = async () => {
      if (isFirst) throw new Error('a file is gone')
    }
    return { ...idle, use, stop }
  }
  const arranged = arranging({ log, settings }, [maker])
  await arranged.to([{ network, store: storeAt(1) }], false)
  await until('it is used', () => used.length === 1)
  const next = [{ network: { ...network, name: 'next' }, store: storeAt(2) }]
  await arranged.to(next, false).then(
    () => assert.unreachable(),
    (error) => assert.is(error.message, 'a file is gone'),
  )
  await arranged.to(next, false)
  await until('the next one is used', () => used.includes('next'))
  await Promise.all(arranged.sites().map((site) => site.stop()))
})

test.run()
