/** firewall alone: what is refused, which back end is decided, warnings and STATUS, DEL in every situation, addresses that change hands. */
// needs: nft ip, nft bridge

import { globSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { reapplyFilter } from '../../shared/firewall/filter.ts'
import { kept } from '../../shared/firewall/filter-record.ts'
import { added, done, refused } from '../harness/attach.ts'
import { command, ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { harmOfFailures, harmOfFailuresInDel, harmOfKills } from '../harness/failing.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import {
  type Call,
  type Configuration,
  call,
  type Engine,
  executables,
  type Result,
} from '../harness/plugin.ts'
import { testRefusals } from '../harness/refusals.ts'
import { quickSnapshot, snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()
ip('link add br0 type bridge')
ip('link set br0 up')
test.before.each(clean)

type Keys = Record<string, unknown>

/** Rules and records that a failed test has left. */
function clean(): void {
  rmSync('/run/patchbay/firewall', { recursive: true, force: true })
  command('nft', 'flush ruleset')
  for (const program of ['iptables-legacy', 'ip6tables-legacy'])
    command(
      'sh',
      '-c',
      `${program} -P FORWARD ACCEPT; ${program} -P INPUT ACCEPT; ${program} -F; ${program} -X`,
    )
}

const section = { type: 'firewall', name: 'net', cniVersion: '1.1.0' }

/** A container as bridge leaves it, and a request to attach it. */
function prepared(keys: Keys = {}, ips = ['10.60.0.2/24', 'fd60::2/64'], engine?: Engine) {
  const container = newContainer()
  const port = `port-${container.name}`
  inContainer(container, `link add eth0 type veth peer name ${port} netns 1`)
  ip(`link set ${port} master br0 up`)
  inContainer(container, 'link set eth0 up')
  const prevResult: Result = {
    cniVersion: '1.1.0',
    interfaces: [
      { name: 'br0', mac: link('br0').address },
      { name: port, mac: link(port).address },
      { name: 'eth0', mac: link('eth0', container).address, sandbox: container.path },
    ],
    ips: ips.map((address) => ({ address, interface: 2 })),
  }
  const config = { ...section, ...keys, prevResult }
  return { container, port, request: { config, netns: container.path, containerID: container.name, engine } }
}

const del = (request: Omit<Call, 'verb'>) => call({ verb: 'DEL', ...request })

/** The rules of iptables of both families, by the system's default kind. */
const rules = () => command('sh', '-c', 'iptables-save -t filter; ip6tables-save -t filter')
const drop = (kind = 'nft') =>
  command('sh', '-c', `iptables-${kind} -P FORWARD DROP; ip6tables-${kind} -P FORWARD DROP`)

testRefusals(
  [
    [{ backend: 'nft' }, 'backend', '"nftables"', '"firewalld"'],
    [{ ingressPolicy: 'none' }, 'ingressPolicy', '"same-bridge" or "isolated"'],
    [{ iptablesAdminChainName: 'A B' }, 'iptablesAdminChainName'],
    [{ iptablesAdminChainName: 'x\n-F' }, 'iptablesAdminChainName'],
    [{ iptablesAdminChainName: 'ACCEPT' }, 'iptablesAdminChainName is ACCEPT'],
    [{ firewalldZone: 'a b' }, 'firewalldZone'],
    [{ hostIngress: true }, 'hostIngress'],
    [{ acceptInto: 'inet filter' }, 'acceptInto'],
    [{ acceptInto: { table: 'filter', chain: 'forward' } }, 'acceptInto.table'],
    [{ acceptInto: { table: 'inet filter' } }, 'acceptInto.chain is missing'],
    [{ acceptInto: { table: 'inet filter', chain: 'forward' } }, 'there is no chain inet filter forward'],
    [{ ingressPolicyy: 'open' }, 'ingressPolicy'],
    [{ prevResult: undefined }, 'missing prevResult from earlier plugin'],
  ],
  async (keys) => {
    const { container, request } = prepared()
    return refused({ ...request, config: { ...request.config, ...keys } }, container)
  },
)

test('a chain with the hook input is refused without hostIngress, and a policy for an interface without an end on the host', async () => {
  command('nft', 'add table inet foreign; add chain inet foreign in { type filter hook input priority 0; }')
  const { container, request } = prepared({ acceptInto: { table: 'inet foreign', chain: 'in' } })
  assert.match((await refused(request, container)).said, 'set "hostIngress": "allow"')
  const other = newContainer()
  inContainer(other, 'link add eth0 type bridge')
  const config = { ...request.config, acceptInto: undefined, ingressPolicy: 'same-bridge' }
  const { code, said } = await refused({ ...request, netns: other.path, config }, other)
  assert.is(code, 7)
  assert.match(said, 'ingressPolicy same-bridge needs an interface with an end on the host')
})

test('the answer of ADD is prevResult, an empty text in a key is its default, and nothing is changed where nothing drops', async () => {
  const empty = { backend: '', ingressPolicy: '', iptablesAdminChainName: '', firewalldZone: '' }
  const { container, request } = prepared(empty)
  const look = () => [...snapshot(), ...snapshotOf(container.name)]
  const before = look()
  const answer = await call({ verb: 'ADD', ...request })
  assert.equal(answer, { status: 0, json: request.config.prevResult, stderr: '' })
  unchanged(before, look)
  assert.equal(await call({ verb: 'CHECK', ...request }), done)
  assert.equal(await del(request), done)
})

test('Nerdctl and Nomad read a version of 1.7.1 or newer on standard error', async () => {
  for (const engine of ['quickjs', 'node'] as const) {
    const said = command('sh', '-c', `${executables(engine)}/firewall 2>&1 >/dev/null </dev/null`)
    const [, major, minor] = /^CNI firewall plugin v(\d+)\.(\d+)\.\d+\+patchbay\.\S+$/m.exec(said) ?? []
    assert.ok(Number(major) === 1 && Number(minor) > 7, said)
  }
})

for (const kind of ['nft', 'legacy'])
  test(`iptables-${kind} is used when its FORWARD has policy DROP, and ADD says why`, async () => {
    drop(kind)
    const { request } = prepared()
    const { status, stderr } = await call({ verb: 'ADD', ...request })
    assert.is(status, 0)
    assert.match(
      stderr,
      `info: nftables: FORWARD of iptables-${kind} has policy DROP, and only iptables can open it`,
    )
    assert.match(command(`iptables-${kind}-save`), '-A CNI-FORWARD -s 10.60.0.2/32 -j ACCEPT')
    assert.match(command(`ip6tables-${kind}-save`), '-A CNI-FORWARD -s fd60::2/128 -j ACCEPT')
    assert.equal(await call({ verb: 'CHECK', ...request }), done)
    assert.equal(await del(request), done)
    assert.not.match(command(`iptables-${kind}-save`), 'CNI-')
  })

test('what ADD has accepted, CHECK accepts after FORWARD got policy DROP, and the next ADD opens it', async () => {
  const [one, other] = [prepared(), prepared({}, ['10.60.0.3/24'])]
  await added(one.request)
  drop()
  assert.equal(await call({ verb: 'CHECK', ...one.request }), done)
  await added(other.request)
  assert.match(rules(), '-s 10.60.0.3/32 -j ACCEPT')
  for (const { request } of [one, other]) assert.equal(await del(request), done)
  assert.not.match(rules(), 'CNI-')
})

test('what no rule of ours can open is warned of, with the keys that do; an empty acceptInto silences the warning', async () => {
  command(
    'nft',
    'add table inet foreign; add chain inet foreign fw { type filter hook forward priority 0; policy drop; }',
  )
  const said =
    'warning: chain fw of table inet foreign has policy drop, which no other table can open: write "acceptInto": {"table": "inet foreign", "chain": "fw"}'
  const { request } = prepared()
  assert.match((await call({ verb: 'ADD', ...request })).stderr, said)
  const status = await call({ verb: 'STATUS', config: section })
  assert.is(status.status, 0)
  assert.match(status.stderr, said)
  const silenced = await call({ verb: 'STATUS', config: { ...section, acceptInto: [] } })
  assert.equal(silenced, done)
  const opened = { ...section, acceptInto: [{ table: 'inet foreign', chain: 'fw' }] }
  assert.equal(await call({ verb: 'STATUS', config: opened }), done)
  assert.equal(await del(request), done)
})

test('a chain that ends in a rule that rejects is warned of, one of firewalld with its remedy; one that accepts is not', async () => {
  command(
    'nft',
    'add table inet firewalld; add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; }',
  )
  command('nft', 'add rule inet firewalld filter_FORWARD ct state established accept')
  assert.equal(await call({ verb: 'STATUS', config: section }), done)
  command(
    'nft',
    'add rule inet firewalld filter_FORWARD counter log prefix "no: " reject with icmpx admin-prohibited',
  )
  const { status, stderr } = await call({ verb: 'STATUS', config: section })
  assert.is(status, 0)
  assert.match(stderr, 'has a rule that refuses all other packets')
  assert.match(stderr, 'write "backend": "firewalld"')
})

test('a chain in a table with a name of iptables is warned of, and opened; one of iptables itself is refused in acceptInto', async () => {
  command(
    'nft',
    'add table ip filter; add chain ip filter forward { type filter hook forward priority 0; policy drop; }',
  )
  const acceptInto = { table: 'ip filter', chain: 'forward' }
  const { stderr } = await call({ verb: 'STATUS', config: section })
  assert.match(stderr, 'write "acceptInto": {"table": "ip filter", "chain": "forward"}')
  assert.equal(await call({ verb: 'STATUS', config: { ...section, acceptInto } }), done)
  command('nft', 'flush ruleset')
  drop()
  const { container, request } = prepared({ acceptInto: { table: 'ip filter', chain: 'FORWARD' } })
  const { code, said } = await refused(request, container)
  assert.is(code, 7)
  assert.match(said, 'ip filter FORWARD is a chain of iptables')
})

test('INPUT that drops concerns hostIngress only', async () => {
  command(
    'nft',
    'add table ip foreign; add chain ip foreign in { type filter hook input priority 0; policy drop; }',
  )
  assert.equal(await call({ verb: 'STATUS', config: section }), done)
  const { stderr } = await call({ verb: 'STATUS', config: { ...section, hostIngress: 'allow' } })
  assert.match(stderr, 'chain in of table ip foreign has policy drop')
})

test('rules in both kinds of iptables are warned of', async () => {
  command(
    'sh',
    '-c',
    'iptables-legacy -A FORWARD -s 192.0.2.1 -j DROP; iptables-nft -A FORWARD -s 192.0.2.1 -j DROP',
  )
  const { status, stderr } = await call({ verb: 'STATUS', config: section })
  assert.is(status, 0)
  assert.match(stderr, 'iptables of both kinds, nft and legacy, have rules')
})

test('backend nftables where iptables drops: a warning, since it cannot work', async () => {
  drop()
  const { status, stderr } = await call({ verb: 'STATUS', config: { ...section, backend: 'nftables' } })
  assert.is(status, 0)
  assert.match(stderr, 'FORWARD of iptables-nft has policy DROP: leave "backend" out')
})

test('STATUS fails for a chain that is missing, as every ADD does, and not without configuration of one', async () => {
  const acceptInto = { table: 'inet foreign', chain: 'forward' }
  const { status, json } = await call({ verb: 'STATUS', config: { ...section, acceptInto } })
  assert.equal([status, json?.code], [1, 50])
  assert.match(String(json?.msg), 'there is no chain inet foreign forward')
})

/** Runs an action where the programs of iptables are not installed. */
async function withoutPrograms(names: string, action: () => Promise<void>): Promise<void> {
  const files = command('sh', '-c', `ls -d /usr/sbin/${names}* /sbin/${names}* 2>/dev/null | sort -u`).split(
    '\n',
  )
  const empty = '/run/test/nothing'
  command(
    'sh',
    '-c',
    `mkdir -p ${empty} /run/test/sbin && cp -a /usr/sbin/. /run/test/sbin && rm -f /run/test/sbin/${names}*`,
  )
  assert.ok(files.length > 0)
  const directories = ['/usr/sbin', '/sbin'].filter((path) => command('readlink', '-f', path).trim() === path)
  for (const path of directories) command('mount', '--bind', '/run/test/sbin', path)
  try {
    await action()
  } finally {
    for (const path of directories) command('umount', '-l', path)
  }
}

test('an IPv4 container needs no ip6tables; one with IPv6 addresses is told so, and nothing is left', async () => {
  drop()
  await withoutPrograms('ip6tables', async () => {
    const one = prepared({ ingressPolicy: 'same-bridge' }, ['10.60.0.2/24'])
    await added(one.request)
    assert.equal(await call({ verb: 'CHECK', ...one.request }), done)
    assert.equal(await del(one.request), done)
    const both = prepared()
    const { said } = await refused(both.request, both.container)
    assert.match(said, 'ip6tables')
  })
})

test('without iptables: where its FORWARD drops, ADD and STATUS say why neither back end works; DEL still removes the rules', async () => {
  drop()
  const { request } = prepared()
  await added(request)
  await withoutPrograms('ip', async () => {
    const other = prepared({}, ['10.60.0.9/24'])
    const { code, said } = await refused(other.request, other.container)
    assert.is(code, 50)
    assert.match(
      said,
      'no back end works: nftables: FORWARD of iptables-nft has policy DROP, and only iptables can open it; iptables: ',
    )
    assert.is((await call({ verb: 'STATUS', config: section })).json?.code, 50)
    assert.equal(await del(request), done)
  }).catch((error) => {
    throw error
  })
  assert.not.match(rules(), '10.60.0.2')
})

for (const [what, keys] of Object.entries(kindsOfRecords()))
  test(`${what}: after a flush of all rules, what was recorded is added again, and CHECK passes`, async () => {
    const all = [prepared(keys), prepared(keys, ['10.60.0.3/24', 'fd60::3/64'])]
    for (const { request } of all) await added(request)
    command('nft', 'flush ruleset')
    for (const { request } of all) assert.is((await call({ verb: 'CHECK', ...request })).status, 1)
    for (const filter of kept.all()) await reapplyFilter(filter)
    for (const { request } of all) assert.equal(await call({ verb: 'CHECK', ...request }), done)
    for (const { request } of all) assert.equal(await del(request), done)
    assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI/)
  })

function kindsOfRecords(): Record<string, Keys> {
  return {
    'isolated by nftables': { ingressPolicy: 'isolated' },
    'same-bridge by iptables': { ingressPolicy: 'same-bridge', backend: 'iptables' },
  }
}

/** The situations of a DEL, as runtimes make them. */
const situations: Record<string, (request: ReturnType<typeof prepared>) => Omit<Call, 'verb'>> = {
  'with everything': ({ request }) => request,
  'without prevResult': ({ request }) => ({
    ...request,
    config: { ...request.config, prevResult: undefined },
  }),
  'without CNI_NETNS and prevResult': ({ request }) => ({
    ...request,
    netns: '',
    config: { ...request.config, prevResult: undefined },
  }),
  'with the namespace gone': ({ request, container }) => {
    removeContainer(container)
    return request
  },
  'with an invalid configuration': ({ request }) => ({
    ...request,
    config: { ...request.config, backend: 7, ingressPolicy: 'x', acceptInto: 5, prevResult: 'none' },
  }),
  'with another configuration': ({ request }) => ({
    ...request,
    config: { ...section, backend: 'firewalld' },
  }),
  'after the network got another name': ({ request }) => ({
    ...request,
    config: { ...request.config, name: 'renamed' },
  }),
  'after the ruleset was flushed': ({ request }) => {
    command('nft', 'flush ruleset')
    return request
  },
}

const kinds: Record<string, Keys> = {
  'isolated by nftables': { ingressPolicy: 'isolated', acceptInto: { table: 'inet foreign', chain: 'fw' } },
  'isolated by iptables': { ingressPolicy: 'isolated', backend: 'iptables', hostIngress: 'allow' },
}

for (const [what, keys] of Object.entries(kinds))
  for (const [how, changed] of Object.entries(situations))
    test(`${what}: DEL ${how} leaves nothing, twice`, async () => {
      command(
        'nft',
        'add table inet foreign; add chain inet foreign fw { type filter hook forward priority 0; }',
      )
      const attachment = prepared(keys)
      await added(attachment.request)
      const request = changed(attachment)
      for (let twice = 0; twice < 2; twice++) assert.is((await del(request)).status, 0)
      assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI|10\.60/)
      assert.equal(ours(), [])
    })

