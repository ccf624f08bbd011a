import { parseDuration } from './units.ts'

interface Raw {
  [key: string]: unknown
}

/**
 * Lays the environment over what the file says (or over nothing): the variable wins.
 *
 * `PORT`; `REDIS_URL`, or `REDIS_HOST` with `REDIS_PORT`; `API_KEY`; `RATE_LIMIT` (`100-M`); `CACHE_TTL` in seconds;
 * `CIRCUIT_BREAKER_TIMEOUT` and `CIRCUIT_BREAKER_RESET_TIMEOUT` in ms, `CIRCUIT_BREAKER_ERROR_THRESHOLD` in percent;
 * `<NAME>_SERVICE_URL` for the upstream of a service. Without a file each such URL makes a service of its own under
 * `/<name>`; with one it only moves a service that the file names.
 *
 * Values are passed on as they are, so that the schema reports what is wrong with them.
 */
export function overlayEnvironment(file: Raw | undefined, env: NodeJS.ProcessEnv): Raw {
  const config: Raw = structuredClone(file ?? {})
  if (isSet(env.PORT)) section(config, 'server').port = numeric(env.PORT)
  if (isSet(env.REDIS_URL)) config.redis = { url: env.REDIS_URL }
  else if (isSet(env.REDIS_HOST))
    config.redis = { url: `redis://${env.REDIS_HOST}:${env.REDIS_PORT ?? 6379}` }
  if (isSet(env.API_KEY)) overlayApiKey(config)
  if (isSet(env.RATE_LIMIT)) config.rateLimit = env.RATE_LIMIT
  if (isSet(env.CACHE_TTL)) overlayCacheTtl(config, env.CACHE_TTL)
  overlayBreaker(config, env)
  overlayServices(config, env, file === undefined)
  return config
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}

function numeric(text: string): number | string {
  return Number.isNaN(Number(text)) ? text : Number(text)
}

function section(config: Raw, name: string): Raw {
  const existing = config[name]
  if (typeof existing === 'object' && existing !== null && !Array.isArray(existing)) return existing as Raw
  const created: Raw = {}
  config[name] = created
  return created
}

/** The key itself never enters the configuration that is validated and shown: only that there is one. */
function overlayApiKey(config: Raw): void {
  const auth = section(config, 'auth')
  auth.keys ??= []
}

function overlayCacheTtl(config: Raw, seconds: string): void {
  const ttl = /^\d+$/.test(seconds) ? Number(seconds) * 1000 : seconds
  const defaults = section(config, 'defaults')
  defaults.responseCache = { ...(defaults.responseCache as Raw | undefined), defaultTtl: ttl }
}

function overlayBreaker(config: Raw, env: NodeJS.ProcessEnv): void {
  const { CIRCUIT_BREAKER_TIMEOUT, CIRCUIT_BREAKER_ERROR_THRESHOLD, CIRCUIT_BREAKER_RESET_TIMEOUT } = env
  const breaker = (): Raw => section(section(config, 'defaults'), 'circuitBreaker')
  if (isSet(CIRCUIT_BREAKER_TIMEOUT)) {
    breaker().timeoutMs = parseDuration(CIRCUIT_BREAKER_TIMEOUT) ?? CIRCUIT_BREAKER_TIMEOUT
  }
  if (isSet(CIRCUIT_BREAKER_ERROR_THRESHOLD)) {
    const percent = numeric(CIRCUIT_BREAKER_ERROR_THRESHOLD)
    breaker().failureRatio = typeof percent === 'number' ? percent / 100 : percent
  }
  if (isSet(CIRCUIT_BREAKER_RESET_TIMEOUT)) {
    const open = section(breaker(), 'open')
    open.durationMs = parseDuration(CIRCUIT_BREAKER_RESET_TIMEOUT) ?? CIRCUIT_BREAKER_RESET_TIMEOUT
  }
}

function overlayServices(config: Raw, env: NodeJS.ProcessEnv, mayCreate: boolean): void {
  const services = section(config, 'services')
  for (const [variable, url] of Object.entries(env)) {
    const [, upperName] = /^([A-Z][A-Z0-9_]*)_SERVICE_URL$/.exec(variable) ?? []
    if (upperName === undefined || !isSet(url)) continue
    const name = upperName.toLowerCase().replaceAll('_', '-')
    const existing = services[name] as Raw | undefined
    if (existing !== undefined) existing.upstream = url
    else if (mayCreate) services[name] = { prefix: `/${name}`, upstream: url }
  }
}
