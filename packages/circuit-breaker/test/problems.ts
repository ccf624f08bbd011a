import { OptionsError } from '../src/index.ts'

/** The problems that making something ends with; none if it is made. */
export function problemsOf(make: () => unknown): OptionsError['problems'] {
  try {
    make()
  } catch (error) {
    if (error instanceof OptionsError) return error.problems
    throw error
  }
  return []
}
