/** The errors of protocols, each with what to do. Code 11: the same call may succeed later. */

import { CniError, Code, type Complaint } from '../../error/error.ts'

function later(complaint: Complaint): CniError {
  return new CniError(Code.TryAgainLater, complaint)
}

/** What was read has changed meanwhile. */
export function changed(what: string): CniError {
  return later({ msg: `${what} has changed in the store meanwhile: try again` })
}

export function restored(): CniError {
  return later({ msg: 'etcd was restored from a backup: hosts confirm their blocks now, try again' })
}

export function closed(since: string): CniError {
  return later({
    msg: 'etcd was restored from a backup: no block is claimed until all hosts have confirmed theirs',
    details: `since ${since}`,
    hint: 'when all hosts have entered, open it: patchbay pool recover --open',
  })
}

export function nameTaken(name: string, key: string): CniError {
  return later({
    msg: `the host name ${name} is another host's in the store: no block is claimed`,
    hint: `if this host was installed anew, or the other is gone: patchbay pool release --host ${name}; if both live, give one another name: store.host`,
    see: `etcdctl get ${key}`,
  })
}

/** @param other the name under which the other one has written */
export function copied(name: string, other = name): CniError {
  const original =
    other === name
      ? 'on the original then: rm /var/lib/patchbay/host.json'
      : `if that is the copy, then: patchbay pool release --host ${other}`
  return later({
    msg: `another host has the identity of ${name}, as after the copy of a virtual machine: no address is given here`,
    hint: `on the copy, when its containers have ended: rm -r /var/lib/patchbay/host.json DATADIR/.patchbay-pool, and give it a host name of its own; ${original}`,
  })
}

export function noPool(pool: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the store has no pool ${pool}`,
    hint: `create it once: patchbay pool create ${pool} --range 10.1.0.0/16; or name one of: patchbay pool ls`,
  })
}

export function noPools(): CniError {
  return later({
    msg: 'the store has no pool yet',
    hint: 'create one once: patchbay pool create NAME --range 10.1.0.0/16; or look at `endpoints` and `prefix` of the store',
  })
}

export function otherPool(network: string, held: string, pool: string): CniError {
  return later({
    msg: `network ${network} still holds addresses of pool ${held}, and can have none of ${pool}`,
    hint: `delete its containers first, or give the network of pool ${pool} another name`,
  })
}

export function closing(pool: string): CniError {
  return later({
    msg: `pool ${pool} is being deleted: it gives no new addresses`,
    hint: 'use another pool: patchbay pool ls',
  })
}

export function exhausted(pool: string, family: number, holders: string): CniError {
  return later({
    msg: `pool ${pool} has no free IPv${family} block`,
    details: holders,
    hint: `enlarge it: patchbay pool change ${pool} --range …; or free what dead hosts hold: patchbay pool release --host NAME`,
    see: `patchbay pool show ${pool}`,
  })
}

export function outside(address: string, pool: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${address} is no address that pool ${pool} gives`,
    hint: `request one of its ranges: patchbay pool show ${pool}`,
  })
}

export function singleTaken(address: string, host: string): CniError {
  return later({
    msg: `${address} is in use, or asked for, by host ${host}`,
    hint: 'request another address, or delete the container that has it',
  })
}

export function notGranted(address: string, owner: string, reason?: string): CniError {
  return later({
    msg: reason
      ? `host ${owner} does not give ${address}: ${reason}`
      : `host ${owner} has the block of ${address}, and has not answered`,
    hint: reason
      ? 'request another address'
      : `look whether patchbay agent runs on ${owner}; if that host is gone: patchbay pool release --host ${owner}`,
  })
}

export function damaged(key: string): CniError {
  return later({
    msg: 'the store has a value that is none of ours where this host needs one of ours: nothing is claimed',
    hint: `look who wrote it, and put it right: etcdctl get ${key}`,
    see: `etcdctl get ${key}`,
  })
}

export function entered(name: string): CniError {
  return later({
    msg: `host ${name}, or what it holds, has changed in the store meanwhile: perhaps it is not gone`,
    hint: `stop that host, or its agent, and try again; patchbay pool show lists what it holds`,
  })
}

export function cutShort(hosts: readonly string[]): CniError {
  return later({
    msg: 'the release of a host was cut short: free first what is left of those that are gone',
    details: hosts.slice(0, 20).join(' '),
    hint: 'free it: patchbay pool release --host NAME --earlier; then all hosts confirm once more',
  })
}

export function unconfirmed(hosts: readonly string[]): CniError {
  return later({
    msg: `${hosts.length} hosts have not confirmed what they hold since etcd was restored`,
    details: hosts.slice(0, 20).join(' '),
    hint: 'start patchbay agent there, or let an ADD of each need a block; free what dead ones hold: patchbay pool release --host NAME',
  })
}
