import { readFileSync } from 'node:fs'
import { isScalar, parseDocument, Scalar, visit } from 'yaml'
import { interpolate } from './interpolate.ts'
import { ConfigError, type Problem } from './problem.ts'

/**
 * Reads a YAML (or JSON) file and fills in the environment's variables.
 *
 * A plain scalar such as `port: ${PORT:-3000}` is typed again after it was filled in, so that it is a number;
 * a quoted one stays a string.
 *
 * @throws ConfigError for a file that cannot be read, for YAML that does not parse (with line and column), and for
 *   variables that are not set.
 */
export function readYaml(file: string, env: NodeJS.ProcessEnv): unknown {
  const document = parseDocument(readText(file), { prettyErrors: true })
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ message, linePos }) => ({
        path: `${file}:${linePos?.[0].line ?? 1}:${linePos?.[0].col ?? 1}`,
        received: message.split('\n')[0]?.replace(/ at line \d+, column \d+:$/, '') ?? 'unreadable text',
        expected: 'YAML',
      })),
    )
  }
  const problems: Problem[] = []
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return
      const path = ancestors
        .flatMap((ancestor) =>
          'key' in ancestor && isScalar(ancestor.key) ? [String(ancestor.key.value)] : [],
        )
        .join('.')
      const text = interpolate(node.value, path, env, problems)
      node.value = node.type === Scalar.PLAIN ? retype(text) : text
    },
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return document.toJS()
}

function retype(text: string): unknown {
  const value: unknown = parseDocument(text).toJS()
  return typeof value === 'object' && value !== null ? text : value
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError([{ path: file, received: code ?? 'an error', expected: 'a file that can be read' }])
  }
}
