/** The agent's part for addresses: when something has changed on this host or in the store, and now and then, it makes a pass. */

import { defaultDataDir } from '../../../shared/ipam/host-local/keys.ts'
import type { Network } from '../../../shared/store/claims/host.ts'
import { memoryOf } from '../../../shared/store/claims/host.ts'
import type { Changed } from '../../../shared/store/connection.ts'
import { readHost } from '../../../shared/store/files.ts'
import { StoreAway } from '../../../shared/store/protocol.ts'
import { type Hands, handsOf, randomNumber } from '../../pool/hands.ts'
import { watchDirectories } from '../directory-watch.ts'
import type { AgentNetwork, MakePart, Part, Surroundings } from '../part.ts'
import { type States, statesOf, wrongOf } from '../states.ts'
import { type Worker, worker } from '../worker.ts'
import { answersOf } from './answers.ts'
import { countersOf, metricsOf } from './counters.ts'
import { allDuties, both, type Duties, isAnswer, noDuties } from './duties.ts'
import { askedBy, spansOf } from './events.ts'
import { type FollowedKeys, followKeys } from './followed.ts'
import { localOf } from './local.ts'
import { attempting, type Doing, passOnce, storeIn, thrownOf } from './pass.ts'
import { pausesOf } from './pauses.ts'

/** Changes of a directory that come together are one look, milliseconds. */
const GATHER = 500
/** All hosts enter when changes were lost, within this time. */
const ANEW = 500
/** A change that inotify did not tell is found after this time. */
const LONGEST_WAIT = 60_000

export const poolPart: MakePart = (surroundings) =>
  partWith(surroundings, (dataDirs, report) => handsOf(surroundings, dataDirs, report))

/** What makes the part's hands: it is given where networks are, and what tells of values that are no good. */
type HandsWith = (dataDirs: () => string[], report: (message: string) => void) => Hands

export function partWith(
  { connection, keys, host, log, settings }: Surroundings,
  handsWith: HandsWith,
): Part {
  const states = statesOf(log)
  const counters = countersOf()
  const local = localOf(states)
  const away = storeStates(states)
  const doing: Doing = {
    hands: handsWith(() => configured.map(({ dataDir }) => dataDir), onceOf(log.warn)),
    counters,
    states,
    log,
    pauses: pausesOf(),
    random: randomNumber,
  }
  let configured: Network[] = []
  let duties: Duties = noDuties
  let store: string | undefined
  let beatAt = 0

  const look = (found?: string) => {
    store = found ?? store
    local.look(configured, store)
    followed.set(local.seen().length > 0 ? spansOf(keys, host, holdings()) : new Map())
    watch.renew(local.directories())
  }
  const holdings = () => local.seen().map((one) => one.holdings)
  const pools = () => local.networks().map(({ pool }) => pool)
  const pass = async () => {
    let due = noDuties
    const { attempt, failures } = attempting(states)
    const whole = async () => {
      look()
      if (pools().length === 0) return
      due = both(duties, performance.now() >= beatAt ? allDuties(pools()) : {})
      duties = noDuties
      if (store === undefined) look(await storeIn(doing))
      await passOnce(doing, local, { due, look, attempt, emptyFor: settings.emptyFor })
      away(undefined)
    }
    // What fails and has no subject of its own is told, too.
    await attempt('addresses', whole).catch((error: unknown) => failures.push(error))
    if (failures.length > 0) {
      duties = both(duties, due)
      throw thrownOf(failures)
    }
    if (pools().length > 0) planNext(due)
  }
  const planNext = (due: Duties) => {
    if (due.beat) beatAt = performance.now() + settings.beat * (0.9 + Math.random() / 10)
    // Before this host has entered it grants nothing.
    if (due.enter) answers.ask(allDuties(pools()), 0)
    const { next } = local.plan(performance.now(), settings.emptyFor)
    const times = [beatAt, doing.pauses.next()].map((time) => time - performance.now())
    work.soon(Math.max(0, Math.min(next, LONGEST_WAIT, ...times)))
  }
  const failed = (error: unknown) => {
    if (error instanceof StoreAway) away(error.message)
  }
  const work: Worker = worker(pass, failed)
  const answers = answersOf(doing, holdings, () => away(undefined), failed)
  const again = () => {
    doing.pauses.shorten()
    work.now()
    answers.now()
  }
  const watch = watchDirectories(() => work.soon(Math.max(GATHER, 20 * local.took())))
  const changed = (name: string, changes: readonly Changed[]) => {
    const memory = readHost()
    const known = memory && store ? memoryOf(memory, store) : undefined
    const viewer = {
      ...{ host, id: memory?.id, holdings: holdings() },
      ...{ epoch: known?.epoch, nonces: [known?.nonce, known?.next] },
    }
    const asked = askedBy(name, changes, viewer)
    // What kept it from its work may be right again.
    if (!name.startsWith('singles ') && states.all().length > 0) again()
    if (!asked) return
    const within = asked.within * Math.random()
    if (isAnswer(asked.duties)) return answers.ask(asked.duties, within)
    duties = both(duties, asked.duties)
    work.soon(within)
  }
  const anew = () => {
    duties = both(duties, { enter: true })
    work.soon(ANEW * Math.random())
  }
  const followed: FollowedKeys = followKeys(connection, {
    ...{ changed, away, anew, back: again },
    refused: (name, refusal) => states.set(`watch of ${name}`, refusal && wrongOf(refusal)),
  })
  return {
    use(networks) {
      configured = networks.flatMap(networkOf)
      beatAt = 0
      work.now()
    },
    metrics: () => [...metricsOf(local.seen()), ...counters.metrics()],
    troubles: () => states.all(),
    async stop() {
      // A pass that goes on would begin to watch and to follow again.
      await Promise.all([work.stop(), answers.stop()])
      watch.close()
      followed.close()
    },
  }
}

function networkOf({ name, pool }: AgentNetwork): Network[] {
  if (typeof pool?.pool !== 'string') return []
  const dataDir = typeof pool.dataDir === 'string' ? pool.dataDir : defaultDataDir
  return [{ network: name, dataDir, pool: pool.pool }]
}

/** The reasons of one absence differ by member and time: the first is told. */
function storeStates(states: States): (wrong: string | undefined) => void {
  let isAway = false
  return (wrong) => {
    if (wrong === undefined || !isAway) states.set('store', wrong && `it does not answer: ${wrong}`)
    isAway = wrong !== undefined
  }
}

const MOST_REPORTS = 1000

/** Each message once: a value that is no good stays so. */
function onceOf(say: (message: string) => void): (message: string) => void {
  const said = new Set<string>()
  return (message) => {
    if (said.has(message) || said.size >= MOST_REPORTS) return
    said.add(message)
    say(message)
  }
}
