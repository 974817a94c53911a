/** The script with the packages that speak with etcd: an asset of the executable (scripts/build/node-library.ts). */

let loaded: Record<string, unknown> | undefined

/** Runs it, once. */
export function library(): Record<string, unknown> {
  loaded ??= run()
  return loaded
}

function run(): Record<string, unknown> {
  const { getAsset } = process.getBuiltinModule('node:sea')
  const { Script } = process.getBuiltinModule('node:vm')
  const script = new Script(`(function (exports, require) {${getAsset('library.cjs', 'latin1')}\n})`, {
    filename: 'library.cjs',
  })
  const exports = {}
  script.runInThisContext()(exports, process.getBuiltinModule)
  return exports
}
