import { createCircuitBreaker } from '@sluice/circuit-breaker'

const breaker = createCircuitBreaker({
  name: 'rates',
  consecutiveFailures: 3,
  timeoutMs: 1_000,
  open: { durationMs: 1_000 },
  probe: { max: 1 },
  recovery: { rampMs: 0 },
})
breaker.on('transition', ({ from, to, reason }) => console.log(`${from} -> ${to}: ${reason}`))

let healthy = false

/** Stands for `fetch(url, { signal })`. */
async function fetchRates(signal: AbortSignal): Promise<string> {
  signal.throwIfAborted()
  if (!healthy) throw new Error('service is down')
  return '1 EUR is 1.08 USD'
}

for (let call = 1; call <= 5; call += 1) {
  await breaker
    .execute(({ signal }) => fetchRates(signal))
    .catch((error) =>
      console.log(error.code === 'SLUICE_BREAKER_OPEN' ? 'refused, come back in a while' : `${error}`),
    )
}

healthy = true
while (breaker.state !== 'half-open') await new Promise((resolve) => setTimeout(resolve, 10))
console.log(await breaker.execute(({ signal }) => fetchRates(signal)))

const { fires, successes, failures, rejects } = breaker.snapshot().totals
console.log(`${fires} calls: ${successes} succeeded, ${failures} failed, ${rejects} refused`)
