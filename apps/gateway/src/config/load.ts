import { Ajv, type ValidateFunction } from 'ajv'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { crossCheck } from './cross-checks.ts'
import { describeErrors } from './describe-errors.ts'
import { overlayEnvironment } from './environment.ts'
import { addKeywords } from './keywords.ts'
import { ConfigError, type Problem, show } from './problem.ts'
import { unreachable } from './reach-redis.ts'
import { readYaml } from './read-yaml.ts'
import { resolvePaths } from './resolve-paths.ts'
import type { GatewayConfig } from './types.ts'

const validate = compile()

export interface ConfigSource {
  /** Path of `gateway.yaml`. Without it the environment alone is the configuration. */
  file?: string
  /** Default: the environment of this process. */
  env?: NodeJS.ProcessEnv
  /** Do not ask whether Redis answers. Default: false. */
  offline?: boolean
}

/**
 * Reads the configuration from a file and the environment, and sees whether its Redis answers.
 *
 * @throws ConfigError with every problem at once.
 */
export async function loadConfig({
  file,
  env = process.env,
  offline = false,
}: ConfigSource): Promise<GatewayConfig> {
  const written = file === undefined ? undefined : readYaml(file, env)
  if (file !== undefined && !isMapping(written)) {
    throw new ConfigError([
      { path: file, received: show(written), expected: 'a mapping with the key services' },
    ])
  }
  const raw = overlayEnvironment(isMapping(written) ? written : undefined, env)
  const { config, problems } = examine(raw, env, file === undefined ? process.cwd() : dirname(resolve(file)))
  if (!offline && isMapping(config.redis)) problems.push(...(await unreachable(config.redis)))
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

/**
 * Checks a configuration that is already in memory and fills in the defaults. The value that was passed is left alone.
 *
 * @throws ConfigError with every problem at once.
 */
export function parseConfig(raw: unknown): GatewayConfig {
  const { config, problems } = examine(raw, {}, process.cwd())
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

function examine(
  raw: unknown,
  env: NodeJS.ProcessEnv,
  folder: string,
): { config: GatewayConfig; problems: Problem[] } {
  const config = structuredClone(raw) as GatewayConfig
  const wellFormed = validate(config)
  const problems = wellFormed ? [] : describeErrors(validate.errors ?? [])
  if (isMapping(config.auth) && env.API_KEY !== undefined && env.API_KEY !== '')
    config.auth.plainKey = env.API_KEY
  if (config.redis?.url === '') delete config.redis
  if (wellFormed) resolvePaths(config, folder)
  problems.push(...crossCheck(config, wellFormed))
  return { config, problems }
}

function isMapping<T>(value: T): value is T & Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function compile(): ValidateFunction<GatewayConfig> {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    useDefaults: true,
    allowUnionTypes: true,
    strictRequired: false,
  })
  addKeywords(ajv)
  const schema: unknown = JSON.parse(
    readFileSync(new URL('../../gateway.schema.json', import.meta.url), 'utf8'),
  )
  return ajv.compile<GatewayConfig>(schema as object)
}
