import type { Origin } from './origin.ts'

/** Gives each of several origins a breaker of its own, by which it is ejected. */
export class OriginBreakers {
  onTransition: () => void = () => {}

  assign(_origins: readonly Origin[]): void {}
}
