/** The value of `--range`: a subnet, and what is particular about its range, as in `10.1.0.0/16,gateway=10.1.0.1,exclude=10.1.5.0/24`. */

import { toCniError } from '../../shared/error/error.ts'
import { contains, parseCidr } from '../../shared/ip/subnet.ts'
import { type Range, type RangeConfig, withHoles } from '../../shared/ipam/range.ts'
import { misuse } from '../form/arguments.ts'
import { didYouMean, quoted } from '../form/slip.ts'

/** The words of the flag, and the keys of a range that they are. */
const keys = { gateway: 'gateway', start: 'rangeStart', end: 'rangeEnd', exclude: 'exclude' } as const

/** How the flag is written, for errors. */
export const rangeForm = 'SUBNET[,gateway=IP][,start=IP][,end=IP][,exclude=IP|SUBNET]…'

/** Reads one value of `--range`. Only its form is checked: see `partsOf`. @throws CniError `misuse` */
export function readRange(text: string): RangeConfig {
  const [subnet = '', ...settings] = text.split(',')
  if (!parseCidr(subnet))
    throw misuse(
      `--range ${quoted(text)}: ${quoted(subnet)} is no subnet`,
      `write ${rangeForm}, such as 10.1.0.0/16 or fd00:1::/64`,
    )
  const config: RangeConfig = { subnet }
  for (const setting of settings) set(config, setting, text)
  return config
}

function set(config: RangeConfig, setting: string, text: string): void {
  const [, name = setting, value = ''] = /^([^=]*)=(.*)$/.exec(setting) ?? []
  if (!Object.hasOwn(keys, name))
    throw misuse(
      `--range ${quoted(text)}: unknown ${quoted(name)}${didYouMean(name, Object.keys(keys))}`,
      `write ${rangeForm}`,
    )
  if (value === '') throw misuse(`--range ${quoted(text)}: ${name} needs a value: ${name}=…`)
  const key = keys[name as keyof typeof keys]
  if (key === 'exclude') config.exclude = [...(config.exclude ?? []), value]
  else if (config[key] === undefined) config[key] = value
  else throw misuse(`--range ${quoted(text)}: ${name} stands twice`)
}

/**
 * A range without its excluded addresses, by host-local's rules.
 * @throws CniError `misuse` with the sentence of the rule
 */
export function partsOf(config: RangeConfig): Range[] {
  for (const text of config.exclude ?? []) requireWithin(config, text)
  try {
    return withHoles(config, 'range')
  } catch (error) {
    const { msg, hint } = toCniError(error).complaint
    throw misuse(`--range ${config.subnet}: ${msg.replace(/^range(\.\w+)?: /, '')}`, hint)
  }
}

/** host-local ignores what it cannot read or need not exclude; of an operator it is a slip. */
function requireWithin({ subnet }: RangeConfig, text: string): void {
  const whole = parseCidr(subnet)
  const hole = parseCidr(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`)
  if (!hole) throw misuse(`--range ${subnet}: exclude ${quoted(text)} is neither an address nor a subnet`)
  if (whole && !contains(whole, hole.address))
    throw misuse(`--range ${subnet}: exclude ${text} is not in the subnet`)
}
