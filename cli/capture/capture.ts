/** Captures frames until enough have come, the time is over, or a signal ends it. */

import { now, readableOf } from '../../shared/kernel/clock.ts'
import { close, type Fd } from '../../shared/kernel/files.ts'
import { endingSignals } from '../../shared/kernel/signals.ts'
import { dropped, type Frame, readFrame } from './frames.ts'
import type { Sink } from './sink.ts'

export interface Bounds {
  frames: number
  milliseconds: number
}

/** What was captured, and what the kernel had no room for. */
export interface Captured {
  frames: number
  dropped: number
}

/** lo shows each frame twice, as it goes out and as it comes in. */
const LOOPBACK = 772

/** Frames that are read before signals and the clock are looked at. */
const ROUND = 256

/** After a signal, so long are frames still written that came before it: milliseconds. */
const LINGER = 500

/** Milliseconds; a wait can be no longer than a timespec. */
const LONGEST_WAIT = 3_600_000

/**
 * @param nameOf an interface by its index
 * @param skipped index of an interface whose frames are left out
 */
export function capture(
  fd: Fd,
  sink: Sink,
  bounds: Bounds,
  nameOf: (index: number) => string,
  skipped?: number,
): Captured {
  const isWanted = ({ link, hardware, isOutgoing }: Frame) =>
    link !== skipped && !(hardware === LOOPBACK && isOutgoing)
  const take = (frame: Frame) => sink.take(frame, nameOf(frame.link))
  try {
    const frames = untilEnd(fd, bounds, sink.isUnread, (most) => {
      const round = takeWaiting(fd, most, isWanted, take)
      sink.flush()
      return round
    })
    return { frames, dropped: dropped(fd) }
  } finally {
    sink.close()
    close(fd)
  }
}

/** Frames that were read, and those of them that were taken. */
interface Round {
  read: number
  taken: number
}

function untilEnd(fd: Fd, bounds: Bounds, isUnread: () => boolean, round: (most: number) => Round): number {
  const signals = endingSignals()
  let end = now() + bounds.milliseconds
  let [taken, isEnding] = [0, false]
  while (taken < bounds.frames && now() < end && !isUnread()) {
    const ready = readableOf(isEnding ? [fd] : [fd, signals], Math.min(end - now(), LONGEST_WAIT))
    if (ready.includes(signals)) {
      isEnding = true
      end = Math.min(end, now() + LINGER)
    }
    const done = round(bounds.frames - taken)
    taken += done.taken
    if (isEnding && done.read < ROUND) break
  }
  return taken
}

function takeWaiting(
  fd: Fd,
  most: number,
  isWanted: (frame: Frame) => boolean,
  take: (frame: Frame) => void,
): Round {
  const round = { read: 0, taken: 0 }
  while (round.read < ROUND && round.taken < most) {
    const frame = readFrame(fd)
    if (!frame) break
    round.read++
    if (!isWanted(frame)) continue
    take(frame)
    round.taken++
  }
  return round
}
