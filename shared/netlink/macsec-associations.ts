/** The keys of a macsec link: the secure associations of its channels (include/uapi/linux/if_macsec.h). */

import { putU8, putU32 } from 'netlink/dist/structs.js'
import { attributesIn } from './attributes.ts'
import { bodyOf, familyID, genericRequest, valuesAt } from './generic.ts'
import type { LinkName } from './link.ts'
import { sciBytes } from './macsec.ts'
import { nested, plain } from './nested.ts'
import { dump, type Request, type Socket, transact } from './socket.ts'

const Command = { GET_TXSC: 0, ADD_RXSC: 1, ADD_TXSA: 4, ADD_RXSA: 7 } as const
const Attribute = { IFINDEX: 1, RXSC_CONFIG: 2, SA_CONFIG: 3, TXSA_LIST: 5, RXSC_LIST: 6 } as const
const Channel = { SCI: 1, ACTIVE: 2, SA_LIST: 3 } as const
const Association = { AN: 1, ACTIVE: 2, PN: 3, KEY: 4, KEYID: 5, SSCI: 8, SALT: 9 } as const
const KEYID_LENGTH = 16

/** A key with its parameters. It is never part of an error or a log line. */
export interface SecureAssociation {
  /** Association number, 0 to 3. */
  an: number
  /** Identifies the key: at most 16 bytes, not secret. */
  keyID: string
  key: Buffer
  /** For cipher suites with extended packet numbers. */
  extended?: { ssci: number; salt: Buffer }
}

/** The channel of a peer, with its key. */
export interface ReceiveChannel {
  sci: string
  association: SecureAssociation
}

/**
 * Adds keys to a link: one for sending, and one for receiving from each peer. Packet numbers begin at 1.
 * Equivalent to `ip macsec add LINK rx sci SCI`, `ip macsec add LINK rx sci SCI sa AN …`, `ip macsec add LINK tx sa AN …`.
 * @param socket of the protocol GENERIC, in the link's namespace
 */
export function addAssociations(
  socket: Socket,
  link: LinkName,
  transmit: SecureAssociation,
  receive: ReceiveChannel[],
): void {
  const family = familyID(socket, 'macsec')
  const channels = receive.flatMap(({ sci, association }) => [
    addReceiveChannel(family, link, sci),
    addReceiveAssociation(family, link, sci, association),
  ])
  transact(socket, [...channels, addTransmitAssociation(family, link, transmit)])
}

function addReceiveChannel(family: number, link: LinkName, sci: string): Request {
  return {
    ...genericRequest(family, Command.ADD_RXSC, ofLink(link), channel(sci)),
    attempt: `add a receive channel for ${sci} to ${link.name}`,
    reproduce: `ip macsec add ${link.name} rx sci ${sci}`,
  }
}

function addReceiveAssociation(family: number, link: LinkName, sci: string, sa: SecureAssociation): Request {
  const config = association(sa)
  return {
    ...genericRequest(family, Command.ADD_RXSA, ofLink(link), channel(sci), config),
    attempt: `add the key for ${sci} to ${link.name}`,
    see: showKeys(link),
    reproduce: `ip macsec add ${link.name} rx sci ${sci} sa ${associationWords(sa)}`,
  }
}

function addTransmitAssociation(family: number, link: LinkName, sa: SecureAssociation): Request {
  return {
    ...genericRequest(family, Command.ADD_TXSA, ofLink(link), association(sa)),
    attempt: `add the key for sending to ${link.name}`,
    see: showKeys(link),
    reproduce: `ip macsec add ${link.name} tx sa ${associationWords(sa)}`,
  }
}

/** An association in the syntax of `ip macsec`, with a word in the place of what is secret. */
function associationWords({ an, keyID, extended }: SecureAssociation): string {
  const numbers = extended ? `xpn 1 ssci ${extended.ssci} salt SALT` : 'pn 1'
  return `${an} ${numbers} on key ${keyIDBytes(keyID).toString('hex')} KEY`
}

