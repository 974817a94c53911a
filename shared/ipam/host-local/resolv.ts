/** DNS settings from a file in the format of resolv.conf(5). */

import type { Dns } from '../../cni/result.ts'

/** The settings in a resolver file. Comments and other keywords are ignored; a setting without a value is absent. */
export function parseResolvConf(text: string): Dns {
  const lines = text.split('\n').filter((line) => !/^[#;]/.test(line))
  const entries = lines.map((line) => line.trim().split(/\s+/))
  const values = (keyword: string) => entries.filter(([word]) => word === keyword).map(([, ...rest]) => rest)
  const settings: Dns = {
    nameservers: values('nameserver').flatMap(([address]) => address ?? []),
    domain: values('domain').at(-1)?.[0],
    search: values('search').flat(),
    options: values('options').flat(),
  }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value?.length))
}
