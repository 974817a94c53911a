/** A part of the rules is flushed, and its table stays: CHECK notices, `patchbay reapply` and the next ADD bring it back, DEL leaves nothing. */
// needs: nft ip, nft bridge, iptables

import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { isFullRun } from '../harness/full.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { flush, flushes, reapply } from './firewall-damage.ts'
import { begin, type Container, del, type List, lacking, run } from './firewall-model.ts'
import { rules } from './firewall-rules.ts'

await privateHost()

const nftables: List = {
  ...{ bridge: 0, ipMasq: 'nftables', macspoofchk: true },
  ...{ ports: 'nftables', filter: 'nftables', policy: 'isolated' },
}
const iptables: List = {
  ...{ bridge: 0, ipMasq: 'iptables', macspoofchk: false },
  ...{ ports: 'iptables', filter: 'iptables', policy: 'isolated' },
}

/** Flushes each part in turn that a container has something in. @returns how many */
function flushEach(judge: (how: string) => void, isChosen = (_: string) => true): number {
  let tried = 0
  for (const how of flushes().filter(isChosen)) {
    const before = rules()
    command('sh', '-c', how)
    if (rules().join() === before.join()) continue
    judge(how)
    tried++
  }
  return tried
}

/** In IPv6 it is the same. */
const isOnce = (how: string) => isFullRun() || !/ip6/.test(how)
/** What a new container needs besides its own elements. */
const isShared = (how: string) => isOnce(how) && (isFullRun() || /table|chain|taken/.test(how))

for (const [name, list] of Object.entries({ nftables, iptables })) {
  const [one, other] = ['one', 'other'].map(
    (word, address): Container => ({ ...begin(`${name}-${word}`), list, address }),
  ) as [Container, Container]

  test(`${name}: after the flush of any table, chain or map CHECK notices it, and reapply restores it`, () => {
    flush()
    const empty = rules()
    run(one)
    const before = rules()
    const tried = flushEach((how) => {
      assert.is.not(lacking(one).length, 0, `CHECK says nothing after ${how}`)
      reapply()
      assert.equal(rules(), before, how)
    })
    assert.ok(tried > 10, `${tried} flushes changed anything`)
    del(one)
    assert.equal(rules(), empty)
  })

  test(`${name}: after the flush of any table or chain the next ADD works and passes CHECK, and DEL of all leaves nothing`, () => {
    flush()
    const empty = rules()
    run(one)
    const tried = flushEach((how) => {
      run(other)
      assert.equal(lacking(other), [], how)
      del(other)
      reapply()
    }, isShared)
    assert.ok(tried > 5, `${tried} flushes changed anything`)
    del(one)
    assert.equal(rules(), empty)
  })

  test(`${name}: after the flush of any table, chain or map DEL leaves nothing`, () => {
    flush()
    const empty = rules()
    run(one)
    const tried = flushEach((how) => {
      del(one)
      assert.equal(rules(), empty, how)
      run(one)
    }, isOnce)
    assert.ok(tried > 5, `${tried} flushes changed anything`)
    del(one)
  })
}

test.run()
