import { withContenders } from './contender.ts'
import { LOAD_CORE } from './cores.ts'

/** Runs `use` with the origin of an upstream that is stopped after it. */
export function withUpstream<T>(use: (origin: string) => Promise<T>): Promise<T> {
  const spec = { name: 'upstream', file: 'upstream', core: LOAD_CORE }
  return withContenders([spec], ([upstream]) => use(`http://127.0.0.1:${upstream?.port ?? 0}`))
}
