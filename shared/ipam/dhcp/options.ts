/** Options that a configuration asks for, or sends: names and numbers become codes, texts become bytes. */

import { usualRequest } from '../../dhcp/v4/client.ts'
import { optionCode } from '../../dhcp/v4/options.ts'
import type { DhcpConfig } from './config.ts'

type Ipam = DhcpConfig['ipam']

/** The codes of option 55: what a lease is made of, and what the configuration names. */
export function requestedCodes({ request = [] }: Ipam): number[] {
  const own = request.some(({ skipDefault }) => skipDefault) ? [] : usualRequest
  const named = request.flatMap(({ option }) => codeIn(option))
  return [...new Set([...own, ...named])]
}

/** The options to send, as the journal has them. What is to come from a key that CNI_ARGS does not have is left out, as the reference does. */
export function providedOptions({ provide = [] }: Ipam, args: Record<string, string>): [number, string][] {
  return provide.flatMap(({ option, value, fromArg }) => {
    const text = (fromArg === undefined ? undefined : args[fromArg]) ?? value
    return codeIn(option).flatMap((code): [number, string][] =>
      text ? [[code, Buffer.from(text).toString('hex')]] : [],
    )
  })
}

function codeIn(option: string | undefined): number[] {
  const code = option === undefined ? undefined : optionCode(option)
  return code === undefined ? [] : [code]
}
