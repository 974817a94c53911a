/** In any order of events, no address has two holders, and none is lost. */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Result } from '../../../shared/cni/result.ts'
import { CniError } from '../../../shared/error/error.ts'
import { indexHome, indexRoot } from '../../../shared/ipam/host-local/index.ts'
import { hostLocal } from '../../../shared/ipam/host-local/plugin.ts'
import { test } from '../../harness/test.ts'
import { passTick } from '../../harness/tick.ts'
import { makeDirectory, removeDirectories, requestOf } from './request.ts'

test.after(removeDirectories)

/** Six addresses of each family, so that ranges fill. */
const ranges = [[{ subnet: '10.1.2.0/29' }], [{ subnet: 'fd00::/64', rangeEnd: 'fd00::7' }]]
const USABLE = [5, 6]
const containers = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

const container = fc.constantFrom(...containers)
const one = <Kind extends string>(kind: Kind) => fc.record({ kind: fc.constant(kind), container })
/** Events that change a network's reservations. */
const event = fc.oneof(
  { weight: 12, arbitrary: one('ADD') },
  { weight: 12, arbitrary: one('DEL') },
  fc.record({ kind: fc.constant('GC' as const), valid: fc.subarray(containers) }),
  one('reference ADD'),
  one('reference DEL'),
  fc.constant({ kind: 'reboot' as const }),
  fc.constant({ kind: 'crash' as const }),
  fc.constant({ kind: 'index lost' as const }),
)

/** A network, and the expected holder of each address. */
class Network {
  readonly dataDir = makeDirectory()
  readonly held = new Map<string, string>()
  private boots = 0

  get directory() {
    return `${this.dataDir}/net`
  }

  request(containerID: string, more: object = {}) {
    const ipam = { type: 'host-local', dataDir: this.dataDir, ranges }
    return requestOf(hostLocal, { ipam }, { containerID, ...more })
  }

  has(containerID: string): boolean {
    return [...this.held.values()].includes(containerID)
  }

  add(containerID: string): void {
    try {
      const { ips } = hostLocal.add(this.request(containerID)) as Result
      assert.not.ok(this.has(containerID), 'an ADD without a DEL before it succeeded')
      for (const { address } of ips) this.put(address.replace(/\/.*/, ''), containerID)
    } catch (error) {
      if (!(error instanceof CniError)) throw error
      if (error.code === 11) assert.ok(this.isFull(), 'it was not full')
      else assert.ok(this.has(containerID), error.message)
    }
  }

  isFull(): boolean {
    const files = [...this.held.keys()]
    const six = files.filter((file) => file.includes(':')).length
    return files.length - six === USABLE[0] || six === USABLE[1]
  }

  put(file: string, containerID: string): void {
    assert.not.ok(
      this.held.has(file),
      `${file} was given to ${containerID}, but ${this.held.get(file)} has it`,
    )
    this.held.set(file, containerID)
  }

  leave(containerID: string): void {
    for (const [file, holder] of this.held) if (holder === containerID) this.held.delete(file)
  }

  /** ADD of the reference: no index, no temporary name. */
  foreignAdd(containerID: string): void {
    const file = Array.from({ length: 5 }, (_, at) => `10.1.2.${at + 2}`).find((name) => !this.held.has(name))
    if (!file || this.has(containerID)) return
    mkdirSync(this.directory, { recursive: true })
    writeFileSync(`${this.directory}/${file}`, `${containerID}\r\neth0`, { flag: 'wx' })
    this.put(file, containerID)
  }

  foreignDel(containerID: string): void {
    for (const [file, holder] of this.held) if (holder === containerID) rmSync(`${this.directory}/${file}`)
    this.leave(containerID)
  }

  gc(valid: readonly string[]): void {
    const validAttachments = valid.map((containerID) => ({ containerID, ifname: 'eth0' }))
    hostLocal.gc?.(this.request('', { validAttachments }))
    for (const containerID of containers) if (!valid.includes(containerID)) this.leave(containerID)
  }

  /** Makes the index one of an earlier boot: the containers that it knows have ended. */
  reboot(): void {
    const root = indexRoot(this.directory)
    if (!existsSync(root)) return
    // The last call of the earlier boot puts all reservations into the index.
    hostLocal.del(this.request('unrelated'))
    const earlier = `00000000-0000-4000-8000-${String(++this.boots).padStart(12, '0')}`
    renameSync(root, `${indexHome(this.directory)}/${earlier}`)
    this.held.clear()
    hostLocal.del(this.request('unrelated'))
  }

  /** Leaves an empty record and a temporary file, as a kill and a power loss do. */
  crash(): void {
    if (!existsSync(this.directory)) return
    const file = ['10.1.2.2', '10.1.2.3', 'fd00::2'].find((name) => !this.held.has(name))
    if (file) writeFileSync(`${this.directory}/${file}`, '')
    writeFileSync(`${this.directory}/10.1.2.4.99.0.tmp`, 'half')
    hostLocal.del(this.request('unrelated'))
  }

  /** Asserts that the directory holds the expected reservations. */
  verify(): void {
    if (!existsSync(this.directory)) return
    const files = readdirSync(this.directory).filter((name) => /^[0-9a-f:.]+$/.test(name))
    const found = files.map((file) => [
      file,
      readFileSync(`${this.directory}/${file}`, 'utf8').split('\r\n')[0],
    ])
    assert.equal(new Map(found as [string, string][]), new Map([...this.held].sort()))
  }
}

test('property: no duplicate and no leak with any interleaving of ADD, DEL, GC, the reference, crashes and boots', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60, size: 'max' }), (events) => {
      const network = new Network()
      for (const happening of events) {
        if (happening.kind === 'ADD') network.add(happening.container)
        else if (happening.kind === 'DEL') {
          hostLocal.del(network.request(happening.container))
          network.leave(happening.container)
        } else if (happening.kind === 'GC') {
          passTick() // GC keeps what is reserved in the tick when it begins
          network.gc(happening.valid)
        } else if (happening.kind === 'reference ADD') network.foreignAdd(happening.container)
        else if (happening.kind === 'reference DEL') network.foreignDel(happening.container)
        else if (happening.kind === 'reboot') network.reboot()
        else if (happening.kind === 'crash') network.crash()
        else rmSync(indexHome(network.directory), { recursive: true, force: true })
        network.verify()
      }
      rmSync(network.dataDir, { recursive: true })
    }),
    { numRuns: 60 },
  )
})

test.run()