for (const [what, keys] of Object.entries({ ...kinds, 'open by iptables': { backend: 'iptables' } }))
  for (const [how, damage] of Object.entries({
    'is damaged': (file: string) => writeFileSync(file, '{"network"'),
    'is lost': (file: string) => rmSync(file),
  }))
    test(`${what}: a record that ${how}: DEL and GC leave nothing`, async () => {
      command(
        'nft',
        'add table inet foreign; add chain inet foreign fw { type filter hook forward priority 0; }',
      )
      for (const verb of ['DEL', 'GC'] as const) {
        const { request } = prepared(keys)
        await added(request)
        for (const file of globSync('/run/patchbay/firewall/filter/*.json')) damage(file)
        const gc = { ...section, 'cni.dev/valid-attachments': [] }
        const config = verb === 'GC' ? gc : request.config
        if (verb === 'GC' && !('ingressPolicy' in keys)) await del(request)
        assert.is((await call({ ...request, verb, config })).status, 0)
        assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI|10\.60/)
        assert.equal(ours(), [])
      }
    })

/** Our records. */
function ours(): string[] {
  return snapshot(['/run/patchbay']).filter((line) => /^(file|link) \/run\/patchbay\/firewall/.test(line))
}

for (const [what, keys] of Object.entries(kinds))
  test(`${what}: a late DEL leaves the container that has got the address, and its neighbours, what they have`, async () => {
    command(
      'nft',
      'add table inet foreign; add chain inet foreign fw { type filter hook forward priority 0; }',
    )
    const [first, second] = [prepared(keys), prepared(keys)]
    await added(first.request)
    await added(second.request)
    assert.equal(await del(first.request), done)
    assert.equal(await del({ ...first.request, config: { ...first.request.config, ...keys } }), done)
    assert.equal(await call({ verb: 'CHECK', ...second.request }), done)
    assert.equal(await del(second.request), done)
    assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI|10\.60/)
    assert.equal(ours(), [])
  })

