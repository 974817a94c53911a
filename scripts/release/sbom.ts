/** The software bill of materials of a release (CycloneDX): what of other projects is in the executables. */

import { join } from 'node:path'
import { muslVersion } from '../build/musl.ts'
import { quickjsVersion } from '../build/quickjs-source.ts'
import { architectures } from '../build/target.ts'
import { zlibVersion } from '../build/zlib-library.ts'
import { run } from '../run.ts'
import { bundled, bundledForEtcd } from './shipped.ts'

const root = join(import.meta.dirname, '../..')

/** The parts of npm's output that are used here. */
interface Bom {
  serialNumber?: string
  metadata: { timestamp: string; component: { type: string; name: string; 'bom-ref': string } }
  components: Component[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

interface Component {
  'bom-ref': string
  type: string
  name: string
  version: string
  purl: string
  licenses?: { license: { id: string } }[]
}

/**
 * The bill of materials as JSON, from package-lock.json; npm 10 or newer writes it.
 * @param seconds its time, since the epoch
 */
export async function sbom(seconds: number): Promise<string> {
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--omit=dev']
  const bom: Bom = JSON.parse(await run('npm', args, { cwd: root }))
  return `${JSON.stringify(ofExecutables(bom, seconds, await muslVersion()), null, 2)}\n`
}

/**
 * npm's list without the packages that only scripts use, with what no npm package brings, and without random numbers and the clock.
 * @param libc the version of musl
 */
export function ofExecutables({ serialNumber: _, ...bom }: Bom, seconds: number, libc: string): Bom {
  const shipped = [...bundled, ...bundledForEtcd, ...architectures.map((name) => `node-linux-${name}`)]
  const components = [
    ...bom.components.filter(({ name }) => shipped.includes(name)),
    ofDebian('quickjs', quickjsVersion, 'MIT'),
    ofDebian('zlib', zlibVersion, 'Zlib'),
    ofDebian('musl', libc, 'MIT'),
  ]
  const { component } = bom.metadata
  return {
    ...bom,
    metadata: {
      ...bom.metadata,
      timestamp: new Date(seconds * 1000).toISOString(),
      // npm says the directory's name.
      component: { ...component, type: 'application', name: 'patchbay' },
    },
    components,
    dependencies: [{ ref: component['bom-ref'], dependsOn: components.map((each) => each['bom-ref']) }],
  }
}

function ofDebian(name: string, version: string, license: string): Component {
  const purl = `pkg:deb/debian/${name}@${version}`
  return { 'bom-ref': purl, type: 'library', name, version, purl, licenses: [{ license: { id: license } }] }
}
