import { Readable } from 'node:stream'
import fastify, { type LightMyRequestResponse } from 'fastify'
import { test } from 'tap'
import responseCache, { ResponseCacheOptionsError } from '../src/index.ts'
import { appWith, cached, gate, ManualClock, until } from './app.ts'

test('a second request is answered from memory', async (t) => {
  const clock = new ManualClock()
  let calls = 0
  const app = await appWith({ now: clock.now }, (app) => {
    app.get('/menu', cached(), (_request, reply) => {
      calls += 1
      return reply.header('cache-control', 'max-age=60').send({ dish: 'soup', calls })
    })
  })
  const first = await app.inject('/menu')
  t.equal(first.headers['x-cache'], 'MISS')
  t.equal(first.headers['cache-status'], 'sluice; fwd=uri-miss; stored; ttl=60')
  clock.advance(10_000)
  const second = await app.inject('/menu')
  t.equal(second.body, first.body)
  t.equal(second.headers['content-type'], first.headers['content-type'])
  t.equal(second.headers['x-cache'], 'HIT')
  t.equal(second.headers['x-cache-source'], 'memory')
  t.equal(second.headers['cache-status'], 'sluice; hit; ttl=50')
  t.equal(second.headers.age, '10')
  t.equal(calls, 1)
  clock.advance(50_000)
  t.equal((await app.inject('/menu')).headers['x-cache'], 'MISS')
})

test('HEAD is answered from what GET stored, and stores nothing itself', async (t) => {
  const app = await appWith({ defaultTtl: 60_000 }, (app) => {
    app.get('/menu', cached(), () => ({ dish: 'soup' }))
  })
  t.equal((await app.inject({ method: 'HEAD', url: '/menu' })).headers['x-cache'], 'MISS')
  const get = await app.inject('/menu')
  t.equal(get.headers['x-cache'], 'MISS')
  const head = await app.inject({ method: 'HEAD', url: '/menu' })
  t.equal(head.headers['x-cache'], 'HIT')
  t.equal(head.headers['content-length'], String(get.body.length))
  t.equal(head.body, '')
})

test('only routes that opt in are cached', async (t) => {
  const app = await appWith({ defaultTtl: 60_000 }, (app) => {
    app.get('/plain', () => ({}))
    app.get('/off', { config: { responseCache: false } }, () => ({}))
  })
  for (const url of ['/plain', '/off']) {
    await app.inject(url)
    const { headers } = await app.inject(url)
    t.notOk('x-cache' in headers || 'cache-status' in headers, url)
  }
})

test('strings, buffers, streams, web streams and Responses are kept alike', async (t) => {
  const app = await appWith({ defaultTtl: 60_000 }, (app) => {
    app.get('/string', cached(), (_request, reply) => reply.type('text/plain').send('soup'))
    app.get('/buffer', cached(), (_request, reply) => reply.type('text/plain').send(Buffer.from('soup')))
    app.get('/stream', cached(), (_request, reply) =>
      reply.type('text/plain').send(Readable.from([Buffer.from('so'), Buffer.from('up')])),
    )
    app.get('/sized', cached(), (_request, reply) =>
      reply
        .type('text/plain')
        .header('content-length', '4')
        .send(Readable.from([Buffer.from('soup')])),
    )
    app.get('/web', cached(), (_request, reply) => reply.type('text/plain').send(new Blob(['soup']).stream()))
    app.get('/response', cached(), (_request, reply) =>
      reply.send(new Response('soup', { headers: { 'content-type': 'text/plain' } })),
    )
    app.get('/untyped', cached(), (_request, reply) => reply.send(Readable.from([Buffer.from('soup')])))
  })
  for (const url of ['/string', '/buffer', '/stream', '/sized', '/web', '/response', '/untyped']) {
    const miss = await app.inject(url)
    t.equal(miss.body, 'soup', url)
    const hit = await app.inject(url)
    t.equal(hit.body, 'soup', url)
    t.equal(hit.headers['x-cache'], 'HIT', url)
    t.equal(hit.headers['content-type'], miss.headers['content-type'], url)
  }
})

