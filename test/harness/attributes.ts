/** Netlink attributes as objects to compare and to read: those with a name decoded, all others in hexadecimal. */

import { parseAttributes } from 'netlink/dist/structs.js'

export type Values = Map<number, Buffer>
type Decode = (value: Buffer) => unknown

export const text: Decode = (value) => value.toString('utf8', 0, value.length - 1)
export const number: Decode = (value) => value.readUIntLE(0, value.length)
export const hex: Decode = (value) => value.toString('hex')

/** The attributes of a message that begin at an offset. */
export function valuesIn(message: Buffer, offset = 0): Values {
  const values: Values = new Map()
  parseAttributes(message.subarray(offset), ({ type, data }) => values.set(type, data))
  return values
}

/** How attributes are shown, in this order; a name alone means hexadecimal, and null an attribute that changes by itself. */
export type Shown = readonly (readonly [type: number, name: string | null, decode?: Decode])[]

/** Attributes as an object; those that are not listed come last, by their numbers. */
export function shown(values: Values, list: Shown): Record<string, unknown> {
  const listed = new Set(list.map(([type]) => type))
  const others = [...values.keys()].filter((type) => !listed.has(type)).sort((one, other) => one - other)
  const all: Shown = [...list, ...others.map((type) => [type, `attribute ${type}`] as const)]
  const entries = all.flatMap(([type, name, decode = hex]) => {
    const value = values.get(type)
    return name && value ? [[name, decode(value)]] : []
  })
  return Object.fromEntries(entries)
}
