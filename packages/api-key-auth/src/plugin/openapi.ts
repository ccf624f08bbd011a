import type { FastifyInstance, RouteOptions } from 'fastify'
import { stringify } from 'yaml'
import type { ResolvedOptions } from './options.ts'
import type { RouteRule } from './route-rule.ts'

type Schemes = Record<string, object>
type Sources = Pick<ResolvedOptions, 'header' | 'bearer' | 'cookie' | 'query'>

interface Operation {
  security?: object[]
  [marker]?: RouteMark
}

interface OpenApiDocument {
  openapi?: string
  paths?: Record<string, Record<string, Operation>>
  components?: { securitySchemes?: Schemes }
  securityDefinitions?: Schemes
}

type Render = (options?: { yaml?: boolean }) => unknown
type RouteMark = 'required' | 'optional'

/** Extensions travel from a route's schema into the document, where this one is replaced by what it means. */
const marker = 'x-sluice-api-key'

/** Where `@fastify/swagger` is registered, tells in its document where keys go, and which routes need one. */
export function describeSecurity(app: FastifyInstance, sources: Sources): void {
  const schemes = securitySchemes(sources)
  app.addHook('onReady', async () => {
    const owner = ownerOf(app, 'swagger') as { swagger: Render } | undefined
    if (owner === undefined) return
    const render = owner.swagger
    // The object is made once and kept by that plugin: what is done twice finds nothing to do.
    const complete = (): OpenApiDocument => addSecurity(render() as OpenApiDocument, schemes)
    owner.swagger = (options) => (options?.yaml === true ? stringify(complete()) : complete())
  })
}

/** Notes for the document that a route needs a key, unless the route says something about security by itself. */
export function markRoute(route: RouteOptions, rule: RouteRule): void {
  if ((route.schema as Operation | undefined)?.security !== undefined) return
  const mark: RouteMark = rule.optional ? 'optional' : 'required'
  route.schema = { ...route.schema, [marker]: mark } as NonNullable<RouteOptions['schema']>
}

/** What the document says of itself comes first. */
function addSecurity(document: OpenApiDocument, schemesOf3: Schemes): OpenApiDocument {
  const isVersion2 = document.openapi === undefined
  // Version 2 has no word for bearer tokens.
  const schemes = isVersion2 ? withoutBearer(schemesOf3) : schemesOf3
  if (isVersion2) {
    document.securityDefinitions = { ...schemes, ...document.securityDefinitions }
  } else {
    document.components = { ...document.components }
    document.components.securitySchemes = { ...schemes, ...document.components.securitySchemes }
  }
  const ways = Object.keys(schemes).map((name) => ({ [name]: [] }))
  for (const operation of Object.values(document.paths ?? {}).flatMap((path) => Object.values(path))) {
    const mark = operation[marker]
    if (mark === undefined) continue
    operation.security = mark === 'optional' ? [...ways, {}] : ways
    delete operation[marker]
  }
  return document
}

function securitySchemes({ header, bearer, cookie, query }: Sources): Schemes {
  return {
    ...(header === false ? {} : { apiKey: { type: 'apiKey', in: 'header', name: header } }),
    ...(bearer ? { apiKeyBearer: { type: 'http', scheme: 'bearer' } } : {}),
    ...(cookie === false ? {} : { apiKeyCookie: { type: 'apiKey', in: 'cookie', name: cookie } }),
    ...(query === false ? {} : { apiKeyQuery: { type: 'apiKey', in: 'query', name: query } }),
  }
}

function withoutBearer({ apiKeyBearer: _bearer, ...schemes }: Schemes): Schemes {
  return schemes
}

/** The instance that was decorated: a decorator set on a child would be seen by that child alone. */
function ownerOf(app: object, name: string): object | undefined {
  for (
    let instance: object | null = app;
    instance !== null;
    instance = Object.getPrototypeOf(instance) as object | null
  ) {
    if (Object.hasOwn(instance, name)) return instance
  }
  return undefined
}