test('a container that gets the address of one with hostIngress may not reach the host by that', async () => {
  const former = prepared({ backend: 'iptables', hostIngress: 'allow' })
  const next = prepared({ backend: 'iptables' })
  await added(former.request)
  assert.match(rules(), '-A PATCHBAY-INPUT -s 10.60.0.2/32')
  await added(next.request)
  assert.not.match(rules(), '-A PATCHBAY-INPUT -s')
  for (const { request } of [former, next]) assert.equal(await del(request), done)
  assert.not.match(rules(), /CNI-|PATCHBAY/)
})

test('an ADD that is repeated without DEL replaces what the first had', async () => {
  const { request } = prepared({ backend: 'iptables' })
  await added(request)
  const prevResult = { ...request.config.prevResult, ips: [{ address: '10.60.0.7/24', interface: 2 }] }
  await added({ ...request, config: { ...request.config, prevResult } })
  assert.not.match(rules(), '10.60.0.2')
  assert.equal(await del(request), done)
  assert.not.match(rules(), 'CNI-')
})

test('an admin chain that others fill is entered first, never emptied and never removed', async () => {
  command('sh', '-c', 'iptables -N NOMAD-ADMIN; iptables -A NOMAD-ADMIN -s 192.0.2.7/32 -j ACCEPT')
  const { request } = prepared({ backend: 'iptables', iptablesAdminChainName: 'NOMAD-ADMIN' })
  await added(request)
  const saved = rules()
  assert.match(saved, '-A NOMAD-ADMIN -s 192.0.2.7/32 -j ACCEPT')
  const inForward = saved.split('\n').filter((line) => line.startsWith('-A CNI-FORWARD'))
  assert.match(inForward[0] ?? '', '-j NOMAD-ADMIN')
  assert.not.match(saved, 'CNI-ADMIN')
  assert.equal(await del(request), done)
  assert.match(rules(), '-A NOMAD-ADMIN -s 192.0.2.7/32 -j ACCEPT')
  assert.not.match(rules(), '10.60.0.2')
})

