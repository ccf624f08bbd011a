import { test } from 'tap'
import { appWith, cached, gate, ManualClock, until } from './app.ts'

test('a stale answer is served while one refresh runs, as the same consumer', async (t) => {
  const clock = new ManualClock()
  const hold = gate()
  const seen: { authorization: unknown; condition: unknown; token: unknown }[] = []
  const limited: boolean[] = []
  const app = await appWith({ now: clock.now, staleWhileRevalidate: 60_000 }, (app) => {
    app.get(
      '/menu',
      {
        ...cached(),
        onRequest: (request, _reply, done) => {
          limited.push(request.cacheRefresh)
          done()
        },
      },
      async (request, reply) => {
        const { authorization, 'if-none-match': condition, 'x-sluice-refresh': token } = request.headers
        seen.push({ authorization, condition, token })
        if (seen.length > 1) await hold.opened
        return reply
          .header('cache-control', 'max-age=1')
          .header('etag', `"${seen.length}"`)
          .send({ n: seen.length })
      },
    )
  })
  const get = async (): Promise<{ n: number; xCache: unknown }> => {
    const answer = await app.inject({ url: '/menu', headers: { authorization: 'a', 'if-none-match': '"x"' } })
    return { n: answer.json<{ n: number }>().n, xCache: answer.headers['x-cache'] }
  }
  t.same(await get(), { n: 1, xCache: 'MISS' })
  clock.advance(2000)
  for (let request = 0; request < 20; request++) t.same(await get(), { n: 1, xCache: 'STALE' })
  hold.open()
  await until(async () => (await get()).xCache === 'HIT')
  t.same(await get(), { n: 2, xCache: 'HIT' })
  t.same(seen, [
    { authorization: 'a', condition: undefined, token: undefined },
    { authorization: 'a', condition: '"1"', token: undefined },
  ])
  t.equal(limited.filter(Boolean).length, 1, 'hooks ahead can tell the refresh')
})

test('a token that is not ours changes nothing', async (t) => {
  const app = await appWith({ defaultTtl: 60_000 }, (app) => {
    app.get('/menu', cached(), (request) => ({
      token: request.headers['x-sluice-refresh'],
      own: request.cacheRefresh,
    }))
  })
  const answer = await app.inject({ url: '/menu', headers: { 'x-sluice-refresh': 'guess' } })
  t.same(answer.json(), { own: false })
  t.equal(
    (await app.inject({ url: '/menu', headers: { 'x-sluice-refresh': 'guess' } })).headers['x-cache'],
    'HIT',
  )
})

test('a refresh that is refused on its way leaves the next one free to try', async (t) => {
  const clock = new ManualClock()
  let refused = 0
  const app = await appWith({ now: clock.now, defaultTtl: 1000, staleWhileRevalidate: 60_000 }, (app) => {
    app.get(
      '/menu',
      {
        ...cached(),
        onRequest: (request, reply, done) => {
          if (request.cacheRefresh) {
            refused += 1
            reply.code(401).send()
          } else done()
        },
      },
      () => ({}),
    )
  })
  await app.inject('/menu')
  clock.advance(2000)
  await until(async () => {
    t.equal((await app.inject('/menu')).headers['x-cache'], 'STALE')
    return refused >= 2
  })
})

test('early refresh renews an answer before it is stale', async (t) => {
  const clock = new ManualClock()
  let calls = 0
  const app = await appWith({ now: clock.now }, (app) => {
    app.get('/menu', cached({ earlyRefresh: 10, ttl: 60_000 }), () => {
      calls += 1
      clock.advance(1000)
      return { calls }
    })
  })
  await app.inject('/menu')
  await until(async () => {
    t.equal((await app.inject('/menu')).headers['x-cache'], 'HIT')
    clock.advance(100)
    return calls > 1
  })
})
