/** Ranges of etcd's keys are followed through everything that ends a watch: no change is lost, and none is told twice. */
// etcd: 3.4, 3.5

import * as assert from 'uvu/assert'
import { entriesBelow } from '../../shared/store/claims/pages.ts'
import { type Connection, perform, type StoreStep } from '../../shared/store/connection.ts'
import { connect } from '../../shared/store/etcd.ts'
import { allBelow } from '../../shared/store/keys.ts'
import { StoreAway } from '../../shared/store/protocol.ts'
import { type Etcd, startEtcd } from '../harness/etcd.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const prefix = '/patchbay/'

/** What a follower was told, one line each: `whole a=1 b=2`, `+a=1`, `-a`, `away`; and how all is now. */
interface Told {
  lines: string[]
  now: Map<string, string>
  /** Each change of a value, with its revision: a put may be repeated whose answer was late. */
  versions: string[]
  close(): void
}

function follow(connection: Connection): Told {
  const [lines, versions, now]: [string[], string[], Map<string, string>] = [[], [], new Map()]
  const nameOf = (key: string) => key.slice(prefix.length)
  const { close } = connection.follow(allBelow(prefix), {
    whole({ entries }) {
      now.clear()
      for (const { key, value } of entries) now.set(nameOf(key), value)
      lines.push(['whole', ...[...now].map((pair) => pair.join('='))].join(' '))
    },
    changed(changes) {
      for (const { key, entry } of changes) {
        lines.push(entry ? `+${nameOf(key)}=${entry.value}` : `-${nameOf(key)}`)
        if (entry) versions.push(`${nameOf(key)} ${entry.modified}`)
        if (entry) now.set(nameOf(key), entry.value)
        else now.delete(nameOf(key))
      }
    },
    away: () => lines.push('away'),
  })
  return { lines, now, versions, close }
}

const put = (name: string, value: string): StoreStep => ({
  kind: 'transact',
  when: [],
  do: [{ put: { key: prefix + name, value } }],
  otherwise: [],
})

/** Asks until a member answers: a transaction whose outcome is not known is not repeated by the connection. */
async function surely(connection: Connection, step: StoreStep): Promise<void> {
  await until('the store answers', async () => {
    try {
      await connection.ask(step)
      return true
    } catch (error) {
      if (error instanceof StoreAway) return false
      throw error
    }
  })
}

async function opened(etcd: Etcd): Promise<{ connection: Connection; told: Told; end(): Promise<void> }> {
  const connection = (await connect?.(etcd.store())) as Connection
  const told = follow(connection)
  await until('the range was read', () => told.lines.length > 0)
  const end = async () => {
    told.close()
    connection.close()
    await etcd.end()
  }
  return { connection, told, end }
}

/** Everything that was told besides `away`. */
const changesOf = ({ lines }: Told) => lines.filter((line) => line !== 'away')

test('etcd 3.4: puts and removals come in order; a restart of the only member is told and loses nothing', async () => {
  const etcd = await startEtcd({ version: '3.4' })
  const { connection, told, end } = await opened(etcd)
  await connection.ask(put('a', '1'))
  const remove: StoreStep = {
    kind: 'transact',
    when: [],
    do: [{ remove: { from: `${prefix}a` } }],
    otherwise: [],
  }
  await connection.ask(remove)
  await connection.ask(put('b', '2'))
  await until('b is told', () => told.now.has('b'))
  const [member] = etcd.members
  await member?.kill()
  await until('the loss is told', () => told.lines.includes('away'))
  member?.start()
  await member?.ready()
  etcd.etcdctl('put', `${prefix}c`, '3')
  await until('c is told', () => told.now.has('c'))
  assert.equal(changesOf(told), ['whole', '+a=1', '-a', '+b=2', '+c=3'])
  await many(connection)
  await end()
})

/** Of thousands of keys all are told, in pages, also where values are too long for one; what would be too much for an answer is refused. */
async function many(connection: Connection): Promise<void> {
  const putAll = (values: readonly string[], name: string) =>
    surely(connection, {
      ...{ kind: 'transact', when: [], otherwise: [] },
      do: values.map((value, at) => ({ put: { key: `${prefix}${name}/${at}`, value } })),
    })
  for (let at = 0; at < 21; at++) await putAll(Array<string>(100).fill('x'), `many/${at}`)
  const { now, close } = follow(connection)
  await until('all are told', () => now.size === 2102)
  close()
  for (let at = 0; at < 13; at++) await putAll(['x'.repeat(1.4e6)], `long/${at}`)
  const tooMuch: StoreStep = { kind: 'range', ...allBelow(`${prefix}long/`) }
  await surely(connection, tooMuch).then(
    () => assert.unreachable('18 MB were read'),
    (error) => assert.match(error.message, 'is larger than 16 MB'),
  )
  const all = follow(connection)
  await until('the long ones are told', () => all.now.size === 2115)
  all.close()
  const read = await perform(connection, () => ({ done: false }), entriesBelow(prefix))
  assert.is(read.length, 2115)
}

test('of three members each is killed, and one hangs: the watch goes on at another one, without reading the range anew', async () => {
  const etcd = await startEtcd({ members: 3 })
  const { connection, told, end } = await opened(etcd)
  await surely(connection, put('first', '0'))
  const [first] = etcd.members
  const ofOne = (await connect?.({ endpoints: [first?.endpoint ?? ''], prefix })) as Connection
  const toldByOne = follow(ofOne)
  await until('the range was read from one member', () => toldByOne.now.has('first'))
  for (const member of etcd.members) {
    await member.kill()
    await surely(connection, put('during', member.name))
    await until(`the change without ${member.name} is told`, () => told.now.get('during') === member.name)
    if (member === first) etcd.compact()
    member.start()
    await member.ready()
  }
  await until('what was compacted is read anew', () => toldByOne.now.get('during') === etcd.members[2]?.name)
  assert.is(toldByOne.lines.filter((line) => line.startsWith('whole')).length, 2)
  toldByOne.close()
  ofOne.close()

  const hung = await etcd.leader()
  hung.pause()
  await surely(connection, put('during', 'a hang'))
  await until('the change during a hang is told', () => told.now.get('during') === 'a hang')
  assert.is(told.lines.filter((line) => line.startsWith('whole')).length, 1, told.lines.join('\n'))
  assert.is(new Set(told.versions).size, told.versions.length, 'no change was told twice')
  await end()
})

test('a backup that was restored is read whole, although it has come to the revisions that were seen', async () => {
  const etcd = await startEtcd({})
  const { connection, told, end } = await opened(etcd)
  await surely(connection, put('old', '1'))
  const backup = `${scratch}/backup`
  etcd.snapshot(backup)
  await surely(connection, put('lost', '1'))
  await until('both are told', () => told.now.size === 2)
  const before = etcd.revision()
  await etcd.restore(backup)
  let last = 0
  for (; etcd.revision() <= before; last++) etcd.etcdctl('put', `${prefix}new`, `${last + 1}`)
  await until('the restored range is told', () => !told.now.has('lost') && told.now.get('new') === `${last}`)
  assert.equal([...told.now.keys()].sort(), ['new', 'old'])
  await end()
})

test.run()