test('the default admin chain stays, and what leads to it, while an operator’s rule is in it', async () => {
  const { request } = prepared({ backend: 'iptables' })
  await added(request)
  command('sh', '-c', 'iptables -A CNI-ADMIN -s 192.0.2.7/32 -j DROP')
  assert.equal(await del(request), done)
  assert.match(rules(), /-A FORWARD .* -j CNI-FORWARD\n(.*\n)*-A CNI-FORWARD .* -j CNI-ADMIN/)
})

test('CHECK makes no chain, whatever is missing', async () => {
  const { request } = prepared({ backend: 'iptables' })
  await added(request)
  command('nft', 'flush ruleset')
  const { status, json } = await call({ verb: 'CHECK', ...request })
  assert.is(status, 1)
  assert.match(String(json?.msg), 'iptables has no rule -A FORWARD')
  assert.is(command('nft', 'list ruleset'), '')
  assert.equal(await del(request), done)
})

test('GC removes what attachments have that are not valid any more, and nothing of others', async () => {
  const all = Object.values(kinds).flatMap((keys, index) => {
    const own = { ...keys, acceptInto: undefined }
    return [prepared(own, [`10.60.1.${index}/24`]), prepared(own, [`10.60.2.${index}/24`])]
  })
  for (const { request } of all) await added(request)
  const valid = all.filter((_, index) => index % 2 === 0)
  const attachments = valid.map(({ container }) => ({ containerID: container.name, ifname: 'eth0' }))
  const gc = (config: Configuration) => call({ verb: 'GC', config: { ...section, ...config } })
  const others = { type: 'firewall', name: 'other', 'cni.dev/valid-attachments': [] }
  assert.equal(await gc(others), done)
  for (const { request } of all) assert.equal(await call({ verb: 'CHECK', ...request }), done)
  assert.equal(await gc({ type: 'firewall', 'cni.dev/valid-attachments': attachments }), done)
  for (const { request } of valid) assert.equal(await call({ verb: 'CHECK', ...request }), done)
  assert.not.match(rules(), '10.60.2.')
  assert.is(ours().filter((line) => line.startsWith('file ')).length, valid.length)
  assert.equal(await gc({ type: 'firewall', 'cni.dev/valid-attachments': [] }), done)
  assert.equal(ours(), [])
  assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI/)
})

