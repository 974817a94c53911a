/**
 * Converts the npm package netlink to ES modules. It ships only CommonJS, which a bundler cannot shorten: two thirds of our
 * executable, read at every start. The text comes from the TypeScript compiler, so regular expressions can convert it. Its
 * codecs are tables with a function for each attribute, built for each message: here each becomes one function.
 */

import { readFile } from 'node:fs/promises'
import type { Plugin } from 'esbuild'

/** The helpers that the compiler puts at the beginning. */
const preamble = /^[\s\S]*?Object\.defineProperty\(exports, "__esModule", \{ value: true \}\);\n/
const declarations = /^exports\.\w+ = (exports\.\w+ = )*void 0;\n/gm
const starImport = /^const (\w+) = (?:__importStar\()?require\("([^"]+)"\)\)?;$/gm
const starExport = /^__exportStar\(require\("([^"]+)"\), exports\);$/gm
const enumeration =
  /^var (\w+);\n\(function \(\1\) \{\n([\s\S]*?)\n\}\)\(\1 = exports\.\1 \|\| \(exports\.\1 = \{\}\)\);$/gm
const exported = /^exports\.(\w+) = (\w+);\n/gm
const assigned = /^exports\.(\w+) = /gm
const messageParsers = /^const parseFns = (\{[\s\S]*?^\});$/m
const codec = /\bstructs\.(get|put)Object\(\w, \{\n([\s\S]*?)\n {4}\}\)/g
const attribute = /^ +(\w+): \(data, obj\) => (.*),$/gm
const codecRunner = /^function (get|put)Object\(x, fns\) \{\n[\s\S]*?^\}$/gm

/** Converts the compiler's CommonJS to an ES module. */
function toModule(commonJS: string): string {
  const names = new Set<string>()
  const addName = (name: string) => names.add(name) && ''
  const text = commonJS
    .replace(preamble, '')
    .replace(declarations, '')
    .replace(starImport, (_, name, from) => `import * as ${name} from ${specifier(from)};`)
    .replace(starExport, (_, from) => `export * from ${specifier(from)};`)
    .replace(messageParsers, (_, table) => `const parseFns = /* @__PURE__ */ (() => (${table}))();`)
    .replace(codec, toSwitch)
    .replace(codecRunner, (_, direction: keyof typeof codecRunners) => codecRunners[direction])
    .replace(enumeration, (_, name, body) => `${addName(name)}const ${name} = ${pure(name, body)};`)
    .replace(exported, (line, name, local) => (name === local ? addName(name) : line))
    .replace(assigned, (_, name) => `${addName(name)}const ${name} = `)
    .replace(/\bexports\.(\w+)/g, '$1')
  return `${text}\nexport { ${[...names].join(', ')} };\n`
}

/** An enum as an expression that a bundler may drop when it is not used. */
function pure(name: string, body: string): string {
  return `/* @__PURE__ */ (function (${name}) {\n${body}\n    return ${name};\n})({})`
}

/** A codec's table as a function that handles the attribute of a key, and returns true for an unknown key. */
function toSwitch(whole: string, _: string, table: string): string {
  const cases = table.replace(
    attribute,
    (_, key, action) => `case ${/^\d/.test(key) ? key : `'${key}'`}: return void (${action});`,
  )
  return whole.replace(
    `{\n${table}\n    }`,
    `(key, data, obj) => { switch (key) {\n${cases}\ndefault: return true;\n} }`,
  )
}

/** Replacements for the functions of netlink/dist/structs.js that take a table: they take such a function. */
const codecRunners = {
  get: `function getObject(x, take) {
    const obj = {};
    parseAttributes(x, item => take(item.type, item.data, obj) || checkNO(item));
    return obj;
}`,
  put: `function putObject(x, put) {
    return out => Object.keys(x).forEach(key => {
        if (x[key] !== undefined && put(key, out, x)) throw Error(\`Unknown key "\${key}"\`);
    });
}`,
}

function specifier(from: string): string {
  return JSON.stringify(from.startsWith('.') ? `${from}.js` : from)
}

export const netlinkModules: Plugin = {
  name: 'netlink-modules',
  setup(build) {
    build.onLoad({ filter: /node_modules\/netlink\/dist\/.*\.js$/ }, async ({ path }) => {
      return { contents: toModule(await readFile(path, 'utf8')), loader: 'js' }
    })
  },
}
