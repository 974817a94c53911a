/** Which file imports which, as TypeScript's parser reads them. */

import { posix } from 'node:path'
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isStringLiteral,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'

/** One import: paths from the root of the tree. */
export interface Import {
  from: string
  to: string
  /** Whether it is absent at run time. */
  type: boolean
}

/** `#engine` is the interface; the build chooses the engine. */
const aliases: Record<string, string> = { '#engine': 'engine/engine.ts' }

/** The imports between the files of the project that a `tsconfig.json` in a directory describes. */
export function importsBelow(directory: string): Import[] {
  const api = new API({ cwd: directory })
  try {
    const snapshot = api.updateSnapshot({ openProjects: [`${directory}/tsconfig.json`] })
    const program = snapshot.getProjects()[0]?.program
    if (!program) throw new Error(`${directory}/tsconfig.json describes no project`)
    return program
      .getSourceFileNames()
      .filter((path) => path.startsWith(`${directory}/`) && !path.includes('/node_modules/'))
      .flatMap((path) => importsOf(program.getSourceFile(path), path.slice(directory.length + 1)))
  } finally {
    api.close()
  }
}

function importsOf(file: SourceFile | undefined, from: string): Import[] {
  const imports: Import[] = []
  const visit = (node: Node): void => {
    const found = imported(node)
    const to = found && resolve(found.name, from)
    if (to) imports.push({ from, to, type: found.type })
    node.forEachChild(visit)
  }
  file?.forEachChild(visit)
  return imports
}

/** The import of a syntax node, if any: `import … from`, `export … from`, `import(…)`, and the last as a type. */
function imported(node: Node): { name: string; type: boolean } | undefined {
  if (isImportDeclaration(node))
    return named(node.moduleSpecifier, node.importClause?.phaseModifier === SyntaxKind.TypeKeyword)
  if (isExportDeclaration(node)) return named(node.moduleSpecifier, node.isTypeOnly)
  if (isImportTypeNode(node) && isLiteralTypeNode(node.argument)) return named(node.argument.literal, true)
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword)
    return named(node.arguments[0], false)
  return undefined
}

function named(node: Node | undefined, type: boolean) {
  return node && isStringLiteral(node) ? { name: node.text, type } : undefined
}

/** A file of the tree, or undefined for a package. */
function resolve(name: string, from: string): string | undefined {
  return aliases[name] ?? (name.startsWith('.') ? posix.join(posix.dirname(from), name) : undefined)
}
