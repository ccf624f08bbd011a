import type { Problem } from './problem.ts'

const placeholder = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/**
 * Replaces `${NAME}` and `${NAME:-default}` in one string. A variable that is unset or empty takes its default;
 * without a default it is a problem.
 */
export function interpolate(text: string, path: string, env: NodeJS.ProcessEnv, problems: Problem[]): string {
  return text.replace(placeholder, (whole, name: string, fallback: string | undefined) => {
    const value = env[name]
    if (value !== undefined && value !== '') return value
    if (fallback !== undefined) return fallback
    problems.push({
      path,
      received: whole,
      expected: `the environment variable ${name} to be set, or a default: \${${name}:-…}`,
    })
    return ''
  })
}