test('a body that breaks off, or is too large, is not stored', async (t) => {
  const app = await appWith({ defaultTtl: 60_000, memory: { maxEntryBytes: 100_000 } }, (app) => {
    app.get('/broken', cached(), (_request, reply) => {
      let sent = false
      const stream = new Readable({
        read() {
          if (sent) this.destroy(new Error('reset'))
          else this.push(Buffer.alloc(70_000))
          sent = true
        },
      })
      return reply.header('content-length', '80000').send(stream)
    })
    app.get('/short', cached(), (_request, reply) =>
      reply.header('content-length', '100').send(Readable.from([Buffer.from('abc')])),
    )
    app.get('/large', cached(), (_request, reply) =>
      reply.send(Readable.from(Array.from({ length: 10 }, () => Buffer.alloc(20_000)))),
    )
  })
  for (const url of ['/broken', '/short']) {
    await app.inject(url).catch(() => {})
    const again = await app.inject(url).catch((error: Error) => error)
    t.ok(again instanceof Error || again.headers['x-cache'] === 'MISS', url)
  }
  for (let round = 0; round < 2; round++) {
    const large = await app.inject('/large')
    t.equal(large.rawPayload.length, 200_000)
    t.equal(large.headers['x-cache'], 'MISS')
  }
})

test('clients get 304, 206 and 416 from what is stored', async (t) => {
  const app = await appWith({}, (app) => {
    app.get('/menu', cached(), (_request, reply) =>
      reply
        .header('cache-control', 'max-age=60')
        .header('etag', '"v1"')
        .type('text/plain')
        .send('0123456789'),
    )
  })
  const firstHas = await app.inject({ url: '/menu', headers: { 'if-none-match': '"v1"' } })
  t.equal(firstHas.statusCode, 304, 'even where the answer had to be fetched for the cache')
  t.equal(firstHas.body, '')
  const has = await app.inject({ url: '/menu', headers: { 'if-none-match': '"v0", W/"v1"' } })
  t.equal(has.statusCode, 304)
  t.equal(has.headers['x-cache'], 'HIT')
  t.notOk(has.headers['content-type'])
  const part = await app.inject({ url: '/menu', headers: { range: 'bytes=2-4' } })
  t.equal(part.statusCode, 206)
  t.equal(part.body, '234')
  t.equal(part.headers['content-range'], 'bytes 2-4/10')
  const parts = await app.inject({ url: '/menu', headers: { range: 'bytes=0-1,8-9' } })
  t.match(parts.headers['content-type'], /^multipart\/byteranges; boundary=/)
  t.match(parts.body, /Content-Range: bytes 8-9\/10\r\n\r\n89/)
  const beyond = await app.inject({ url: '/menu', headers: { range: 'bytes=50-' } })
  t.equal(beyond.statusCode, 416)
  t.equal(beyond.headers['content-range'], 'bytes */10')
})

test('a stale answer is validated, and a 304 gives it new life', async (t) => {
  const clock = new ManualClock()
  const asked: unknown[] = []
  const app = await appWith({ now: clock.now }, (app) => {
    app.get('/menu', cached(), (request, reply) => {
      asked.push(request.headers['if-none-match'])
      reply.header('cache-control', 'max-age=60').header('etag', '"v1"')
      if (request.headers['if-none-match'] === '"v1"') return reply.code(304).send()
      return reply.type('text/plain').send('soup')
    })
  })
  await app.inject('/menu')
  clock.advance(61_000)
  const revalidated = await app.inject({ url: '/menu', headers: { 'if-none-match': '"other"' } })
  t.equal(revalidated.statusCode, 200)
  t.equal(revalidated.body, 'soup')
  t.equal(revalidated.headers['content-type'], 'text/plain')
  t.equal(revalidated.headers['x-cache'], 'REVALIDATED')
  t.equal(revalidated.headers['cache-status'], 'sluice; fwd=stale; fwd-status=304; stored; ttl=60')
  t.same(asked, [undefined, '"v1"'])
  t.equal((await app.inject('/menu')).headers['x-cache'], 'HIT')
})

test('a failing origin is stood in for by a stale answer', async (t) => {
  const clock = new ManualClock()
  let failing = false
  const app = await appWith({ now: clock.now }, (app) => {
    app.get('/menu', cached({ defaultTtl: 1000, staleIfError: 60_000 }), (_request, reply) => {
      if (failing) throw new Error('down')
      return reply.send({ dish: 'soup' })
    })
  })
  await app.inject('/menu')
  failing = true
  clock.advance(2000)
  const stale = await app.inject('/menu')
  t.equal(stale.statusCode, 200)
  t.same(stale.json(), { dish: 'soup' })
  t.equal(stale.headers['x-cache'], 'STALE')
  t.match(stale.headers['cache-status'], /fwd=stale; fwd-status=500; ttl=-1; detail=stale-if-error/)
  clock.advance(60_000)
  t.equal((await app.inject('/menu')).statusCode, 500)
})

