/**
 * A real etcd for tests, of one or three members: `const etcd = await startEtcd({ version: '3.4' })`. A test file names the versions that it
 * starts in a line at its top: `// etcd: 3.4, 3.5`. All ends with the program, or with `end`.
 */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { StoreConfig } from '../../shared/store/config.ts'
import { CommandFailed } from './command.ts'
import { type Access, ctlEnvironment, giveRoles, openAccess, patient, type Tls } from './etcd-access.ts'
import { inside, type Member, newMember, type Place } from './etcd-member.ts'
import { argumentsOf, membership, mountDisk, newDisk, plan, removeDisk } from './etcd-plan.ts'
import { type EtcdVersion, etcdProgram } from './etcd-programs.ts'
import { runAlone } from './program.ts'
import { until } from './until.ts'

export interface EtcdOptions extends Access {
  version?: EtcdVersion
  /** How many, on the loopback interface of this namespace; or where. Default: 1 */
  members?: 1 | 3 | readonly Place[]
  /** `--quota-backend-bytes`: with more data etcd refuses writes until it is compacted, defragmented and disarmed. */
  quotaBytes?: number
  /** The size of each member's disk, at least 160 MB. Only on a private host. Default: no limit */
  diskBytes?: number
  /** Where the data is. Default: a directory where syncing costs nothing on a private host (`newDisk`) */
  disk?: string
}

export interface Etcd {
  members: readonly Member[]
  endpoints: string[]
  /** With TLS: the authority, which makes more certificates. */
  tls?: Tls
  /** The section `store` of a configuration; with TLS, and a client certificate of this common name. */
  store(commonName?: string): StoreConfig
  /** Runs etcdctl as root, at the members that answer. @returns its output @throws CommandFailed */
  etcdctl(...words: string[]): string
  /** The member that leads; waits until there is one. */
  leader(): Promise<Member>
  /** The revision of the data. */
  revision(): number
  /** Removes all old revisions: a watch from one of them is refused. */
  compact(): void
  /** Writes a backup. */
  snapshot(file: string): void
  /** Replaces all data by a backup, as etcd's manual says: all members end, and begin as a new cluster. */
  restore(file: string): Promise<void>
  end(): Promise<void>
}

/** Starts an etcd, and waits until it serves clients. */
export async function startEtcd(options: EtcdOptions = {}): Promise<Etcd> {
  const { version = '3.5', members: wish = 1, quotaBytes, diskBytes } = options
  const disk = options.disk ?? newDisk()
  const places = typeof wish === 'object' ? wish : Array<Place>(wish).fill({ address: '127.0.0.1' })
  const tls = openAccess(options, disk, [...new Set(places.map(({ address }) => address))])
  const planned = await plan(places, disk, tls ? 'https' : 'http')
  if (diskBytes) for (const member of planned) mountDisk(member, diskBytes)
  const quota = quotaBytes ? ['--quota-backend-bytes', `${quotaBytes}`] : []
  const members = planned.map((member) =>
    newMember(member, etcdProgram(version, 'etcd'), () => [
      ...argumentsOf(member, planned),
      ...(tls?.args() ?? []),
      ...quota,
    ]),
  )
  await startAll(members)
  const etcd = handleOf(members, etcdProgram(version, 'etcdctl'), options, tls, disk)
  if (options.users) giveRoles(etcd.etcdctl, options)
  return etcd
}

async function startAll(members: readonly Member[]): Promise<void> {
  for (const { start } of members) start()
  for (const { ready } of members) await ready()
}

/** What `etcdctl endpoint status` says of one member. */
interface Status {
  Endpoint: string
  Status: { header: { member_id: number; revision: number }; leader: number }
}

function handleOf(
  members: readonly Member[],
  program: string,
  options: EtcdOptions,
  tls: Tls | undefined,
  disk: string,
): Etcd {
  const { prefix = '/patchbay/' } = options
  const endpoints = members.map(({ endpoint }) => endpoint)
  const root = tls?.issue('root')
  /** At some members only: one that does not answer would cost seconds. */
  const ctl = (at: readonly Member[], words: readonly string[]) => {
    const [first] = at
    if (!first) throw new CommandFailed('no member of etcd answers')
    const env = ctlEnvironment(
      at.map(({ endpoint }) => endpoint),
      tls,
      root,
    )
    const [file = '', ...args] = [...inside(first), program, ...patient(words)]
    const { status, stdout, stderr } = runAlone(file, args, { env })
    if (status !== 0) throw new CommandFailed(`etcdctl ${words.join(' ')}: ${stderr || stdout}`)
    return stdout
  }
  const answering = () => members.filter(({ answers }) => answers())
  const etcdctl = (...words: string[]) => ctl(answering(), words)
  const statuses = (): Status[] => JSON.parse(etcdctl('endpoint', 'status', '--write-out', 'json'))
  const revision = () => Math.max(...statuses().map(({ Status }) => Status.header.revision))
  const killAll = () => Promise.all(members.map(({ kill }) => kill()))
  return {
    members,
    endpoints,
    tls,
    etcdctl,
    revision,
    store: (commonName = 'host') => ({
      endpoints,
      prefix,
      ...(tls && { ca: tls.ca, ...tls.issue(commonName) }),
    }),
    leader: async () => {
      let found: Member | undefined
      await until('etcd has a leader', () => {
        const leaders = statuses().filter(({ Status }) => Status.leader === Status.header.member_id)
        found = members.find(({ endpoint }) => leaders.length === 1 && endpoint === leaders[0]?.Endpoint)
        return found !== undefined
      })
      return found as Member
    },
    compact: () => void etcdctl('compact', `${revision()}`, '--physical'),
    snapshot: (file) => void ctl(answering().slice(0, 1), ['snapshot', 'save', file]),
    restore: async (file) => {
      await killAll()
      for (const { name, directory, peer } of members) {
        rmSync(join(directory, 'data'), { recursive: true, force: true })
        const options = { name, 'data-dir': join(directory, 'data'), 'initial-advertise-peer-urls': peer }
        const words = Object.entries({ ...options, 'initial-cluster': membership(members) })
        ctl(members, ['snapshot', 'restore', file, ...words.map(([option, value]) => `--${option}=${value}`)])
      }
      await startAll(members)
    },
    end: async () => {
      await killAll()
      if (options.disk === undefined) removeDisk(disk)
    },
  }
}
