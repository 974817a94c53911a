/** Debian's kubectl without a cluster: it reads YAML, knows Kubernetes' own types, and runs Go's templates. */

import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { unpackPackages } from '../../../scripts/debian.ts'

const cache = join(import.meta.dirname, '../../../.cache')
const home = join(cache, 'kubectl-trixie')

/** An object of Kubernetes' API. */
export interface Resource {
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  [key: string]: unknown
}

/** The path of kubectl, which is fetched once. It is statically linked but for libc, so the newer Debian's runs on the older one. */
export function kubectl(): Promise<string> {
  found ??= fetched()
  return found
}

let found: Promise<string> | undefined

async function fetched(): Promise<string> {
  await mkdir(cache, { recursive: true })
  if (!existsSync(home)) await unpackPackages('trixie', async () => ['kubectl'], home)
  return join(home, 'usr/bin/kubectl')
}

/** Runs kubectl without configuration. @returns its output */
export async function runKubectl(args: readonly string[], input = ''): Promise<string> {
  const env = { HOME: '/nonexistent', KUBECONFIG: '/nonexistent' }
  return (await execa(await kubectl(), args, { input, env })).stdout
}

/** The objects of a YAML file, in its order. */
export async function resourcesOf(file: string): Promise<Resource[]> {
  const change = ['label', '--local', '--overwrite', 'test=test', '--output', 'json']
  return objectsOf(await runKubectl([...change, '--filename', file])).map(withoutLabel)
}

/** Runs a Go template with an object as its data. */
export function rendered(template: string, data: object): Promise<string> {
  const resource = { apiVersion: 'example.org/v1', kind: 'Data', metadata: { name: 'data' }, ...data }
  const args = [
    'label',
    '--local',
    'test=test',
    '--output',
    `go-template-file=${template}`,
    '--filename',
    '-',
  ]
  return runKubectl(args, JSON.stringify(resource))
}

/** The object after Kubernetes' own types have read and written it: without the keys that they do not know. @throws for a value of another type */
async function typed(resource: Resource): Promise<Resource> {
  const verbs: Record<string, string[]> = {
    DaemonSet: ['env', 'test=test'],
    ClusterRoleBinding: ['subject', '--serviceaccount=test:test'],
  }
  const args = ['set', ...(verbs[resource.kind] ?? []), '--local', '--output', 'json', '--filename', '-']
  return JSON.parse(await runKubectl(args, JSON.stringify(resource)))
}

/**
 * What Kubernetes' own types do not know or read as something else, as paths.
 * @param resource a DaemonSet or ClusterRoleBinding: kubectl offers no other kind without a cluster
 */
export async function unknownIn(resource: Resource): Promise<string[]> {
  return differing(resource, await typed(resource), resource.kind)
}

/** Paths of values that are not the same in the other one; the other one may have more. */
function differing(one: unknown, other: unknown, path: string): string[] {
  if (typeof one !== 'object' || one === null) return one === other ? [] : [path]
  if (typeof other !== 'object' || other === null) return [path]
  const values: Record<string, unknown> = { ...other }
  return Object.entries(one).flatMap(([key, value]) => differing(value, values[key], `${path}.${key}`))
}

/** kubectl writes several objects one after another. */
function objectsOf(output: string): Resource[] {
  return output
    .split(/^(?<=\})$\n?|(?<=^\})\n/m)
    .filter((text) => text.trim() !== '')
    .map((text) => JSON.parse(text))
}

function withoutLabel({ metadata, ...rest }: Resource): Resource {
  const { test: _, ...labels } = metadata.labels ?? {}
  if (Object.keys(labels).length > 0) return { ...rest, metadata: { ...metadata, labels } }
  const { labels: __, ...others } = metadata
  return { ...rest, metadata: others }
}
