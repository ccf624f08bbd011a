import fastify, { LogController, type FastifyInstance } from 'fastify'
import { pino, type Logger } from 'pino'
import { test } from 'tap'
import { lateLog } from '../src/late-log.ts'

function appThatLogs(): { app: FastifyInstance; lines: Record<string, unknown>[]; children: () => number } {
  const lines: Record<string, unknown>[] = []
  let made = 0
  const logger: Logger = pino(
    { redact: ['*.headers.authorization'], onChild: () => void made++ },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  )
  const app = fastify({
    loggerInstance: lateLog(logger),
    logController: new LogController({ disableRequestLogging: true }),
  }) as unknown as FastifyInstance
  return { app, lines, children: () => made }
}

test('what a request logs carries its id and is redacted', async (t) => {
  const { app, lines } = appThatLogs()
  app.get('/', (request) => {
    request.log.warn({ of: { headers: { authorization: 'Bearer secret' } } }, 'first')
    request.log.child({ part: 'second' }).error('failed: %s', 'again')
    return request.id
  })
  const { body: reqId } = await app.inject('/')
  t.match(lines, [
    { level: 40, reqId, msg: 'first', of: { headers: { authorization: '[Redacted]' } } },
    { level: 50, reqId, part: 'second', msg: 'failed: again' },
  ])
})

test('a request may log more than others', async (t) => {
  const { app, lines } = appThatLogs()
  app.get('/', (request) => {
    request.log.debug('not heard')
    request.log.level = 'debug'
    request.log.debug('heard')
    return request.log.level
  })
  t.equal((await app.inject('/')).body, 'debug')
  t.same(
    lines.map(({ msg }) => msg),
    ['heard'],
  )
})

test('a request that logs nothing makes no logger', async (t) => {
  const { app, children } = appThatLogs()
  app.get('/', () => 'fine')
  app.get('/log', (request) => (request.log.info('x'), request.log.info('y'), 'fine'))
  await app.ready()
  app.log.info('ready')
  const atStart = children()
  await app.inject('/')
  t.equal(children() - atStart, 0)
  await app.inject('/log')
  t.equal(children() - atStart, 1)
})
