import swagger from '@fastify/swagger'
import fastify from 'fastify'
import { test } from 'tap'
import { parse } from 'yaml'
import { apiKeyAuth, memoryKeys } from '../../src/index.ts'

async function documented(options: object) {
  const app = fastify()
  await app.register(swagger, options)
  await app.register(apiKeyAuth, { store: memoryKeys() })
  app.get('/key', { config: { apiKey: true }, schema: { summary: 'needs a key' } }, () => '')
  app.get('/optional', { config: { apiKey: { optional: true } } }, () => '')
  app.get('/open', () => '')
  app.get('/own', { config: { apiKey: true }, schema: { security: [] } }, () => '')
  await app.ready()
  return app
}

test('an OpenAPI document says where keys go, and which routes need one', async (t) => {
  const app = await documented({
    openapi: {
      openapi: '3.1.0',
      components: { securitySchemes: { mine: { type: 'http', scheme: 'basic' } } },
    },
  })
  const document = (app as any).swagger()
  t.match(document.components.securitySchemes, {
    mine: { type: 'http', scheme: 'basic' },
    apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
    apiKeyBearer: { type: 'http', scheme: 'bearer' },
  })
  t.match(document.paths['/key'].get, {
    summary: 'needs a key',
    security: [{ apiKey: [] }, { apiKeyBearer: [] }],
  })
  t.same(document.paths['/optional'].get.security, [{ apiKey: [] }, { apiKeyBearer: [] }, {}])
  t.notOk('security' in document.paths['/open'].get)
  t.same(document.paths['/own'].get.security, [])
  t.same(parse((app as any).swagger({ yaml: true })), JSON.parse(JSON.stringify(document)))
  await app.close()
})

test('so does a Swagger 2 document', async (t) => {
  const app = await documented({ swagger: {} })
  const document = (app as any).swagger()
  t.same(document.securityDefinitions, { apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } })
  t.same(document.paths['/key'].get.security, [{ apiKey: [] }])
  await app.close()
})
