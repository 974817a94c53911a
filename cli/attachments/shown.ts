/** The text of `patchbay show`. */

import { plain } from '../../shared/error/log.ts'
import { shortAge } from '../form/age.ts'
import { type Fact, factLines } from '../form/facts.ts'
import type { Page } from '../form/page.ts'
import { formatPort } from '../host/host-ports.ts'
import type { AttachmentDetail, Detail } from './detail.ts'
import { formatRate } from './limits.ts'
import { clientText, leaseText } from './told-lease.ts'

export function shown(page: Page, { container, pod, life, namespace, inode, attachments }: Detail): string {
  const number = inode ? ` (inode ${inode})` : ''
  const head = factLines(page, [
    ['container', container],
    ['pod', pod],
    ['life', life],
    ['namespace', namespace && `${namespace}${number}`],
  ])
  return [head, ...attachments.map((one) => section(page, one))].join('\n\n')
}

function section(page: Page, one: AttachmentDetail): string {
  const title = page.paint('bold', plain(`${one.network} ${one.interface}`))
  return `${title}\n${factLines(page, [...places(one), ...leases(one), ...does(one), ...files(one)], '  ')}`
}

function places({ addresses, gateways, routes, mac, hostEnd, parent, now }: AttachmentDetail): Fact[] {
  const via = gateways.length > 0 ? `, gateway ${gateways.join(' ')}` : ''
  const state = hostEnd && `${hostEnd.up ? 'up' : 'down'}, MTU ${hostEnd.mtu}, ${hostEnd.mac}`
  return [
    ['addresses', addresses.length > 0 ? `${addresses.join(' ')}${via}` : undefined],
    ['routes', routes.join(', ')],
    ['MAC', mac],
    ['host end', hostEnd && `${hostEnd.name}, ${state}`],
    ['on', parent],
    [
      'now',
      now && `${now.name} ${now.up ? 'up' : 'down'}, ${now.kind ?? 'device'}, MTU ${now.mtu}, ${now.mac}`,
    ],
    ['', now && [...now.addresses, ...now.routes.map((route) => `route ${route}`)].join(', ')],
  ]
}

function leases({ leases }: AttachmentDetail): Fact[] {
  return leases.flatMap((one): Fact[] => [
    ['lease', leaseText(one)],
    ['', clientOf(one)],
  ])
}

function clientOf({ clientId, hostname }: AttachmentDetail['leases'][number]): string {
  const words = [clientId && `client ${clientText(clientId)}`, hostname && `host name ${hostname}`]
  return words.filter(Boolean).join(', ')
}

function does({ ports, rules, limits, plugins, since, age }: AttachmentDetail): Fact[] {
  return [
    ['plugins', plugins.join(', ')],
    ['ports', ports.map(formatPort).join(' ')],
    ...rules.map(({ feature, does }): Fact => [feature, does]),
    ...limits.map(({ direction, rate }): Fact => [direction, `at most ${formatRate(rate)}`]),
    ['age', since && `${shortAge(age)}, since ${since}`],
  ]
}

function files({ cache, records }: AttachmentDetail): Fact[] {
  return [['cache', cache], ...records.map((file): Fact => ['record', file])]
}
