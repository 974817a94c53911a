/** The documented form of a system extension of Talos Linux: its manifest, its service, and where its files may be. */

import * as z from 'zod/mini'

/** Paths below which an extension may have files (Talos' guide “Building a system extension”). */
export const allowed = [
  'etc/cri/conf.d/',
  'usr/lib/firmware/',
  'usr/lib/modules/',
  'usr/lib/udev/rules.d/',
  'usr/local/',
]

/** `manifest.yaml`. */
export const manifest = z.strictObject({
  version: z.literal('v1alpha1'),
  metadata: z.strictObject({
    name: z.string(),
    version: z.string(),
    author: z.string(),
    description: z.string(),
    compatibility: z.strictObject({
      talos: z.strictObject({ version: z.string().check(z.regex(/^>= v\d+\.\d+\.\d+$/)) }),
    }),
  }),
})

/** A file of `/usr/local/etc/containers` (Talos' page “Extension services”), as far as ours uses it. */
export const service = z.strictObject({
  name: z.string().check(z.regex(/^[a-z0-9-_]+$/)),
  depends: z.array(z.strictObject({ service: z.enum(['apid', 'cri', 'kubelet', 'machined']) })),
  container: z.strictObject({
    entrypoint: z.string().check(z.startsWith('./')),
    args: z.array(z.string()),
    mounts: z.array(
      z.strictObject({
        source: z.string().check(z.startsWith('/')),
        destination: z.string().check(z.startsWith('/')),
        type: z.literal('bind'),
        options: z.array(z.enum(['bind', 'rbind', 'ro', 'rw'])),
      }),
    ),
  }),
  restart: z.enum(['never', 'always', 'untilSuccess']),
})
