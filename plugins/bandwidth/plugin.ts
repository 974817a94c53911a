/** bandwidth: limits the rate at which a container's interface receives and sends. */

import { requirePrevResult } from '../../shared/attachment/chained.ts'
import type { Life, Made } from '../../shared/attachment/device.ts'
import { whileMadeNow } from '../../shared/attachment/made.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { hostSocket, openSidesIfAny } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { runAllNow } from '../../shared/error/steps.ts'
import { requireKind } from '../../shared/link/kind.ts'
import { hasQdisc, removeQdiscIfThere } from '../../shared/netlink/qdisc.ts'
import { checkLimits } from './check.ts'
import { type BandwidthConfig, config } from './config.ts'
import { findHostIfb, findIfb, makeHostIfb, makeIfb, nameInside, redirect, removeIfb } from './ifb.ts'
import { isTooSmall } from './limit.ts'
import { missing } from './missing.ts'
import { type Ends, endsOf, requireEnds } from './place.ts'
import { directions, isAlwaysLimited, subnetsOf, wishOf } from './rules.ts'
import { kindsOf, own, type Shaper, shape, shaperOf } from './shaper.ts'
import { collectIfbs } from './stale.ts'

export const bandwidth = interfacePlugin<BandwidthConfig>({
  name: 'bandwidth',
  summary: "limits the rate at which a container's interface receives and sends",
  config,
  device: {
    gives: 'nothing',
    leaves: [{ remove: leave, collect: collectIfbs }],
    // The reference's words.
    prepare: (request) => void requirePrevResult(request, 'must be called as chained plugin'),
    create,
    check(sides, request) {
      // The reference's words.
      checkLimits(sides, request, requirePrevResult(request, 'must be called as a chained plugin'))
    },
    status,
  },
})

function create(life: Life<BandwidthConfig>): Made {
  const { config } = life.request
  if (!directions.some((direction) => wishOf(config, direction))) return {}
  const ends = requireEnds(life, life.request, wishOf(config, 'egress') !== undefined)
  const { mtu } = ends.link
  warnOfBursts(life.request, mtu)
  const [received, sent] = directions.map((direction) => shaperOf(config, direction, mtu))
  if (received) limitReceived(life, ends, received)
  return sent ? limitSent(life, ends, sent) : {}
}

function warnOfBursts({ config, log }: Request<BandwidthConfig>, mtu: number): void {
  for (const direction of directions) {
    const wish = wishOf(config, direction)
    if (wish && isTooSmall(wish, mtu))
      log.warn(
        `${direction}Burst of ${wish.burst} bits holds no two packets of MTU ${mtu}: a larger one is used`,
      )
  }
}

/** What the host sends to its end of a veth is what the container receives; with any other interface an IFB of the container has it. */
function limitReceived(
  { host, inside, undo }: Life<BandwidthConfig>,
  { link, end }: Ends,
  shaper: Shaper,
): void {
  if (end) {
    shape(host, end, shaper, undo)
    return
  }
  const ifb = makeIfb(inside, { name: nameInside(link.name), mtu: link.mtu }, undo)
  whileMadeNow(inside, ifb.name, () => {
    shape(inside, ifb, shaper, undo)
    redirect(inside, link, ifb, undo)
  })
}

/** @returns the IFB for the result, if the host has one */
function limitSent(life: Life<BandwidthConfig>, { link, end }: Ends, shaper: Shaper): Made {
  const { host, inside, request, undo } = life
  if (request.config.egress !== 'ifb' || !end) {
    shape(inside, link, shaper, undo)
    return {}
  }
  const ifb = makeHostIfb(host, request, link.mtu, undo)
  whileMadeNow(host, ifb.name, () => {
    shape(host, ifb, shaper, undo)
    redirect(host, end, ifb, undo)
  })
  const { name, mac, mtu } = ifb
  return { interfaces: [{ name, mac, mtu }] }
}

/** Removes what ADD may have made, whatever the configuration says by now. */
function leave(request: Request<BandwidthConfig>): void {
  const host = hostSocket()
  const sides = openSidesIfAny(request)
  const { link, end } = (sides && endsOf(sides, request)) ?? {}
  runAllNow([
    () => sides && link && removeQdiscIfThere(sides.inside, link, own),
    () => end && removeQdiscIfThere(host, end, own),
    () => {
      const ifb = sides && findIfb(sides.inside, nameInside(request.ifname))
      if (ifb) removeIfb(sides.inside, ifb, link)
    },
    () => {
      const ifb = findHostIfb(host, request, end)
      if (ifb) removeIfb(host, ifb, end)
    },
  ])
}

/** Only a limit in the configuration itself makes every ADD need a shaper; without one a missing kind is a warning. */
function status({ config, log }: Request<BandwidthConfig>): void {
  const host = hostSocket()
  const lacking = kindsOf(config.queue, subnetsOf(config) !== undefined).filter(
    (kind) => !hasQdisc(host, kind),
  )
  const isAlways = isAlwaysLimited(config)
  if (lacking.length > 0 && isAlways) throw missing(lacking)
  if (lacking.length > 0) log.warn(`${missing(lacking).message}: a container with a limit cannot be attached`)
  if (isAlways && config.egress === 'ifb' && wishOf(config, 'egress')) requireKind(host, 'ifb')
}
