/** What the bench asks a micro contender for. */
export interface MicroQuestion {
  readonly task: string
  readonly seconds: number
}

/**
 * A thing to time. `loop` does it so many times and gives back how long that took, in ns; what has to be prepared is
 * prepared outside of that time.
 */
export interface Task {
  loop(times: number): number | Promise<number>
  /** How many times at once; more for what takes a few ns. */
  readonly batch: number
}

export function synchronous(run: () => unknown): Task {
  return {
    batch: 10_000,
    loop(times) {
      const start = process.hrtime.bigint()
      for (let count = 0; count < times; count++) run()
      return Number(process.hrtime.bigint() - start)
    },
  }
}

export function asynchronous(run: () => PromiseLike<unknown>): Task {
  return {
    batch: 2000,
    async loop(times) {
      const start = process.hrtime.bigint()
      for (let count = 0; count < times; count++) await run()
      return Number(process.hrtime.bigint() - start)
    },
  }
}

/** Like {@link synchronous}, on something that is made anew for each batch. */
export function renewed<T>(make: () => T, run: (subject: T) => unknown): Task {
  return {
    batch: 200,
    loop(times) {
      const subject = make()
      return synchronous(() => run(subject)).loop(times)
    },
  }
}

/** Like {@link asynchronous}, on something that is made anew for each batch. */
export function renewedAsync<T>(make: () => Promise<T>, run: (subject: T) => PromiseLike<unknown>): Task {
  return {
    batch: 200,
    async loop(times) {
      const subject = await make()
      return asynchronous(() => run(subject)).loop(times)
    },
  }
}
