/** bridge: the answer has the form of the configuration's version. */

import * as assert from 'uvu/assert'
import { newContainer, privateHost } from '../harness/host.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { type Answer, call } from '../harness/plugin.ts'
import { versions } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()

/** The result of an ADD in a version. */
async function resultIn(version: string): Promise<Record<string, unknown>> {
  const config = single(bridgeNetwork({ isDefaultGateway: true }, version))
  return success(await call({ verb: 'ADD', config, netns: newContainer().path }))
}

function success({ status, json = {}, stderr }: Answer): Record<string, unknown> {
  assert.is(status, 0, `${JSON.stringify(json)} ${stderr}`)
  return json
}

for (const version of ['0.1.0', '0.2.0'])
  test(`${version}: one address of each family, with its gateway and routes`, async () => {
    const { cniVersion, ip4, ip6, interfaces } = (await resultIn(version)) as Record<string, Family>
    assert.is(cniVersion, version)
    assert.is(interfaces, undefined)
    assert.match(ip4?.ip ?? '', /^10\.\d+\.0\.2\/24$/)
    assert.match(ip4?.gateway ?? '', /^10\.\d+\.0\.1$/)
    assert.match(ip6?.ip ?? '', /^fd00:\d+::2\/64$/)
    assert.is(ip6?.routes[0]?.dst, '::/0')
  })

interface Family {
  ip: string
  gateway: string
  routes: { dst: string }[]
}

for (const version of ['0.3.0', '0.3.1', '0.4.0'])
  test(`${version}: interfaces, and addresses with their family`, async () => {
    const { cniVersion, ips, interfaces } = await resultIn(version)
    assert.is(cniVersion, version)
    assert.equal(
      (ips as { version: string }[]).map((ip) => ip.version),
      ['4', '6'],
    )
    assert.is((interfaces as unknown[]).length, 3)
  })

for (const version of ['1.0.0', '1.1.0'])
  test(`${version}: addresses without their family`, async () => {
    const { cniVersion, ips } = await resultIn(version)
    assert.is(cniVersion, version)
    assert.equal(
      (ips as object[]).map((ip) => 'version' in ip),
      [false, false],
    )
  })

test('interfaces have their MTU from 1.0.0 on, not before', async () => {
  const withMtu = async (version: string) => {
    const { interfaces } = await resultIn(version)
    return (interfaces as object[]).some((one) => 'mtu' in one)
  }
  assert.equal([await withMtu('0.4.0'), await withMtu('1.0.0'), await withMtu('1.1.0')], [false, true, true])
})

for (const version of versions.filter((it) => it >= '0.4.0'))
  test(`${version}: CHECK and DEL read the result that ADD gave`, async () => {
    const config = single(bridgeNetwork({ isDefaultGateway: true }, version))
    const { path: netns } = newContainer()
    const prevResult = success(await call({ verb: 'ADD', config, netns }))
    success(await call({ verb: 'CHECK', config: { ...config, prevResult }, netns }))
    success(await call({ verb: 'DEL', config: { ...config, prevResult }, netns }))
  })

test('VERSION names every version with any configuration', async () => {
  const { cniVersion, supportedVersions } = success(
    await call({ verb: 'VERSION', config: '{"cniVersion":"1.0.0"}', plugin: 'bridge' }),
  )
  assert.equal([cniVersion, supportedVersions], ['1.0.0', versions])
})

test('a later version is refused with code 1 and the list of supported versions', async () => {
  const config = single(bridgeNetwork({}, '2.0.0'))
  const { status, json } = await call({ verb: 'ADD', config, netns: newContainer().path })
  assert.equal([status, json?.code], [1, 1])
  for (const version of versions) assert.match(`${json?.msg} ${json?.details}`, version)
})

test.run()
