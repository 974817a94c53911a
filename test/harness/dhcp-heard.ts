/** What is said on an interface, by DHCP and DHCPv6: a packet socket that this program has open, so that no other must start and nothing is missed. */

import { openFrames, readFrame } from '../../cli/capture/frames.ts'
import { decodeFrame, type UdpFrame } from './dhcp-frame.ts'
import { decode4, type Message4 } from './dhcp-message4.ts'
import { decode6, type Message6 } from './dhcp-message6.ts'
import type { Station } from './dhcp-segment.ts'
import { within } from './netns.ts'

/** A message, with the frame that brought it. */
export type Heard<Message> = Message & Pick<UdpFrame, 'from' | 'to'>

/** What came to an interface and left it since it is listened to, in its order. */
export interface Ear {
  dhcp(): Heard<Message4>[]
  dhcp6(): Heard<Message6>[]
  /** The types of what clients said, in either. */
  asked(): string[]
}

/** Messages of one type in a row, once: what a busy server does not answer within a second is sent again. */
export function inTurn<Type>(types: readonly Type[]): Type[] {
  return types.filter((type, at) => type !== types[at - 1])
}

/** Each type once, where it came first: a busy server answers again what was sent again. */
export function byFirst<Type>(types: readonly Type[]): Type[] {
  return [...new Set(types)]
}

const ports: readonly number[] = [67, 68, 546, 547]
const servers: readonly number[] = [67, 547]

/** Listens on the interface of a station, or of a container. It ends with the test. */
export function listenOn({ name, index }: Pick<Station, 'name' | 'index'>): Ear {
  const fd = within(name, () => openFrames(index, undefined))
  const frames: UdpFrame[] = []
  const all = () => {
    for (let frame = readFrame(fd); frame; frame = readFrame(fd)) {
      const found = decodeFrame(frame.data)
      if (found && ports.includes(found.to.port)) frames.push(found)
    }
    return frames
  }
  return {
    dhcp: () => all().flatMap((frame) => withFrame(frame, read4(frame))),
    dhcp6: () => all().flatMap((frame) => withFrame(frame, read6(frame))),
    asked: () =>
      all()
        .filter(({ to }) => servers.includes(to.port))
        .map(typeOf),
  }
}

function read4({ to, payload }: UdpFrame): Message4 | undefined {
  return to.port < 546 ? decode4(payload) : undefined
}

function read6({ to, payload }: UdpFrame): Message6 | undefined {
  return to.port < 546 ? undefined : decode6(payload)
}

function typeOf(frame: UdpFrame): string {
  return (read4(frame) ?? read6(frame))?.type ?? 'none'
}

function withFrame<Message>({ from, to }: UdpFrame, message: Message | undefined): Heard<Message>[] {
  return message ? [{ ...message, from, to }] : []
}
