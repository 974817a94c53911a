/** `patchbay ipam release`: gives leaked addresses back. */

import { CniError, Code, toCniError } from '../../shared/error/error.ts'
import { plain, stderrLog } from '../../shared/error/log.ts'
import { formatAddress } from '../../shared/ip/address.ts'
import { requireAddress, requireLeaked } from '../addresses/by-ip.ts'
import { claimsOf } from '../addresses/evidence.ts'
import { type Outcome, type Releasing, release } from '../addresses/release.ts'
import { type Leaked, readReport, toLeaked } from '../addresses/report.ts'
import { storesOf } from '../addresses/stores.ts'
import { misuse } from '../form/arguments.ts'
import { type Call, lastOf, type Verb } from '../form/verb.ts'
import { type HostView, viewHost } from '../host/attachment-view.ts'
import { requireHostNetwork } from '../host/host-network.ts'
import { leftOutBy } from '../host/left-out.ts'

const words: Record<Outcome | 'failed', string> = {
  released: 'released',
  kept: 'kept for the next container of its pod',
  gone: 'left: it is free, or has another holder by now',
  lives: 'left: its container lives, or may live',
  failed: 'failed',
}

export const ipamRelease: Verb = {
  summary: 'releases addresses whose containers have ended without DEL',
  text: [
    'From the report of patchbay ipam check: exactly the addresses in it, each if the holder is still the same and has still ended. Or one address. An address whose container lives, or may live, is never released.',
    'It releases addresses only: patchbay gc deletes all that an ended container has left.',
  ],
  flags: {
    '--from': { takes: 'one', value: 'FILE', names: 'file', means: 'The report.' },
    '--ip': { takes: 'one', value: 'IP', means: 'This address.' },
    '--network': {
      takes: 'one',
      value: 'NETWORK',
      names: 'network',
      means: 'With --ip: of this network, where several have the address.',
    },
    '--dry-run': { takes: 'none', means: 'Say what would be released, and release nothing.' },
  },
  answers: true,
  example: {
    call: 'ipam release --from /tmp/report.json --dry-run',
    does: 'which addresses of the report would be released?',
  },
  run(call) {
    const [from, ip] = [lastOf(call.flags, '--from'), lastOf(call.flags, '--ip')]
    if ((from === undefined) === (ip === undefined)) throw misuse('give either --from FILE or --ip IP')
    requireHostNetwork()
    const view = viewHost(leftOutBy(call))
    const leaked = from === undefined ? [byIP(ip ?? '', view, call)] : readReport(from)
    const isDry = call.flags.has('--dry-run')
    const run = { host: view.host, isDry, log: stderrLog('ipam release') }
    const done = leaked.map((one) => releaseOne(one, run, view, call))
    return {
      data: done,
      text: () => summary(done.length),
      status: done.some(({ outcome }) => outcome === 'failed') ? 1 : 0,
    }
  },
}

/** @throws CniError unless the address has one holder, which has ended, and no live container has it */
function byIP(word: string, view: HostView, call: Call): Leaked {
  const address = requireAddress(word)
  const stores = storesOf(view, () => {}, lastOf(call.flags, '--network'))
  const holder = requireLeaked(address, stores)
  const user = claimsOf(view, stores, call).find(
    (claim) => claim.network === holder.network && formatAddress(claim.address) === holder.file,
  )
  if (!user) return toLeaked(holder)
  throw new CniError(Code.TryAgainLater, {
    msg: `${holder.file}: its holder has ended, but container ${user.container} has the address`,
    hint: `look at that container: patchbay show ${user.container}`,
  })
}

/** A container that a look at the whole host finds alive is not looked at again. */
function releaseOne(leaked: Leaked, run: Releasing, { host }: HostView, call: Call) {
  const { address, network, container, interface: ifname } = leaked
  const told = { address, network, container, ...(ifname !== undefined && { interface: ifname }) }
  call.progress(`releases ${address}`)
  const isEnded = host.containers.find(({ id }) => id === container)?.life === 'ended'
  try {
    const outcome = isEnded ? release(leaked, run) : notEnded(leaked, host)
    call.out(plain(`${network}: ${address} of ${container}: ${isDryWord(run, outcome)}${words[outcome]}`))
    return { ...told, outcome }
  } catch (error) {
    call.complain(`${network}: ${address}`, toCniError(error).complaint)
    return { ...told, outcome: 'failed' as const }
  }
}

/** A container that no file names any more has no address either. */
function notEnded({ container }: Leaked, { containers }: HostView['host']): Outcome {
  return containers.some(({ id }) => id === container) ? 'lives' : 'gone'
}

function isDryWord({ isDry }: Releasing, outcome: Outcome): string {
  return isDry && outcome === 'released' ? 'would be ' : ''
}

function summary(count: number): string {
  return count === 0 ? 'the report has no leaked address' : ''
}
