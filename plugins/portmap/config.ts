/** The configuration of portmap in a chain. The descriptions become the README's table and the JSON Schema. */

import { requests } from '../../shared/config/common.ts'
import { type Config, network } from '../../shared/config/config.ts'
import { notTogether } from '../../shared/config/rules.ts'
import {
  boolean,
  describe,
  integer,
  ip,
  list,
  oneOf,
  open,
  optional,
  pattern,
  text,
  withDefault,
} from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { whyNoCondition } from '../../shared/firewall/iptables-words.ts'
import { portsThatFit } from './ports.ts'

const port = integer({ min: 1, max: 65535 })

/** Kubernetes writes protocols in capital letters. */
const protocol = text('"tcp", "udp" or "sctp"', (value) => /^(tcp|udp|sctp)$/i.test(value), {
  pattern: '^([tT][cC][pP]|[uU][dD][pP]|[sS][cC][tT][pP])$',
})

const portMapping = open({
  hostPort: port,
  containerPort: port,
  protocol: optional(protocol),
  hostIP: optional(ip),
  range: optional(port),
})

const condition = pattern('an argument, without line break, ";" or "#"', /^[^\n;#\0]+$/)

const shape = {
  ...requests(
    () => ({ portMappings: optional(list(portMapping)) }),
    () => ({}),
  ),
  backend: describe(
    optional(oneOf('nftables', 'iptables')),
    'What leads the ports. Default: nftables where the kernel has it; iptables if `externalSetMarkChain` or conditions in its words are set.',
  ),
  snat: describe(
    withDefault(boolean, true),
    "Connections of the container to itself, of its neighbours, and from the host's 127.0.0.0/8 get the host's address as source; without it they are not answered.",
  ),
  masqAll: describe(withDefault(boolean, false), "All connections get the host's address as source."),
  markMasqBit: describe(
    optional(integer({ min: 0, max: 31 })),
    'iptables: the bit of the mark by which packets are masqueraded. Default: 13.',
  ),
  externalSetMarkChain: describe(
    optional(pattern('the name of a chain', /^[^\s!-][^\s]{0,27}$/)),
    'iptables: a chain of another program that sets the mark, such as KUBE-MARK-MASQ.',
  ),
  conditionsV4: describe(
    optional(list(condition)),
    'Further conditions for IPv4 packets, in words of nft (`["ip", "saddr", "10.0.0.0/8"]`) or iptables (`["-s", "10.0.0.0/8"]`).',
  ),
  conditionsV6: describe(optional(list(condition)), 'The same for IPv6.'),
}

export type PortmapConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [notTogether('externalSetMarkChain', 'markMasqBit'), ofOneBackEnd, safeWords, portsThatFit],
})

const conditionKeys = ['conditionsV4', 'conditionsV6'] as const
type Keys = Partial<Pick<PortmapConfig, 'backend' | 'externalSetMarkChain' | (typeof conditionKeys)[number]>>

/** As the reference tells them apart. */
function isIptables(conditions: readonly string[] = []): boolean {
  return /^[-!]/.test(conditions[0] ?? '')
}

/** The back end that the keys ask for; undefined when either will do. */
export function backEndOf(config: Keys): PortmapConfig['backend'] {
  const { backend, externalSetMarkChain } = config
  const words = conditionKeys.filter((key) => (config[key] ?? []).length > 0)
  if (backend) return backend
  if (externalSetMarkChain || words.some((key) => isIptables(config[key]))) return 'iptables'
  return words.length > 0 ? 'nftables' : undefined
}

/** In the reference's words. */
function ofOneBackEnd(config: Keys): Complaint | undefined {
  const backEnd = backEndOf(config)
  const other = backEnd === 'iptables' ? 'nftables' : 'iptables'
  const keys = conditionKeys.filter((key) => {
    const words = config[key] ?? []
    return words.length > 0 && isIptables(words) !== (backEnd === 'iptables')
  })
  const all = [
    ...keys,
    ...(backEnd === 'nftables' && config.externalSetMarkChain ? ['externalSetMarkChain'] : []),
  ]
  if (all.length === 0) return undefined
  return {
    msg: `${backEnd} backend was requested but configuration contains ${other}-specific options [${all.join(' ')}]`,
    hint: `write them in words of ${backEnd}, or set "backend": "${other}"`,
  }
}

function safeWords(config: Keys): Complaint | undefined {
  return firstOf(conditionKeys.map((key) => unsafeWord(key, config[key] ?? [])))
}

function firstOf<T>(list: (T | undefined)[]): T | undefined {
  return list.find((one) => one !== undefined)
}

/** An argument that begins with a hyphen would be an option of the program nft. Of iptables only matches are taken. */
function unsafeWord(key: string, words: readonly string[]): Complaint | undefined {
  if (!isIptables(words))
    return words.some((word) => word.startsWith('-'))
      ? {
          msg: `${key} has an option among words of nft`,
          hint: 'begin with an option to use words of iptables',
        }
      : undefined
  const word = words.find((each) => whyNoCondition(each))
  if (word === undefined) return undefined
  return {
    msg: `${key}: ${JSON.stringify(word)} ${whyNoCondition(word)}`,
    hint: 'write only which packets, as in ["-s", "10.0.0.0/8"]: portmap has the rest of the rule',
  }
}