/** The command that shows the keys' names. */
function showKeys({ name }: Pick<LinkName, 'name'>): string {
  return `ip macsec show ${name}`
}

function ofLink({ index }: LinkName): Uint8Array[] {
  return plain(Attribute.IFINDEX, putU32(index))
}

function channel(sci: string): Uint8Array[] {
  return nested(Attribute.RXSC_CONFIG, plain(Channel.SCI, sciBytes(sci)))
}

function association({ an, keyID, key, extended }: SecureAssociation): Uint8Array[] {
  const pn = Buffer.alloc(extended ? 8 : 4)
  pn[0] = 1
  return nested(
    Attribute.SA_CONFIG,
    plain(Association.AN, putU8(an)),
    plain(Association.PN, pn),
    plain(Association.KEY, key),
    plain(Association.KEYID, keyIDBytes(keyID)),
    plain(Association.ACTIVE, putU8(1)),
    extended ? plain(Association.SSCI, ssciBytes(extended.ssci)) : [],
    extended ? plain(Association.SALT, extended.salt) : [],
  )
}

/** In network byte order (ssci_t, include/net/macsec.h): it is a part of each frame's nonce. */
function ssciBytes(ssci: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(ssci, 0)
  return bytes
}

function keyIDBytes(keyID: string): Buffer {
  const bytes = Buffer.alloc(KEYID_LENGTH)
  bytes.set(Buffer.from(keyID).subarray(0, KEYID_LENGTH))
  return bytes
}

/** A key in the kernel. */
export interface FoundAssociation {
  an: number
  keyID: string
  isActive: boolean
}

/** The keys of a link in the kernel, without their secret bytes. */
export interface FoundAssociations {
  transmit: FoundAssociation[]
  receive: { sci: string; isActive: boolean; associations: FoundAssociation[] }[]
}

/** `ip macsec show LINK`. @param socket as above */
export function listAssociations(socket: Socket, { index, name }: LinkName): FoundAssociations {
  const { type, payload } = genericRequest(familyID(socket, 'macsec'), Command.GET_TXSC)
  const show = { type, payload, attempt: `list the keys of ${name}`, see: showKeys({ name }) }
  const bodies = dump(socket, show).map(({ data }) => bodyOf(data))
  const body = bodies.find((data) => attributesIn(data)(Attribute.IFINDEX)?.readUInt32LE(0) === index)
  return body
    ? { transmit: associationsAt(body, Attribute.TXSA_LIST), receive: channelsIn(body) }
    : { transmit: [], receive: [] }
}

/** The entries of a list; their types are their positions, from 1. */
function entriesAt(data: Buffer, type: number): Buffer[] {
  const list = attributesIn(data)(type)
  const entries: Buffer[] = []
  for (let place = 1; list; place++) {
    const [entry] = valuesAt(list, place)
    if (!entry) break
    entries.push(entry)
  }
  return entries
}

function associationsAt(data: Buffer, type: number): FoundAssociation[] {
  return entriesAt(data, type).map((entry) => {
    const attribute = attributesIn(entry)
    return {
      an: attribute(Association.AN)?.[0] ?? 0,
      keyID: (attribute(Association.KEYID) ?? Buffer.alloc(0)).toString('utf8').replace(/\0+$/, ''),
      isActive: attribute(Association.ACTIVE)?.[0] === 1,
    }
  })
}

function channelsIn(body: Buffer): FoundAssociations['receive'] {
  return entriesAt(body, Attribute.RXSC_LIST).map((entry) => {
    const attribute = attributesIn(entry)
    return {
      sci: attribute(Channel.SCI)?.toString('hex') ?? '',
      isActive: attribute(Channel.ACTIVE)?.[0] === 1,
      associations: associationsAt(entry, Channel.SA_LIST),
    }
  })
}
