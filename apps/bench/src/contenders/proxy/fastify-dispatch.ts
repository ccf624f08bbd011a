/** A Fastify route that does what `raw-dispatch` does. */
import fastify from 'fastify'
import { Agent } from 'undici'
import { listen, settings } from '../../child.ts'
import type { ProxySettings } from '../proxy-settings.ts'
import { collect } from './collect.ts'

const { upstream } = settings() as ProxySettings
const agent = new Agent()
const app = fastify()

app.get('/*', (request, reply) => {
  const { connection: _, ...headers } = request.headers
  agent.dispatch(
    { origin: upstream, path: request.url, method: 'GET', headers },
    collect(
      (status, fields, body) => void reply.code(status).headers(fields).send(body),
      (error) => void reply.code(502).send(error),
    ),
  )
})
await listen(app)