for (const [what, keys] of Object.entries(kinds)) {
  const place = ({ name }: Netns) => ({ look: () => quickSnapshot(name) })
  /** A container that was attached once: the directories of records are there. */
  const troubled = async () => {
    command(
      'nft',
      'add table inet foreign; add chain inet foreign fw { type filter hook forward priority 0; }',
    )
    const { container, request } = prepared(keys)
    await added(request)
    await del(request)
    return { container, request: { verb: 'ADD', ...request } as Call }
  }

  test(`${what}: a failing call of ADD leaves nothing, or does no harm`, async () => {
    const { container, request } = await troubled()
    assert.equal(await harmOfFailures(request, place(container)), [])
  })

  test(`${what}: ADD killed before any of its calls, DEL leaves nothing`, async () => {
    const { container, request } = await troubled()
    const harm = await harmOfKills(request, place(container))
    // There the program is killed, not the plugin.
    assert.equal(
      harm.filter((line) => !/^execve .*: not killed$/.test(line)),
      [],
    )
  })

  test(`${what}: a failing call of DEL is told, or does no harm, and the next DEL leaves nothing`, async () => {
    const { container, request } = await troubled()
    assert.equal(await harmOfFailuresInDel(request, place(container)), [])
  })

  test(`${what}: twenty parallel ADDs and DELs succeed and leave nothing`, async () => {
    command(
      'nft',
      'add table inet foreign; add chain inet foreign fw { type filter hook forward priority 0; }',
    )
    const all = Array.from({ length: 20 }, (_, index) =>
      prepared(
        keys,
        [`10.61.0.${index + 2}/24`, `fd61::${index + 2}/64`],
        index % 5 === 0 ? 'node' : 'quickjs',
      ),
    )
    await Promise.all(all.map(({ request }) => added(request)))
    for (const { request } of all) assert.equal(await call({ verb: 'CHECK', ...request }), done)
    const answers = await Promise.all(all.map(({ request }) => del(request)))
    for (const answer of answers) assert.equal(answer, done)
    assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI|10\.61/)
    assert.equal(ours(), [])
  })
}

test.run()
