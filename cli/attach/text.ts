/** Results and planned calls for people. */

import { readResultLeniently } from '../../shared/cni/prevresult.ts'
import type { Result } from '../../shared/cni/result.ts'
import { newest } from '../../shared/cni/version.ts'
import { plain, silent } from '../../shared/error/log.ts'
import type { Page } from '../form/page.ts'
import { cut, table } from '../form/table.ts'
import type { Answer } from '../form/verb.ts'
import type { Planned } from './calls.ts'

/** A result of any version, in the newest form; parts that are not valid are left out. */
export function readRaw(result: Record<string, unknown>): Result {
  return readResultLeniently(result, newest, silent)
}

/** Interfaces, addresses and routes of a result. */
export function resultText(raw: Record<string, unknown>, page: Page): string {
  const { interfaces, ips, routes, dns } = readRaw(raw)
  const interfaceOf = (index: number | undefined) =>
    index === undefined ? undefined : interfaces[index]?.name
  const parts = [
    interfaces.length > 0 &&
      table(
        page,
        [
          { title: 'INTERFACE', cell: ({ name }) => name },
          { title: 'MAC', cell: ({ mac }) => mac },
          { title: 'MTU', cell: ({ mtu }) => mtu, right: true },
          { title: 'NAMESPACE', cell: ({ sandbox }) => sandbox || 'host' },
        ],
        interfaces,
      ),
    ips.length > 0 &&
      table(
        page,
        [
          { title: 'ADDRESS', cell: ({ address }) => address },
          { title: 'GATEWAY', cell: ({ gateway }) => gateway },
          { title: 'INTERFACE', cell: ({ interface: index }) => interfaceOf(index) },
        ],
        ips,
      ),
    routes.length > 0 &&
      table(
        page,
        [
          { title: 'ROUTE', cell: ({ dst }) => dst },
          { title: 'VIA', cell: ({ gw }) => gw },
        ],
        routes,
      ),
    dns.nameservers?.length && `DNS: ${cut(plain(dns.nameservers.join(' ').slice(0, 500)), 200)}`,
  ]
  return parts.filter(Boolean).join('\n\n') || 'attached, without an interface in the result'
}

/** What would be called, in its order. */
export function plannedAnswer(calls: readonly Planned[]): Answer {
  const data = calls.map(({ command, plugin, executable, variables, input }) => ({
    command,
    plugin,
    executable,
    environment: variables,
    input: JSON.parse(input) as unknown,
  }))
  const text = (page: Page) =>
    table(
      page,
      [
        { title: 'COMMAND', cell: ({ command }) => command },
        { title: 'PLUGIN', cell: ({ plugin }) => plugin },
        { title: 'EXECUTABLE', cell: ({ executable }) => executable },
        { title: 'CONTAINER', cell: ({ variables }) => variables.CNI_CONTAINERID },
        { title: 'NAMESPACE', cell: ({ variables }) => variables.CNI_NETNS },
      ],
      calls,
    )
  return { data, text }
}
