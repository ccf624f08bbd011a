import { setTimeout as delay } from 'node:timers/promises'
import type { CircuitBreaker } from '@sluice/circuit-breaker'
import { TestRunningError } from '../errors.ts'
import type { TestPhase, TestProgress } from './protocol.ts'

/** A service that can be broken at will, so that one can watch its breaker at work. */
export interface CircuitBreakerTest {
  /** Name of the breaker in front of it. */
  readonly breaker: string
  /** Makes the service fail. */
  fail(): Promise<void>
  /** Makes it well again; also called when the test is cut short. */
  heal(): Promise<void>
  /** Sends one request through the gateway; answers its status. */
  request(): Promise<number>
}

/** No test takes longer, in ms. */
const limitMs = 120_000
const paceMs = 50

/** Drives a breaker closed → open → half-open → closed; one run at a time. */
export class TestRun {
  readonly #test: CircuitBreakerTest
  readonly #breakerOf: () => CircuitBreaker | undefined
  readonly #show: (progress: TestProgress) => void
  #abort: AbortController | undefined

  constructor(
    test: CircuitBreakerTest,
    breakerOf: () => CircuitBreaker | undefined,
    show: (progress: TestProgress) => void,
  ) {
    this.#test = test
    this.#breakerOf = breakerOf
    this.#show = show
  }

  /** @throws SLUICE_STATS_TEST_RUNNING */
  start(): void {
    if (this.#abort !== undefined) throw new TestRunningError()
    this.#abort = new AbortController()
    void this.#run(AbortSignal.any([this.#abort.signal, AbortSignal.timeout(limitMs)]))
  }

  stop(): void {
    this.#abort?.abort()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const startedAt = Date.now()
    const show = (phase: TestPhase, message: string): void =>
      this.#show({ breaker: this.#test.breaker, phase, message, startedAt })
    try {
      show('failing', 'The service fails; requests go on until the breaker opens.')
      await this.#test.fail()
      await this.#requestUntil((state) => state === 'open', signal)
      show('waiting', 'Open: requests are refused at once. Waiting until it looks again.')
      await this.#test.heal()
      await this.#until((state) => state !== 'open', signal)
      show('healing', 'The service is well again; probes find out.')
      await this.#requestUntil((state) => state === 'closed', signal)
      show('done', 'Closed again.')
    } catch (error) {
      show(
        'failed',
        signal.aborted ? 'The test was cut short.' : `The test failed: ${(error as Error).message}`,
      )
    } finally {
      await this.#test.heal().catch(() => undefined)
      this.#abort = undefined
    }
  }

  async #requestUntil(isThere: (state: string) => boolean, signal: AbortSignal): Promise<void> {
    await this.#until(isThere, signal, () => this.#test.request())
  }

  async #until(
    isThere: (state: string) => boolean,
    signal: AbortSignal,
    meanwhile?: () => Promise<unknown>,
  ): Promise<void> {
    for (;;) {
      const breaker = this.#breakerOf()
      if (breaker !== undefined && isThere(breaker.state)) return
      await meanwhile?.()
      await delay(paceMs, undefined, { signal })
    }
  }
}