test('concurrent equal misses are one fetch; unequal and uncacheable ones are not held up', async (t) => {
  const hold = gate()
  let calls = 0
  const app = await appWith({}, (app) => {
    app.get('/menu', cached(), async (_request, reply) => {
      calls += 1
      await hold.opened
      return reply.header('cache-control', 'max-age=60').send({ calls })
    })
    app.get('/basket', cached(), async (_request, reply) => {
      calls += 1
      await hold.opened
      return reply.header('cache-control', 'no-store').send({ calls })
    })
  })
  const menus = Array.from({ length: 50 }, () => app.inject('/menu'))
  const baskets = Array.from({ length: 5 }, () => app.inject('/basket'))
  hold.open()
  const answers = await Promise.all(menus)
  t.ok(answers.every((answer) => answer.body === answers[0]?.body))
  t.equal(answers.filter((answer) => answer.headers['x-cache'] === 'HIT').length, 49)
  t.match(answers[1]?.headers['cache-status'], /fwd=miss; collapsed/)
  t.equal((await Promise.all(baskets)).filter((answer) => answer.headers['x-cache'] === 'MISS').length, 5)
  t.equal(calls, 1 + 5)
})

for (const coalesceWait of [200, 60_000]) {
  const when = coalesceWait === 200 ? 'in vain' : 'until the answer came'
  test(`nobody waits again for what could not be kept, if somebody has waited for it ${when}`, async (t) => {
    let hold = gate()
    let calls = 0
    const app = await appWith({ coalesceWait }, (app) => {
      app.get('/basket', cached(), async (_request, reply) => {
        calls += 1
        await hold.opened
        return reply.header('cache-control', 'no-store').send({})
      })
    })
    const first = [app.inject('/basket'), app.inject('/basket')]
    if (coalesceWait === 200) await until(() => calls === 2)
    hold.open()
    await Promise.all(first)
    t.equal(calls, 2)
    hold = gate()
    const second = [app.inject('/basket'), app.inject('/basket')]
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
    t.equal(calls, 4)
    hold.open()
    await Promise.all(second)
  })
}

test('what an authenticated consumer gets is for that consumer, unless the answer is public', async (t) => {
  const app = await appWith({}, (app) => {
    for (const [url, control] of Object.entries({ '/mine': 'max-age=60', '/ours': 'public, max-age=60' })) {
      app.get(url, cached(), (request, reply) =>
        reply.header('cache-control', control).send({ of: request.headers.authorization }),
      )
    }
  })
  const get = (url: string, who?: string): Promise<LightMyRequestResponse> =>
    app.inject({ url, headers: who === undefined ? {} : { authorization: who } })
  t.same((await get('/mine', 'a')).json(), { of: 'a' })
  t.same((await get('/mine', 'b')).json(), { of: 'b' })
  t.same((await get('/mine')).json(), {})
  t.equal((await get('/mine', 'a')).headers['x-cache'], 'HIT')
  await get('/ours', 'a')
  t.equal((await get('/ours', 'b')).headers['x-cache'], 'HIT')
})

test('an unsafe request that succeeds invalidates its target', async (t) => {
  const app = await appWith({ defaultTtl: 60_000 }, (app) => {
    app.get('/menu', cached(), () => ({}))
    app.post('/menu', cached(), () => ({}))
    app.delete('/menu', cached(), (_request, reply) => reply.code(409).send({}))
  })
  await app.inject('/menu')
  t.equal((await app.inject({ method: 'DELETE', url: '/menu' })).headers['x-cache'], 'BYPASS')
  t.equal((await app.inject('/menu')).headers['x-cache'], 'HIT', 'a conflict changed nothing')
  await app.inject({ method: 'POST', url: '/menu' })
  t.equal((await app.inject('/menu')).headers['x-cache'], 'MISS')
})

test('options are checked at start-up, all at once', async (t) => {
  const start = async (options: object, route: object = {}): Promise<unknown> => {
    const app = fastify()
    try {
      await app.register(responseCache, options)
      app.get('/menu', { config: { responseCache: route } }, () => ({}))
      await app.ready()
    } catch (error) {
      return error
    }
    return undefined
  }
  const error = await start({ memory: { maxBytes: 3 }, ttl: '5s', colour: 'red' })
  t.ok(error instanceof ResponseCacheOptionsError)
  const { problems, message, code } = error as ResponseCacheOptionsError
  t.equal(code, 'SLUICE_RESPONSE_CACHE_OPTIONS')
  t.same(problems.map(({ path }) => path).sort(), [
    'responseCache.colour',
    'responseCache.memory.maxBytes',
    'responseCache.ttl',
  ])
  t.match(message, /responseCache\.ttl: expected a whole number .* got "5s"/)
  t.match(await start({}, { statusTtl: { 999: 5 } }), { problems: [{ path: /statusTtl\.999/ }] })
  t.match(await start({}, { shared: 1, tags: [''] }), { problems: [{ received: 1 }, { received: [''] }] })
})
