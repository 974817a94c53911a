/** The agent's part for vxlan with `"peers": "store"`: the VNIs that this host serves, each a segment (segment.ts). */

import { makeDirectory } from '../../../shared/kernel/files.ts'
import { stateDirectory } from '../../../shared/kernel/state-directory.ts'
import { closeSocket, openSocket, Protocol } from '../../../shared/netlink/socket.ts'
import { attachedFolder, vtepFolder } from '../../../shared/store/peers.ts'
import { gauge, type Sample } from '../../metrics/metric.ts'
import { watchDirectories } from '../directory-watch.ts'
import { counter } from '../metrics.ts'
import type { MakePart } from '../part.ts'
import { statesOf, wrongOf } from '../states.ts'
import { worker } from '../worker.ts'
import { newAnnouncer } from './announce.ts'
import { watchLinks } from './links.ts'
import { openRetirement } from './retire.ts'
import { openSegment, type Segment } from './segment.ts'
import { readTold } from './told.ts'
import { findVtep } from './vtep.ts'
import type { Pace } from './workplace.ts'

const usual: Pace = { gather: 50, removal: 2_000, look: 60_000, links: 1_000 }

export const peers: MakePart = makePeers(usual)

/** @param pace shorter times for tests */
export function makePeers(pace: Pace): MakePart {
  return (surroundings) => {
    const { connection, keys, host, log } = surroundings
    const [faults, doubts] = [statesOf(log), statesOf(log)]
    const socket = openSocket(Protocol.ROUTE)
    const announcer = newAnnouncer(socket)
    /** Why the store tells nothing, by prefixes of keys. One stands for all: they lose the store together. */
    const unheard = new Map<string, string>()
    const away = (prefix: string, reason: string | undefined) => {
      if (reason === undefined) unheard.delete(prefix)
      else unheard.set(prefix, reason)
      const [first] = unheard.values()
      faults.set('peers', first && `the store tells nothing of them: ${first}`)
    }
    const place = { connection, keys, host, socket, announcer, faults, doubts, pace, away }
    const segments = new Map<number, Segment>()
    /** VNIs of this store's networks. One that was served stays so until its segment goes, also if the configuration is gone. */
    let configured = new Set<number>()
    /** What lives on this host is published, whatever is configured: a configuration may be damaged just now. */
    const living = () => readTold().filter(({ vni, vtep }) => findVtep(socket, vtep, vni))
    const retirement = openRetirement(place, living, (vni) => segments.has(vni))

    const looking = worker(
      async () => {
        renewWatch()
        const told = readTold().filter(({ vni }) => configured.has(vni) || segments.has(vni))
        const served = new Set<number>()
        const gone = new Map<string, string>()
        for (const one of told) {
          const vtep = findVtep(socket, one.vtep, one.vni)
          if (!vtep) gone.set(`VTEP ${one.vtep}`, 'it is not there: the next ADD of its network makes it')
          if (!vtep) continue
          served.add(one.vni)
          retirement.cancel(one.vni)
          const segment = segments.get(one.vni)
          if (segment) segment.update(one, vtep)
          else segments.set(one.vni, openSegment(place, one, vtep))
        }
        faults.only('VTEP ', gone)
        await close([...segments.keys()].filter((vni) => !served.has(vni)))
        looking.soon(pace.look)
      },
      (error) => log.warn(`peers: ${wrongOf(error)}`),
    )

    async function close(vnis: number[]): Promise<void> {
      for (const vni of vnis) {
        const segment = segments.get(vni)
        segments.delete(vni)
        retirement.add(vni)
        await segment?.stop()
        for (const prefix of [keys.vteps(vni), keys.neighbours(vni)]) away(prefix, undefined)
        for (const states of [faults, doubts])
          for (const sign of [':', ',']) states.only(`VNI ${vni}${sign} `, new Map())
      }
      retirement.soon()
    }

    const folders = [vtepFolder, attachedFolder].map((folder) => `${stateDirectory}/${folder}`)
    const watch = watchDirectories(() => looking.soon(pace.gather))
    function renewWatch(): void {
      for (const folder of folders) makeDirectory(folder, 0o700)
      watch.renew(folders)
    }
    const rereadAll = () => {
      for (const segment of segments.values()) segment.reread()
    }
    const links = watchLinks(pace.links, () => {
      rereadAll()
      looking.now()
    })
    const rereading = setInterval(rereadAll, pace.look)

    return {
      use(networks) {
        const vnis = networks.filter(({ peers }) => peers).map(({ raw }) => raw.vni)
        configured = new Set(vnis.filter((vni) => typeof vni === 'number'))
        rereadAll()
        looking.now()
      },
      metrics() {
        const all = [...segments].map(([vni, segment]) => ({ vni: String(vni), ...segment.counts() }))
        const of = (key: 'peers' | 'neighbours' | 'changes'): Sample[] =>
          all.map(({ vni, ...counts }) => ({ labels: { vni }, value: counts[key] }))
        return [
          gauge('vxlan_peers', 'Other hosts that get frames of a VNI.', of('peers')),
          gauge('vxlan_neighbours', 'MAC addresses of other hosts that a VTEP knows.', of('neighbours')),
          counter(
            'vxlan_entry_changes',
            'Entries of a VTEP that were added, changed or removed.',
            of('changes'),
          ),
        ]
      },
      troubles: () => [
        ...faults.all(),
        ...[...segments].flatMap(([vni, segment]) =>
          segment.isKnown() ? [] : [`VNI ${vni}: its peers are not known yet`],
        ),
      ],
      async stop() {
        clearInterval(rereading)
        links.close()
        watch.close()
        await Promise.all([
          looking.stop(),
          retirement.stop(),
          ...[...segments.values()].map((one) => one.stop()),
        ])
        announcer.close()
        closeSocket(socket)
      },
    }
  }
}
