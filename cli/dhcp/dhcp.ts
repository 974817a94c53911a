/** `patchbay dhcp`: renews the leases of the journal until a signal ends it. All that it knows is in the journal, so its end loses nothing. */

import { collect } from '#engine'
import type { Log } from '../../shared/error/log.ts'
import { journal, journalDirectory } from '../../shared/ipam/dhcp/journal.ts'
import { dropEntry, replaceEntry } from '../../shared/ipam/dhcp/journal-changes.ts'
import { bootId } from '../../shared/kernel/boot.ts'
import { bootClock, readableOf } from '../../shared/kernel/clock.ts'
import { changesOf, watchDirectory } from '../../shared/kernel/directory-changes.ts'
import { KernelError } from '../../shared/kernel/errno.ts'
import { close, type Fd, makeDirectory } from '../../shared/kernel/files.ts'
import type { Notify } from '../../shared/kernel/notify.ts'
import { random } from '../../shared/kernel/random.ts'
import { endingSignals, SIGHUP, signalAt } from '../../shared/kernel/signals.ts'
import { renewPatience } from '../../shared/state/lock.ts'
import { adopt, adoptAll } from './adopt.ts'
import { takeRenewerLock } from './alone.ts'
import { applyChange, applyMtu } from './apply.ts'
import { portOf } from './ask.ts'
import { runLoop, type Source } from './loop.ts'
import { visit } from './place.ts'
import { type Host, newRenewer, type Renewer } from './renewer.ts'
import { tellNeighbours } from './told.ts'

/** Runs until SIGTERM or SIGINT; SIGHUP has it read the whole journal again. @throws CniError when another one runs */
export function renewLeases(log: Log, notify: Notify): void {
  takeRenewerLock()
  const signals = endingSignals()
  const renewer = newRenewer(hostOf(log))
  const watch = newWatch(renewer)
  readAll(renewer)
  notify('READY=1')
  const ending: Source = { fd: signals, take: () => goesOnAfter(signalAt(signals), renewer) }
  runLoop(renewer, () => [ending, watch()], readableOf)
  notify('STOPPING=1')
  log.info('ends: the leases stay as they are')
}

function goesOnAfter(signal: number, renewer: Renewer): boolean {
  if (signal === SIGHUP) readAll(renewer)
  return signal === SIGHUP
}

function readAll(renewer: Renewer): void {
  adoptAll(renewer)
  renewer.host.log.info(`${renewer.slots.size} leases`)
}

/** The journal's directory; made anew when it was removed. */
function newWatch(renewer: Renewer): () => Source {
  const begin = (): Fd => {
    makeDirectory(journalDirectory, 0o700)
    return watchDirectory(journalDirectory)
  }
  let fd = begin()
  const take = () => {
    const { names, overflowed, ended } = changesOf(fd)
    if (ended) {
      close(fd)
      fd = begin()
    }
    if (ended || overflowed) readAll(renewer)
    else for (const name of names) if (name.endsWith(suffix)) adopt(renewer, name.slice(0, -suffix.length))
    return true
  }
  return () => ({ fd, take })
}

const suffix = '.json'

function hostOf(log: Log): Host {
  return {
    now: bootClock,
    random,
    log,
    boot: bootId(),
    journal: {
      keys: journal.keys,
      at: tidy(journal.at),
      replace: patient(replaceEntry),
      drop: patient(dropEntry),
    },
    visit,
    open: portOf,
    close,
    apply(here, before, after) {
      tellNeighbours(here, applyChange(here, before, after))
      try {
        applyMtu(here, after)
      } catch (error) {
        if (!(error instanceof KernelError)) throw error
        log.warn(`${here.link.name} keeps its MTU ${here.link.mtu}: ${error.message}`)
      }
    },
  }
}

/** Entries that are read between two collections of garbage: what reading and changing one leaves is some KiB. */
const entriesBetween = 64

/** This engine frees no objects that refer to each other, unless it is told to. */
function tidy<A extends unknown[], T>(action: (...args: A) => T): (...args: A) => T {
  let calls = 0
  return (...args) => {
    if (++calls % entriesBetween === 0) collect?.()
    return action(...args)
  }
}

/** Waits for the journal's lock have a bound for each call, and not for the life of this process. */
function patient<A extends unknown[], T>(action: (...args: A) => T): (...args: A) => T {
  return (...args) => {
    renewPatience()
    return action(...args)
  }
}
