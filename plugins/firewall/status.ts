/** STATUS: fails where every ADD is sure to fail; what drops packets although ADD succeeds is a warning. */

import type { Request } from '../../shared/cni/plugin.ts'
import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import type { Decision } from '../../shared/firewall/decision.ts'
import type { Filter } from '../../shared/firewall/filter-record.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import type { FirewallConfig } from './config.ts'
import { decisionFor, warnOfObstacles, wishesOf } from './wishes.ts'

type Wishes = Pick<Filter, 'policy' | 'acceptInto' | 'hostIngress'>

/** Any address: which families the containers have is not known. */
const bothFamilies = ['0.0.0.0', '::']

export async function status(request: Request<FirewallConfig>): Promise<void> {
  const decision = decisionFor(request.config)
  const wishes = { ...wishesOf(request.config), backEnd: decision.backEnd }
  try {
    await requireBackEnd(wishes, decision)
  } catch (error) {
    throw error instanceof CniError ? new CniError(Code.PluginNotAvailable, error.complaint) : error
  }
  warnOfObstacles(request, { ...wishes, addresses: bothFamilies }, decision)
}

/** @throws CniError when the host lacks what a network needs, before anything is changed */
export async function requireBackEnd(wishes: Wishes, decision: Decision): Promise<void> {
  if (decision.backEnd === 'firewalld') (await import('../../shared/firewall/firewalld.ts')).requireRunning()
  if (decision.backEnd === 'iptables') await requireIptables(decision)
  await requireNftables(wishes)
  if (wishes.acceptInto.length > 0)
    (await import('../../shared/firewall/accept-into.ts')).requireChains(wishes)
}

async function requireIptables({ rejected }: Decision): Promise<void> {
  const reason = (await import('../../shared/firewall/iptables.ts')).whyUnusable()
  if (reason)
    throw new CniError(Code.PluginNotAvailable, {
      msg: `no back end works: ${rejected.join('; ')}; iptables: ${reason}`,
      hint: 'install the package iptables',
    })
}

async function requireNftables(wishes: Wishes): Promise<void> {
  const { requireElements } = await import('../../shared/firewall/filter.ts')
  try {
    requireElements(wishes)
  } catch (error) {
    if (!isErrno(error, 'EOPNOTSUPP', 'EPROTONOSUPPORT')) throw error
    throw new CniError(Code.PluginNotAvailable, {
      msg: 'ingressPolicy and acceptInto need nf_tables, which this kernel lacks',
      hint: 'load the kernel module nf_tables, or remove these keys',
      ...factsOf(error),
    })
  }
}
